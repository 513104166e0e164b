"""A server answers as the model does, whatever modalities a row has."""

from itertools import combinations

import numpy as np
import pytest
from live_servers import row_of, serving
from small_models import MODALITIES, rows_of

SAME = 1e-6


def asked(client, model, table, sets, rows=range(4), explain=False):
    """The largest difference from the model over sets of modalities, and what was answered."""
    modalities, worst, last = dict(model.modalities), 0.0, None
    for own in sets:
        given = [row_of(table, i, modalities, list(own)) for i in rows]
        status, body = client.post({"rows": given, "explain": explain})
        assert status == 200, body
        columns = [c for m in own for c in modalities[m].columns]
        answers = (model.explain if explain else model.answer)(table.take(list(rows)).select(columns))
        for i, told in enumerate(body["answers"]):
            assert told["route"] == answers.route[i]
            assert told["why"] == answers.why[i]
            assert told["abstained"] == answers.abstained[i]
            said = list(told["probabilities"].values()) if model.task.classes else [told["prediction"]]
            worst = max(worst, np.abs(np.array(said) - answers.prediction[i]).max())
            for m in own:
                alone = told["alone"][m]
                alone = list(alone.values()) if isinstance(alone, dict) else [alone]
                worst = max(worst, np.abs(np.array(alone) - answers.singles[m][i]).max())
            assert all(told["alone"][m] is None for m in modalities if m not in own)
            if explain:
                shares = {m: told["contributions"][m] or 0.0 for m in modalities}
                worst = max(worst, max(abs(shares[m] - answers.contributions[m][i]) for m in modalities))
        last = body
    return worst, last


def subsets(names):
    return [own for k in range(1, len(names) + 1) for own in combinations(sorted(names), k)]


def test_every_set_of_ready_vectors_is_answered_as_offline(client, vectors):
    model, table, _ = vectors
    worst, body = asked(client, model, table, subsets(model.modalities), explain=True)
    print(f"3 sets, largest difference {worst:.1e}")
    assert worst <= SAME
    assert body["version"] == client.service.engine.served.version
    assert body["answers"][0]["modalities_used"] in (["face", "voice"], ["face"], ["voice"])


def test_every_set_of_texts_cells_vectors_and_sequences_is_answered_as_offline(mixed_client, mixed):
    model, table = mixed[0], rows_of(missing=False)[0]
    worst, _ = asked(mixed_client, model, table, subsets(model.modalities), rows=range(3))
    explained, _ = asked(mixed_client, model, table, [tuple(model.modalities)], rows=range(3), explain=True)
    print(f"15 sets, largest difference {worst:.1e}; contributions {explained:.1e}")
    assert max(worst, explained) <= 5e-6  # topics of texts are weighed in 32 bits in Python


def test_a_number_is_answered_as_offline(number):
    model, folder = number
    with serving(folder) as client:
        worst, body = asked(client, model, rows_of("regression", missing=False)[0], subsets(model.modalities))
    assert worst <= SAME * model.task.variance**0.5 * 10
    assert isinstance(body["answers"][0]["prediction"], float)
    assert "probabilities" not in body["answers"][0]


def test_a_missing_cell_is_missing_and_a_row_of_them_lacks_the_modality(mixed_client, mixed):
    status, body = mixed_client.post({"rows": [{"table": {"size": 1.0, "shop": None}, "note": {"title": None}}]})
    assert status == 200
    assert body["answers"][0]["pattern"] == "table"
    own = rows_of(missing=False)[0].slice(0, 1).select(["size"])
    table = own.set_column(0, "size", [[1.0]])
    for name, kind in (("shop", "string"), ("day", "date32")):
        table = table.append_column(name, [pa_null(kind)])
    told = list(body["answers"][0]["probabilities"].values())
    assert told == pytest.approx(mixed[0].answer(table).prediction[0].tolist(), abs=SAME)


def pa_null(kind):
    import pyarrow as pa

    return pa.nulls(1, getattr(pa, kind)())


def test_a_category_may_be_new_or_a_flag(mixed_client):
    for shop in ("never seen", True):
        status, body = mixed_client.post({"rows": [{"table": {"shop": shop}}]})
        assert (status, body["answers"][0]["pattern"]) == (200, "table")


def test_unknown_names_are_refused_or_ignored_and_said(client):
    voice = [0.0] * 5
    status, body = client.post({"rows": [{"voice": voice, "voise": 1}]})
    assert (status, body["pointer"]) == (422, "/rows/0/voise")
    assert "nearest is 'voice'" in body["detail"]
    status, body = client.post({"rows": [{"voice": voice, "voise": 1}], "strict": False})
    assert (status, body["ignored"]) == (200, ["voise"])


def test_the_spec_tells_what_the_page_needs(mixed_client, mixed):
    status, spec = mixed_client.get("/spec")
    fields = {m["name"]: [(f["column"], f["holds"]) for f in m["fields"]] for m in spec["modalities"]}
    assert status == 200
    assert fields == {
        "clip": [("frames", "vectors"), ("seconds", "times")],
        "note": [("title", "text"), ("body", "text")],
        "photo": [("photo", "vector")],
        "table": [("size", "number"), ("shop", "category"), ("day", "date")],
    }
    assert len(spec["sets"]) == 16
    assert spec["sentence"] == "Said so."
    assert set(fields) <= set(MODALITIES)


def test_every_path_of_the_description_is_there(client):
    status, api = client.get("/openapi.json")
    assert status == 200
    for path, operations in api["paths"].items():
        for method in operations:
            found, _, _ = client.raw(method.upper(), path.replace("{name}", "model"), b"" if method == "post" else None)
            assert found in (200, 400, 415), path


def test_what_is_not_there_is_said_as_a_problem(client):
    for method, path, status, allow in (
        ("GET", "/nope", 404, None),
        ("POST", "/live", 405, "GET"),
        ("GET", "/predict", 405, "POST"),
    ):
        found, headers, _ = client.raw(method, path)
        assert (found, headers["content-type"]) == (status, "application/problem+json")
        assert headers.get("allow") == allow
    assert client.get("/v2/models/other")[0] == 404


def test_a_head_is_that_of_the_answer_without_its_body(client):
    for path in ("/", "/live", "/ready", "/metrics"):
        status, headers, body = client.raw("HEAD", path)
        assert (status, body) == (200, b"")
        assert int(headers["content-length"]) > 0


def test_metrics_count_missing_modalities_and_routes(vectors):
    with serving(vectors[2]) as client:
        client.post({"rows": [{"voice": [0.0] * 5}, {"voice": [0.0] * 5, "face": [0.0] * 3}]})
        client.post({"rows": []})
        page = client.raw("GET", "/metrics")[2].decode()
    for line in (
        'fuseworthy_modality_missing_total{modality="face"} 1.0',
        'fuseworthy_modality_given_total{modality="voice"} 2.0',
        'fuseworthy_patterns_total{pattern="face+voice"} 1.0',
        'fuseworthy_requests_total{endpoint="/predict",status="200"} 1.0',
        'fuseworthy_requests_total{endpoint="/predict",status="422"} 1.0',
        "fuseworthy_rows_total 2.0",
        "fuseworthy_waiting_rows 0.0",
    ):
        assert line in page.splitlines()
