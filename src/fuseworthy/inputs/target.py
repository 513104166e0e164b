"""The target column: its kind, its classes, its codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fuseworthy.errors import InputError
from fuseworthy.task import Task

MOST_CLASSES = 200
FEW_INTEGERS = 10


def read_target(column: pa.Array, name: str, kind: str | None = None) -> tuple[Task, NDArray[Any], str]:
    """Task, codes or values, and the reason for the kind.

    Parameters
    ----------
    column : (n,) Arrow array without missing values
    name : str
    kind : {"binary", "multiclass", "regression"}, optional

    Raises
    ------
    InputError
        One class only, missing or infinite values, more classes than a classifier can learn, wrong kind.
    """
    if pa.types.is_nested(column.type):
        raise InputError(f"a target must be numbers, labels or yes/no, but {name!r} has type {column.type}.")
    if column.null_count:
        row = pc.index(pc.is_null(column), True).as_py()
        raise InputError(
            f"target {name!r} must be known for every row, but {column.null_count} rows have none (first: row "
            f"{row + 1}). Pass drop_unlabelled (--drop-unlabelled) to leave them out."
        )
    numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if pa.types.is_floating(column.type):
        column = pc.add(column, pa.scalar(0.0, column.type))  # a zero has no sign
    distinct = pc.count_distinct(column).as_py()
    if distinct < 2:
        raise InputError(f"target {name!r} must have at least two values, but all rows have {column[0].as_py()!r}.")
    inferred, reason = _infer(column, numeric, distinct)
    if kind not in (None, "binary", "multiclass", "regression"):
        raise InputError(f"task must be binary, multiclass or regression, but {kind!r} came.")
    if kind is not None:
        inferred, reason = kind, "asked for"
    if inferred == "regression":
        return _regression(column, name, numeric, reason)
    if inferred == "binary" and distinct != 2:
        raise InputError(f"a binary target must have two values, but {name!r} has {distinct}. Pass task=multiclass.")
    if inferred == "multiclass" and distinct == 2:
        inferred = "binary"
    if distinct > MOST_CLASSES:
        raise InputError(
            f"target {name!r} must have at most {MOST_CLASSES} classes, but has {distinct}. "
            f"{'Pass task=regression.' if numeric else 'Is it an identifier or free text?'}"
        )
    ordered = sorted(pc.unique(column).to_pylist(), key=lambda v: (str(type(v)), v))
    labels = tuple(label_of(v) for v in ordered)
    codes = pc.index_in(column, value_set=pa.array(ordered, type=column.type))
    return Task(inferred, labels), codes.to_numpy(zero_copy_only=False).astype(np.int64), reason  # type: ignore[arg-type]


def label_of(value: Any) -> str:
    """How a class is called in the order of a task's classes."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _infer(column: pa.Array, numeric: bool, distinct: int) -> tuple[str, str]:
    if distinct == 2:
        return "binary", "two values"
    if not numeric:
        return "multiclass", f"{distinct} labels"
    whole = pa.types.is_integer(column.type) or bool(pc.all(pc.equal(pc.floor(column), column)).as_py())
    if whole and distinct <= FEW_INTEGERS:
        return "multiclass", f"{distinct} different whole numbers; pass task=regression if their order matters"
    return "regression", f"{distinct} different numbers"


def _regression(column: pa.Array, name: str, numeric: bool, reason: str) -> tuple[Task, NDArray[Any], str]:
    if not numeric:
        raise InputError(f"a regression target must be numbers, but {name!r} has type {column.type}.")
    y = column.to_numpy(zero_copy_only=False).astype(np.float64)
    if not np.isfinite(y).all():
        row = int(np.flatnonzero(~np.isfinite(y))[0])
        raise InputError(f"target {name!r} must be finite, but row {row + 1} is {y[row]}.")
    return Task("regression", variance=float(y.var())), y, reason
