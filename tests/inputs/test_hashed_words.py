"""Words as tokens without a vocabulary."""

import numpy as np
import pyarrow as pa
import pytest

import fuseworthy as fw
from fuseworthy.inputs.encode import encode_rows, encoding_from_dict, learn_encodings
from fuseworthy.inputs.encoders.hashed import MOST_WORDS, encode_hashed, word_vectors


def test_words_keep_their_order_and_their_vectors_wherever_they_stand():
    block = encode_hashed("t", pa.table({"t": ["Is the shape red?", "red is", None, "?!"]}))
    assert block.values.shape == (4, 4, 64)
    assert block.form == "tokens"
    assert block.times is None
    assert block.present.tolist() == [True, True, False, True]
    assert block.mask.sum(axis=1).tolist() == [4, 2, 0, 1]
    vectors = word_vectors(["is", "the", "shape", "red"])
    assert np.array_equal(block.values[0], vectors)
    assert np.array_equal(block.values[1, :2], vectors[[3, 0]])
    assert not block.values[3].any()


def test_vectors_of_words_are_fixed_of_unit_length_and_nearly_orthogonal():
    vectors = word_vectors([f"word{i}" for i in range(400)]).astype(np.float64)
    assert (word_vectors(["red"])[0, :8] > 0).tolist() == [bool(int(sign)) for sign in "00001101"]
    overlaps = vectors @ vectors.T
    assert np.allclose(np.diag(overlaps), 1)
    off = overlaps[~np.eye(400, dtype=bool)]
    assert abs(off.mean()) < 0.005
    assert off.std() == pytest.approx(1 / 8, rel=0.05)


def test_long_texts_are_cut_and_counted():
    block = encode_hashed("t", pa.table({"t": ["a b " * MOST_WORDS, "c"]}))
    assert block.values.shape[1] == MOST_WORDS
    assert block.meta["cut"] == 1


def test_new_rows_and_new_words_need_nothing_learned():
    table = pa.table({"t": ["one two", "three"]})
    encodings, blocks = learn_encodings(table, {"t": fw.Text("t", encoders=("words",))})
    again = {"t": {view: encoding_from_dict(e.to_dict()) for view, e in encodings["t"].items()}}
    assert np.array_equal(encode_rows(table, again)["t"]["words"].values, blocks["t"]["words"].values)
    new = encode_rows(pa.table({"t": ["never heard of"]}), again)["t"]["words"]
    assert len(np.unique(new.values[0], axis=0)) == 3
    assert not encode_rows(pa.table({"t": pa.nulls(2)}), again)["t"]["words"].present.any()
