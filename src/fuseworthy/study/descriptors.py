"""Columns that a person can read, to describe slices by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fuseworthy.study.question import Question
from fuseworthy.study.workspace import Plan

MOST_COLUMNS = 40
MOST_LEVELS = 50


def descriptors_of(table: pa.Table, plan: Plan, question: Question) -> dict[str, NDArray[Any]]:
    """Numbers and labels of the table columns, and the columns asked for: name -> (n,).

    Columns of tabular modalities with few levels or numbers; texts and vectors describe no slice that can be read.
    """
    names = list(question.slices)
    for spec in plan.modalities.values():
        if spec["kind"] == "tabular":
            names += [c for c in spec["columns"] if c not in names]
    found = {}
    for name in names[: MOST_COLUMNS + len(question.slices)]:
        column = table[name].combine_chunks() if isinstance(table[name], pa.ChunkedArray) else table[name]
        values = _readable(column, name in question.slices)
        if values is not None:
            found[name] = values
    return found


def _readable(column: pa.Array, asked: bool) -> NDArray[Any] | None:
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        return np.asarray(pc.fill_null(column.cast(pa.float64()), float("nan")).to_numpy(zero_copy_only=False))
    if pa.types.is_nested(column.type):
        return None
    if not asked and pc.count_distinct(column).as_py() > MOST_LEVELS:
        return None
    return np.array(["" if v is None else str(v) for v in column.to_pylist()], dtype=object)
