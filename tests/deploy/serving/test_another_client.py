"""A client that others wrote, NVIDIA's `tritonclient[http]`, asks by the Open Inference Protocol; skipped where it is not."""

import numpy as np
import pytest

http = pytest.importorskip("tritonclient.http", reason="pip install 'tritonclient[http]'")


@pytest.fixture
def other(client):
    with http.InferenceServerClient(f"127.0.0.1:{client.port}") as found:
        yield found


def tensor(name, array, kind, binary):
    found = http.InferInput(name, list(array.shape), kind)
    found.set_data_from_numpy(array, binary_data=binary)
    return found


@pytest.mark.parametrize("binary", [True, False])
def test_it_is_answered_as_offline(other, vectors, binary):
    model, table, _ = vectors
    voice = np.array(table["voice"].to_pylist()[:4])
    face, here = np.array(table["face"].to_pylist()[:4]), np.array([True, True, False, False])
    given = [tensor("voice:vectors", voice, "FP64", binary), tensor("face:vectors", face, "FP64", binary)]
    wanted = [http.InferRequestedOutput(name, binary_data=binary) for name in ("prediction", "route")]
    said = other.infer("model", [*given, tensor("face:present", here, "BOOL", binary)], outputs=wanted, request_id="x7")
    assert said.get_response()["id"] == "x7"
    both = model.predict_proba(table.slice(0, 2).select(["voice", "face"]))
    alone = model.predict_proba(table.slice(2, 2).select(["voice"]))
    assert np.abs(said.as_numpy("prediction") - np.concatenate([both, alone])).max() < 1e-6
    assert said.as_numpy("route").shape == (4,)
    assert said.as_numpy("voice") is None


def test_it_hears_what_is_there_and_what_is_wrong(other):
    assert other.is_server_live()
    assert other.is_server_ready()
    assert other.is_model_ready("model")
    assert [own["name"] for own in other.get_model_metadata("model")["outputs"]][:2] == ["prediction", "route"]
    narrow = tensor("face:vectors", np.zeros((1, 2)), "FP64", binary=True)
    with pytest.raises(http.InferenceServerException, match="shape must be"):
        other.infer("model", [narrow])
    with pytest.raises(http.InferenceServerException, match="the model is called"):
        other.get_model_metadata("another")
