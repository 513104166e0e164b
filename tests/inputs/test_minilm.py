"""Sentence embeddings: an extra, whose weights come from a pinned package."""

import numpy as np
import pyarrow as pa
import pytest

import fuseworthy as fw
from fuseworthy.datasets import DownloadError
from fuseworthy.errors import MissingExtraError
from fuseworthy.inputs.encoders.minilm import encode_sentences

TEXTS = pa.table({"t": ["stewed cabbage with turkey", None, "cabbage stew and turkey", "chocolate cake with cream"]})


def test_without_the_extra_the_error_says_how_to_install_it(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'fuseworthy\[minilm\]'"):
        encode_sentences("t", TEXTS)


def test_like_sentences_lie_near_each_other_and_missing_ones_are_absent():
    pytest.importorskip("onnxruntime", reason="the extra minilm is not installed")
    try:
        block = encode_sentences("t", TEXTS)
    except DownloadError as error:
        pytest.skip(f"the weights cannot be downloaded: {error}")
    assert block.present.tolist() == [True, False, True, True]
    near, far = block.values[0] @ block.values[2], block.values[0] @ block.values[3]
    assert near > 0.8 > far + 0.3
    np.testing.assert_allclose(np.linalg.norm(block.values[block.present], axis=1), 1, rtol=1e-6)
    assert block.values.dtype == np.float32


def test_a_text_may_ask_for_sentence_embeddings():
    assert fw.Text("a", encoders=("tfidf", "minilm")).encoders == ("tfidf", "minilm")
    with pytest.raises(fw.FuseworthyError, match="the nearest is 'minilm'"):
        fw.Text("a", encoders=("miniLM",))
