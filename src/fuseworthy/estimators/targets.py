"""Targets and groups of ``fit``, checked as scikit-learn checks them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from fuseworthy.errors import InputError
from fuseworthy.folds import Ints
from fuseworthy.inputs.target import MOST_CLASSES
from fuseworthy.task import Floats, Task


def read_classes(y: NDArray[Any]) -> tuple[NDArray[Any], Ints, Task]:
    """The classes in order, the code of each row, (n,), and the task.

    Raises
    ------
    InputError
        One class only, or more than a classifier can learn.
    ValueError
        The target is no set of labels.

    Examples
    --------
    >>> read_classes(np.array(["no", "yes", "no"]))[1].tolist()
    [0, 1, 0]
    """
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise InputError(f"y must have at least two classes, but one class came ({classes[0]!r}).")
    if len(classes) > MOST_CLASSES:
        raise InputError(f"y must have at most {MOST_CLASSES} classes, but has {len(classes)}. Use a regressor?")
    kind = "binary" if len(classes) == 2 else "multiclass"
    return classes, codes.astype(np.int64), Task(kind, tuple(str(label) for label in classes))  # type: ignore[arg-type]


def read_values(y: NDArray[Any]) -> tuple[Floats, Task]:
    """The target as numbers, (n,), and the task.

    Raises
    ------
    ValueError
        The target is not numbers.
    """
    values = y.astype(np.float64)
    assert_all_finite(values, input_name="y")
    return values, Task("regression", variance=float(values.var()) or 1.0)


def read_column(values: Any, name: str) -> NDArray[Any]:
    """One known value a row, (n,).

    Raises
    ------
    ValueError
        There are several columns, or a value is missing or infinite.
    """
    column = np.asarray(column_or_1d(values, warn=True))
    if column.dtype.kind == "f":
        assert_all_finite(column, input_name=name)
    elif column.dtype.kind == "O" and (missing := [i for i, value in enumerate(column) if _is_missing(value)]):
        raise InputError(
            f"{name} must be known for every row, but {len(missing)} have none (first: row {missing[0] + 1})."
        )
    return column


def _is_missing(value: Any) -> bool:
    nan = isinstance(value, float) and value != value
    return nan or value is None or type(value).__name__ in ("NAType", "NaTType")
