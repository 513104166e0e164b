"""Which columns mark rows that belong together: one that a modality is read from is no news to it."""

import numpy as np
import pyarrow as pa

from fuseworthy.inputs.blocks import Block
from fuseworthy.study.kinship import find_kin, truth_columns


def kin(**modalities):
    """What is found where twelve people have ten rows each, of one target, in a column that some modalities are read from."""
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(12), 10)
    y = (rng.permutation(12) % 2)[who]
    prints = rng.normal(size=(12, 4))[who] + 0.01 * rng.normal(size=(120, 4))
    table = pa.table({"who": [f"p{i}" for i in who], "other": rng.normal(size=120)})
    blocks = {m: Block(m, "vectors", prints, np.ones(120, dtype=bool)) for m in modalities}
    return [found["column"] for found in find_kin(table, truth_columns(y, 2), blocks, modalities, None, set(), False)]


def test_people_who_can_be_told_from_another_modality_are_found():
    assert kin(face=("prints",)) == ["who"]
    assert kin(face=("prints",), note=("who",)) == ["who"]


def test_a_column_tells_itself_which_says_nothing():
    assert kin(note=("who",)) == []
    assert kin(note=("who", "other")) == []
