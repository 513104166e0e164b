"""Table columns to a Block of cells: numbers as they are, categories as codes, dates as parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fuseworthy.errors import InputError
from fuseworthy.inputs.blocks import Block
from fuseworthy.task import Floats


def encode_cells(modality: str, table: pa.Table) -> Block:
    """Cells of the table's columns, (n, d) with NaN for a missing cell.

    Raises
    ------
    InputError
        An infinite number (named by row and column), or a type that is no table cell.
    """
    names: list[str] = []
    categories: list[int] = []
    columns: list[Floats] = []
    for name in table.column_names:
        column = table[name].combine_chunks()
        for feature, values, size in _features(name, column):
            names.append(feature)
            columns.append(values)
            categories.append(size)
    values = np.column_stack(columns)
    present = np.asarray(np.isfinite(values).any(axis=1))
    return Block(modality, "cells", values, present, {"features": names, "categories": categories})


def _features(name: str, column: Any) -> list[tuple[str, Floats, int]]:
    """(feature name, values, number of categories or 0) for one column."""
    kind = column.type
    if pa.types.is_boolean(kind) or pa.types.is_string(kind):
        text = column.cast(pa.string())
        labels = sorted(v for v in pc.unique(text).to_pylist() if v is not None)
        codes = pc.index_in(text, value_set=pa.array(labels, pa.string()), skip_nulls=True).cast(pa.float64())
        return [(name, _numpy(codes), len(labels))]
    if pa.types.is_temporal(kind) and not pa.types.is_duration(kind) and not pa.types.is_time(kind):
        return _date_parts(name, column)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        values = _numpy(column.cast(pa.float64(), safe=False))
        if np.isinf(values).any():
            row = int(np.flatnonzero(np.isinf(values))[0])
            raise InputError(
                f"numbers must be finite, but column {name!r} has {values[row]} in row {row + 1}. "
                "Make such cells missing, or leave the column out."
            )
        return [(name, values, 0)]
    raise InputError(f"a tabular column must hold numbers, categories or dates, but {name!r} has type {kind}.")


def _date_parts(name: str, column: Any) -> list[tuple[str, Floats, int]]:
    moments = column.cast(pa.timestamp("us", getattr(column.type, "tz", None)), safe=False)
    days = _numpy(moments.cast(pa.int64()).cast(pa.float64(), safe=False)) / 86_400e6
    parts = {
        "days": days - np.nanmin(days),
        "month": _numpy(pc.month(moments).cast(pa.float64())),
        "weekday": _numpy(pc.day_of_week(moments).cast(pa.float64())),
    }
    if np.nanmax(days % 1) > 0:
        parts["hour"] = _numpy(pc.hour(moments).cast(pa.float64()))
    return [(f"{name}:{part}", values, 0) for part, values in parts.items()]


def _numpy(column: Any) -> Floats:
    return np.asarray(pc.fill_null(column, float("nan")).to_numpy(zero_copy_only=False), dtype=np.float64)
