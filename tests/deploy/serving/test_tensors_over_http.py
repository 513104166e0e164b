"""The Open Inference Protocol: encoded rows in JSON and in bytes."""

import json

import numpy as np
import pytest
from small_models import rows_of

from fuseworthy.deploy.export.parity import fed, padded
from fuseworthy.deploy.serving.tensors import HEADER

PATH = "/v2/models/model/infer"
KINDS = {"float64": "FP64", "float32": "FP32", "bool": "BOOL"}


def in_json(feeds):
    return {
        "id": "seven",
        "inputs": [
            {"name": n, "shape": list(a.shape), "datatype": KINDS[a.dtype.name], "data": a.ravel().tolist()}
            for n, a in feeds.items()
        ],
    }


def in_bytes(feeds, **parameters):
    head = {
        "inputs": [
            {
                "name": n,
                "shape": list(a.shape),
                "datatype": KINDS[a.dtype.name],
                "parameters": {"binary_data_size": a.nbytes},
            }
            for n, a in feeds.items()
        ],
        "parameters": parameters,
    }
    start = json.dumps(head).encode()
    headers = {HEADER: str(len(start)), "content-type": "application/octet-stream"}
    return start + b"".join(a.tobytes() for a in feeds.values()), headers


def feeds_of(client, model, table):
    """What the model's own encoders give its graph; zero where a modality is absent, as JSON has no NaN."""
    served = client.service.engine.served
    found = fed(padded(model.blocks_of(table)), [_Input(own) for own in served.inputs.values()])
    return {n: np.nan_to_num(a) if a.dtype.kind == "f" else a for n, a in found.items()}


class _Input:
    def __init__(self, own):
        self.__dict__.update(own)


def outputs(body):
    return {own["name"]: np.array(own["data"]).reshape(own["shape"]) for own in body["outputs"]}


def test_tensors_in_json_and_in_bytes_are_answered_as_offline(mixed_client, mixed):
    table = rows_of()[0].slice(0, 6)
    wanted = mixed[0].answer(table)
    feeds = feeds_of(mixed_client, mixed[0], table)
    status, body = mixed_client.post(in_json(feeds), PATH)
    assert (status, body["id"]) == (200, "seven")
    assert np.abs(outputs(body)["prediction"] - wanted.prediction).max() <= 5e-6
    sent, headers = in_bytes(feeds, binary_data_output=True)
    status, told, answer = mixed_client.raw("POST", PATH, sent, headers)
    size = int(told[HEADER])
    own = json.loads(answer[:size])["outputs"]
    assert status == 200
    assert [o["name"] for o in own[:2]] == ["prediction", "route"]
    first = np.frombuffer(answer[size:][: own[0]["parameters"]["binary_data_size"]]).reshape(own[0]["shape"])
    assert (first == outputs(body)["prediction"]).all()


def test_what_is_not_given_is_absent_and_32_bits_will_do(client, vectors):
    voice = np.array(vectors[1]["voice"].to_pylist()[:2], dtype=np.float32)
    sent, headers = in_bytes({"voice:vectors": voice})
    status, body = client.post(sent, PATH, headers)
    wanted = vectors[0].predict_proba(vectors[1].slice(0, 2).select(["voice"]))
    assert status == 200
    assert np.abs(outputs(body)["prediction"] - wanted).max() < 1e-5
    assert (
        outputs(body)["route"].tolist()
        == [
            list(client.service.engine.served.description["router"]["routes"]).index(
                client.service.engine.served.routes[client.service.engine.served.names.index("voice") + 1].name
            )
        ]
        * 2
    )


def test_outputs_may_be_chosen_and_metadata_says_what_there_is(client):
    status, about = client.get("/v2/models/model")
    assert status == 200
    assert {own["name"]: own["datatype"] for own in about["inputs"]}["voice:vectors"] == "FP64"
    one = {"inputs": [{"name": "voice:vectors", "shape": [1, 5], "datatype": "FP64", "data": [[0, 0, 0, 0, 0]]}]}
    status, body = client.post(one | {"outputs": [{"name": "route"}]}, PATH)
    assert (status, [own["name"] for own in body["outputs"]]) == (200, ["route"])
    assert [own["name"] for own in about["outputs"]] == client.service.engine.served.outputs


def tensor(**changes):
    return {"name": "voice:vectors", "shape": [1, 5], "datatype": "FP64", "data": [0.0] * 5} | changes


REFUSED = {
    "no inputs": {"inputs": []},
    "an unknown input": {"inputs": [tensor(name="voice")]},
    "an input twice": {"inputs": [tensor(), tensor()]},
    "a negative shape": {"inputs": [tensor(shape=[-1, 5])]},
    "a shape of 2^63": {"inputs": [tensor(shape=[2**63 - 1, 5])]},
    "no rows": {"inputs": [tensor(shape=[0, 5], data=[])]},
    "a shape that is no list": {"inputs": [tensor(shape="1,5")]},
    "a shape of flags": {"inputs": [tensor(shape=[True, 5])]},
    "another width": {"inputs": [tensor(shape=[1, 4], data=[0.0] * 4)]},
    "another datatype": {"inputs": [tensor(datatype="INT64")]},
    "an unknown datatype": {"inputs": [tensor(datatype="FP128")]},
    "a datatype that is a list": {"inputs": [tensor(datatype=["FP64"])]},
    "text": {"inputs": [tensor(data=["0"] * 5)]},
    "a null": {"inputs": [tensor(data=[None] * 5)]},
    "flags": {"inputs": [tensor(data=[True] * 5)]},
    "too few": {"inputs": [tensor(data=[0.0] * 4)]},
    "beyond 64 bits": {"inputs": [tensor(data=[10**400] * 5)]},
    "bytes that were not sent": {"inputs": [tensor(parameters={"binary_data_size": 40})]},
    "a size that is not that of the shape": {"inputs": [tensor(parameters={"binary_data_size": 8})]},
    "rows that differ": {
        "inputs": [tensor(), {"name": "face:vectors", "shape": [2, 3], "datatype": "FP64", "data": [0] * 6}]
    },
    "nothing present": {"inputs": [{"name": "voice:present", "shape": [1], "datatype": "BOOL", "data": [False]}]},
    "present without values": {"inputs": [{"name": "voice:present", "shape": [1], "datatype": "BOOL", "data": [True]}]},
    "an unknown output": {"inputs": [tensor()], "outputs": [{"name": "verdict"}]},
    "outputs that are no list": {"inputs": [tensor()], "outputs": 7},
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_tensors_are_refused(client, name):
    status, told = client.post(REFUSED[name], PATH)
    assert status in (400, 422), told
    assert client.post({"inputs": [tensor()]}, PATH)[0] == 200


def test_a_head_that_is_longer_than_the_body_is_refused(client):
    for size in ("-1", "9" * 13, "abc", "5000000", "²"):
        headers = {HEADER: size, "content-type": "application/octet-stream"}
        status, _, _ = client.raw(
            "POST", PATH, b"{}", {k: v.encode("latin-1", "replace").decode("latin-1") for k, v in headers.items()}
        )
        assert status == 400
    sent, headers = in_bytes({"voice:vectors": np.full((1, 5), np.nan)})
    assert client.post(sent, PATH, headers)[0] == 422
    assert client.post(sent + b"more", PATH, headers)[0] in (400, 422)


def test_missing_cells_may_be_given_as_nan_and_null(mixed_client):
    own = mixed_client.service.engine.served.inputs["table:cells"]
    empty = np.full((1, own["shape"][-1]), np.nan)
    empty[0, 0] = 1.0
    sent, headers = in_bytes({"table:cells": empty})
    assert mixed_client.post(sent, PATH, headers)[0] == 200
    nulls = [1.0] + [None] * (empty.size - 1)
    one = {"name": "table:cells", "shape": list(empty.shape), "datatype": "FP64", "data": nulls}
    assert mixed_client.post({"inputs": [one]}, PATH)[0] == 200


def test_each_output_may_be_asked_for_as_bytes(client):
    wanted = [{"name": "route"}, {"name": "prediction", "parameters": {"binary_data": True}}]
    sent = json.dumps({"inputs": [tensor()], "outputs": wanted}).encode()
    status, told, answer = client.raw("POST", PATH, sent)  # no media type: some clients say none
    size = int(told[HEADER])
    first, second = json.loads(answer[:size])["outputs"]
    assert (status, first["name"], len(first["data"])) == (200, "route", 1)
    assert second["parameters"]["binary_data_size"] == len(answer) - size == 16


def test_problems_have_the_member_that_the_protocol_s_clients_read(client):
    for path, body in (("/v2/models/other", None), (PATH, b"{}"), ("/v2/models/other/infer", b"{}")):
        status, _, told = client.raw("POST" if body else "GET", path, body)
        own = json.loads(told)
        assert (status in (404, 422), own["error"]) == (True, own["detail"])
    assert "error" not in client.post({"rows": []})[1]
