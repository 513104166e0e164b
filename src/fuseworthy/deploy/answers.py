"""What a model says of rows: predictions, who made them, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fuseworthy.task import Floats, Task


@dataclass(frozen=True)
class Answers:
    """Answers to n rows.

    Parameters
    ----------
    task : Task
    prediction : (n, width) calibrated probabilities, or values; what the router lets answer
    pattern : (n,) modalities that each row has, ``a+b``, or ``none``
    route : (n,) "fusion", a single as ``modality/family``, or "prior"
    why : (n,) the router's reason
    abstained : (n,) whether the answer is less sure than the study's threshold, or there is nothing to answer from
    fusion : (n, width) what the fusion says, routed to or not; None where a single is deployed
    singles : modality -> (n, width) what it says alone; the prior where it is missing
    present : modality -> (n,)
    unreadable : modality -> (n,) whether a file of it could not be read; of modalities with files
    contributions : modality -> (n,) share of the answer, if they were asked for; see `Model.explain`
    """

    task: Task
    prediction: Floats
    pattern: NDArray[Any]
    route: NDArray[Any]
    why: NDArray[Any]
    abstained: NDArray[np.bool_]
    fusion: Floats | None
    singles: Mapping[str, Floats]
    present: Mapping[str, NDArray[np.bool_]]
    unreadable: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    contributions: Mapping[str, Floats] | None = None

    @property
    def labels(self) -> NDArray[Any]:
        """The likeliest class as text, or the value, (n,)."""
        if not self.task.is_classification:
            return np.asarray(self.prediction[:, 0])
        return np.asarray(np.array(self.task.classes, dtype=object)[self.prediction.argmax(axis=1)])

    def with_contributions(self, found: Mapping[str, Floats]) -> Answers:
        return replace(self, contributions=found)

    def with_unreadable(self, found: Mapping[str, NDArray[np.bool_]]) -> Answers:
        return replace(self, unreadable=found)

    def to_table(self) -> pa.Table:
        """A row a row: ``prediction``, ``p:CLASS``, ``pattern``, ``route``, ``why``, ``abstained``; ``unreadable``, the
        modalities whose files could not be read, where there are files (null where none); ``fusion:CLASS`` and
        ``alone:MODALITY:CLASS`` for what the fusion and each modality alone say (null where it is missing); and
        ``contribution:MODALITY``. Of a number ``value`` stands for the class.
        """
        columns: dict[str, Any] = {"prediction": pa.array(self.labels.tolist())}
        columns |= self._columns("p", self.prediction) if self.task.is_classification else {}
        columns |= {
            "pattern": pa.array(self.pattern.tolist()),
            "route": pa.array(self.route.tolist()),
            "why": pa.array(self.why.tolist()),
            "abstained": pa.array(self.abstained),
        }
        if self.unreadable:
            names = [[m for m, rows in self.unreadable.items() if rows[i]] for i in range(len(self.pattern))]
            columns["unreadable"] = pa.array(["+".join(own) or None for own in names], pa.string())
        if self.fusion is not None:
            columns |= self._columns("fusion", self.fusion)
        for modality, own in self.singles.items():
            columns |= self._columns(f"alone:{modality}", own, ~self.present[modality])
        for modality, share in (self.contributions or {}).items():
            columns[f"contribution:{modality}"] = pa.array(share, mask=~self.present[modality])
        return pa.table(columns)

    def _columns(self, name: str, values: Floats, absent: NDArray[np.bool_] | None = None) -> dict[str, pa.Array]:
        if not self.task.is_classification:
            return {f"{name}:value": pa.array(values[:, 0], mask=absent)}
        return {f"{name}:{c}": pa.array(values[:, i], mask=absent) for i, c in enumerate(self.task.classes)}
