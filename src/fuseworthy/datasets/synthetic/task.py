"""One canonical task: rows, target, truth; and how a signal is hidden among noise dimensions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import InputError
from .truth import Truth

Matrix = np.ndarray[Any, np.dtype[np.float64]]
Vector = np.ndarray[Any, np.dtype[np.float64]]
Labels = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
RandomState = int | np.random.Generator | None


@dataclass(frozen=True, eq=False)
class Task:
    """Rows of one canonical task.

    Parameters
    ----------
    name : str
        As in `TASKS`.
    inputs : dict of str to ndarray of shape (n, d), or (n, t, d) of a sequence
        The modalities ``x1`` and ``x2``, float64; NaN in rows where a modality is absent.
    y : ndarray of shape (n,) or (n, labels)
        Classes from 0 upwards, equally likely; or a float target; or one column of 0 and 1 for each of `truth.labels`.
    truth : Truth
        What the best possible models score.
    present : dict of str to ndarray of shape (n,)
        For each modality that some rows lack, which rows have it.
    group, time : ndarray of shape (n,), optional
        Which rows belong together, and when each came.
    columns : dict of str to ndarray of shape (n,)
        Plain columns beside the modalities; `truth` counts them as unseen.
    """

    name: str
    inputs: dict[str, Matrix]
    y: Labels | Vector
    truth: Truth[Any]
    present: dict[str, Flags] = field(default_factory=dict)
    group: Labels | None = None
    time: Labels | None = None
    columns: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)

    def to_table(self) -> pa.Table:
        """Give an Arrow table: ``id`` (the row number), a fixed-size list per modality, plain columns, the target.

        A sequence is a list of fixed-size lists. An absent modality is a null. ``group``, ``time`` and the plain columns come as the task has them. The target is
        ``y``, or a column for each label.

        Examples
        --------
        >>> from fuseworthy.datasets.synthetic import make
        >>> make("T1", 10, random_state=0, pad=2).to_table().column_names
        ['id', 'x1', 'x2', 'y']
        >>> make("T18", 10, random_state=0).to_table().column_names[3:]
        ['label_T1', 'label_T2', 'label_T5', 'label_T6']
        """
        columns: dict[str, Any] = {"id": np.arange(len(self.y))}
        for name, values in self.inputs.items():
            absent = pa.array(~self.present[name]) if name in self.present else None
            if values.ndim == 2:
                columns[name] = _vectors(values, mask=absent)
            else:
                tokens = np.arange(0, values.size + 1, values.shape[1] * values.shape[2]) // values.shape[2]
                columns[name] = pa.ListArray.from_arrays(pa.array(tokens, pa.int32()), _vectors(values), mask=absent)
        columns |= {"time": self.time} if self.time is not None else {}
        columns |= {"group": self.group} if self.group is not None else {}
        columns |= self.columns
        columns |= dict(zip(self.truth.labels, self.y.T, strict=True)) if self.truth.labels else {"y": self.y}
        return pa.table({name: pa.array(values) for name, values in columns.items()})


def _vectors(values: Matrix, mask: pa.Array | None = None) -> pa.FixedSizeListArray:
    """Give the last axis as lists."""
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[-1], mask=mask)


class Draws:
    """The random streams of one task: padding and rotation never change the signal or the target of a seed."""

    def __init__(self, n: int, random_state: RandomState) -> None:
        if n < 1:
            raise InputError(f"n must be at least 1, but {n!r} came.")
        self.n = n
        self.signal, self.padding, self.rotation = np.random.default_rng(random_state).spawn(3)

    def sign(self) -> Vector:
        """Draw -1 or 1, equally likely, for each row."""
        return self.signal.integers(0, 2, self.n).astype(np.float64) * 2 - 1

    def noise(self) -> Vector:
        """Draw a standard normal for each row."""
        return self.signal.standard_normal(self.n)

    def hide(self, signal: Matrix, pad: int, rotate: bool) -> Matrix:
        """Add `pad` columns of standard normal noise, then turn the columns by a random rotation if asked.

        Neither changes what the best classifier can know.
        """
        if pad < 0:
            raise InputError(f"pad must be at least 0, but {pad!r} came.")
        values = np.concatenate([signal, self.padding.standard_normal((*signal.shape[:-1], pad))], axis=-1)
        return values @ self._rotation(values.shape[-1]) if rotate else values

    def _rotation(self, d: int) -> Matrix:
        """Draw an orthogonal matrix uniformly: QR with positive diagonal (Mezzadri 2007)."""
        q, r = np.linalg.qr(self.rotation.standard_normal((d, d)))
        turned: Matrix = q * np.sign(np.diag(r))
        return turned


def task_from_signals(
    name: str,
    draws: Draws,
    signals: dict[str, np.ndarray[Any, Any]],
    y: Labels | Vector,
    truth: Truth[Any],
    pad: int,
    rotate: bool,
) -> Task:
    """Hide each signal, (n,), (n, d) or (n, t, d), and put the task together."""
    shaped = {key: signal[:, None] if signal.ndim == 1 else signal for key, signal in signals.items()}
    inputs = {key: draws.hide(signal, pad, rotate) for key, signal in shaped.items()}
    return Task(name, inputs, y, truth)
