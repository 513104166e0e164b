"""What a study sees of a table before training, without training anything."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from fuseworthy.inputs.encoded import encode_modalities
from fuseworthy.inputs.modality import Embedding
from fuseworthy.study.observe import observe
from fuseworthy.study.prepare import load, read_time
from fuseworthy.study.question import Question

PAIR = {"a": Embedding("x1"), "b": Embedding("x2")}


def observations_of(table, target="y", modalities=PAIR, **asked):
    """The observations of a table, as `prepare` makes them."""
    question = Question(target, modalities=modalities, **asked)
    loaded = load(table, question)
    with TemporaryDirectory() as folder:
        blocks, _ = encode_modalities(loaded.table, loaded.inference.modalities, Path(folder))
        return observe(loaded, blocks, question, read_time(loaded.table, question))


def vectors(values):
    """(n, d) numbers as a column of lists."""
    return pa.array(values.tolist(), pa.list_(pa.float64()))
