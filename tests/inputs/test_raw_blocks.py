"""What encoders are given that are trained: pixels and numbers of tokens, present where the modality is, from the cache."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import fuseworthy as fw
from fuseworthy.errors import InputError
from fuseworthy.inputs.blocks import load_block
from fuseworthy.inputs.encoded import encode_modalities, encode_raw
from fuseworthy.inputs.encoders.raw import stacked_pixels
from fuseworthy.inputs.encoders.sentences import Reader
from made_files import picture_bytes
from tiny_models import pair_model, text_model, vision_model

CELLS = [picture_bytes(0), None, b"no picture", picture_bytes(3)]


def raw(modality, cells, encoder, root):
    blocks, folders = encode_raw(pa.table({"c": cells}), {"m": modality}, {"m": encoder}, root)
    return blocks["m"], folders["m"]


def test_pixels_are_those_that_decoders_give_and_absent_where_frozen_views_are(tmp_path):
    block, folder = raw(fw.Image("c"), CELLS, "conv", tmp_path)
    frozen = encode_modalities(pa.table({"c": CELLS}), {"m": fw.Image("c")}, tmp_path)[0]["m"]["statistics"]
    assert block.form == "raw"
    assert block.values.shape == (4, 64, 64, 3)
    assert block.values.dtype == np.uint8
    assert block.present.tolist() == frozen.present.tolist() == [True, False, False, True]
    assert block.meta["unreadable"] == frozen.meta["unreadable"]
    assert isinstance(block.values, np.memmap)
    assert load_block(Path(folder), "m").form == "raw"
    assert raw(fw.Image("c"), CELLS, "conv", tmp_path)[1] == folder


def test_pixels_are_cut_as_the_model_says(tmp_path):
    small, _ = raw(fw.Image("c"), CELLS, f"hf:{vision_model(tmp_path / 'vit')}", tmp_path)
    cut, _ = raw(fw.Image("c"), CELLS, f"hf:{pair_model(tmp_path / 'clip')}", tmp_path)
    assert small.values.shape == cut.values.shape == (4, 3, 32, 32)
    assert not np.array_equal(small.values[3], cut.values[3])


def test_pictures_of_several_sizes_are_refused():
    two = [np.zeros((3, 8, 8), np.uint8), np.zeros((3, 8, 9), np.uint8)]
    with pytest.raises(InputError, match="must have one size"):
        stacked_pixels("photo", two, [0, 1], 2)


def test_numbers_of_tokens_are_those_of_the_models_own_tokeniser(tmp_path):
    texts = ["a red cat", None, "the dog is in the blue cat on a dog"]
    folder = text_model(tmp_path / "bert")
    block, _ = raw(fw.Text("c", encoders=(f"hf:{folder}",)), texts, f"hf:{folder}", tmp_path)
    known = Reader(folder).tokens_of([texts[0], texts[2]])
    assert block.form == "raw"
    assert block.present.tolist() == [True, False, True]
    assert block.mask.sum(axis=1).tolist() == [len(known[0]), 0, len(known[1])]
    assert block.values[0][block.mask[0]].tolist() == known[0]
    assert block.values[2][block.mask[2]].tolist() == known[1]
