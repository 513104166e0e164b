"""Texts through models from a folder: pooling, tokens, what is refused, and what is remembered."""

import os

import numpy as np
import pyarrow as pa
import pytest

import fuseworthy as fw
from fuseworthy.inputs.encode import encode_rows, encoding_from_dict, learn_encodings
from fuseworthy.inputs.encoded import encode_modalities
from tiny_models import static_model, text_model

TEXTS = pa.table({"t": ["red cat", None, "the blue dog is in the red cat", "a", "blue"]})


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return text_model(tmp_path_factory.mktemp("models") / "Tiny Bert")


def blocks_of(*encoders, table=TEXTS):
    return learn_encodings(table, {"t": fw.Text("t", encoders=encoders)})[1]["t"]


def states(folder, text):
    """The reference: one text by itself through the library."""
    import torch
    import transformers

    model = transformers.AutoModel.from_pretrained(folder).eval()
    given = transformers.AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    with torch.no_grad():
        return model(input_ids=given["input_ids"]).last_hidden_state[0].numpy()


def test_a_text_is_the_mean_of_its_tokens_whatever_is_batched_with_it(bert):
    block = blocks_of(f"hf:{bert}")["hf-tiny-bert"]
    assert block.form == "vectors"
    assert block.values.dtype == np.float32
    assert block.present.tolist() == [True, False, True, True, True]
    for row in (0, 2, 3):
        np.testing.assert_allclose(block.values[row], states(bert, TEXTS["t"][row].as_py()).mean(axis=0), atol=1e-5)


def test_tokens_are_those_of_each_text_alone(bert):
    block = blocks_of(f"hf-tokens:{bert}")["hf-tokens-tiny-bert"]
    assert block.form == "tokens"
    assert block.times is None
    assert block.mask.sum(axis=1).tolist() == [4, 0, 10, 3, 3]
    np.testing.assert_allclose(block.values[0, :4], states(bert, "red cat"), atol=2e-3)
    assert not block.values[0, 4:].any()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, lambda s: s[0]),
        ({"pooling_mode_max_tokens": True}, lambda s: s.max(axis=0)),
        ({"pooling_mode": "lasttoken"}, lambda s: s[-1]),
        ({"pooling_mode_mean_tokens": True}, lambda s: s.mean(axis=0)),
    ],
    ids=["first", "maximum", "last", "mean"],
)
def test_a_folder_s_own_pooling_is_followed(tmp_path, said, expected):
    folder = text_model(tmp_path / "own", pooling=said, modules=("Pooling", "Normalize"))
    found = blocks_of(f"hf:{folder}")["hf-own"].values
    for row in (0, 2):
        wanted = expected(states(folder, TEXTS["t"][row].as_py()))
        np.testing.assert_allclose(found[row], wanted / np.linalg.norm(wanted), atol=1e-5)


def test_layers_after_the_pooling_are_refused(tmp_path):
    folder = text_model(tmp_path / "dense", pooling={"pooling_mode_mean_tokens": True}, modules=("Pooling", "Dense"))
    with pytest.raises(fw.FuseworthyError, match="adds a layer 'Dense'"):
        blocks_of(f"hf:{folder}")


def test_static_embeddings_are_the_mean_of_fixed_vectors(tmp_path):
    folder = static_model(tmp_path / "static")
    block = blocks_of(f"model2vec:{folder}")["model2vec-static"]
    assert block.values.shape == (5, 12)
    one, both = blocks_of(f"model2vec:{folder}", table=pa.table({"t": ["red", "red red"]}))["model2vec-static"].values
    np.testing.assert_allclose(one, both, rtol=1e-5)


def test_what_was_learned_reads_new_rows_and_knows_its_weights(tmp_path):
    folder = text_model(tmp_path / "mine")
    encodings, blocks = learn_encodings(TEXTS, {"t": fw.Text("t", encoders=("words", f"hf:{folder}"))})
    again = {"t": {view: encoding_from_dict(e.to_dict()) for view, e in encodings["t"].items()}}
    part = encode_rows(TEXTS.slice(2, 2), again)["t"]["hf-mine"]
    np.testing.assert_allclose(part.values, blocks["t"]["hf-mine"].values[2:4], atol=1e-5)
    config = folder / "config.json"
    config.write_text(config.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(fw.FuseworthyError, match="its weights have changed"):
        encode_rows(TEXTS, again)


def test_the_cache_keeps_blocks_of_different_weights_apart(tmp_path, monkeypatch):
    folder, heard = text_model(tmp_path / "mine"), []
    modalities = {"t": fw.Text("t", encoders=(f"hf:{folder}",))}

    def places():
        return encode_modalities(TEXTS, modalities, tmp_path / "cache")[1]["t"]["hf-mine"]

    first = places()
    monkeypatch.setattr("fuseworthy.inputs.encoders.sentences.embed", lambda *a: heard.append(a))
    assert places() == first
    monkeypatch.undo()
    os.utime(folder / "config.json", (1, 1))
    assert places() == first
    config = folder / "config.json"
    config.write_text(config.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert places() != first
    assert not heard


@pytest.mark.parametrize(
    ("encoder", "said"),
    [
        ("hf:./gone", "there is no folder"),
        ("hf:a/b/c", "there is no folder"),
        ("model2vec:./gone", "there is no folder"),
    ],
    ids=["relative", "deep", "static"],
)
def test_a_folder_that_is_not_there_is_named(encoder, said):
    with pytest.raises(fw.FuseworthyError, match=said):
        blocks_of(encoder)


def test_a_model_of_pickles_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "pytest_model.bin").write_bytes(b"x")
    with pytest.raises(fw.FuseworthyError, match="must have its weights as safetensors"):
        blocks_of(f"hf:{tmp_path}")


def test_a_folder_with_another_sort_of_model_says_so(tmp_path):
    pytest.importorskip("transformers", reason="the extra transformers is not installed")
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(fw.FuseworthyError, match="an encoder of texts must be a folder that transformers can read"):
        blocks_of(f"hf:{tmp_path}")


def test_a_hub_that_does_not_answer_leaves_advice(monkeypatch):
    hub = pytest.importorskip("huggingface_hub")

    def silent(*_, **__):
        raise OSError("no route to the hub")

    monkeypatch.setattr(hub, "snapshot_download", silent)
    with pytest.raises(fw.FuseworthyError, match=r"no route to the hub.*hf download owner/model --local-dir FOLDER"):
        blocks_of("hf:owner/model")


@pytest.mark.parametrize(
    ("encoder", "module", "extra"),
    [("hf:", "transformers", "transformers"), ("model2vec:", "model2vec", "model2vec")],
    ids=["transformers", "model2vec"],
)
def test_a_missing_extra_says_how_to_install_it(tmp_path, monkeypatch, encoder, module, extra):
    import sys

    (tmp_path / "model.safetensors").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(fw.FuseworthyError, match=rf"pip install 'fuseworthy\[{extra}\]'"):
        blocks_of(f"{encoder}{tmp_path}")
