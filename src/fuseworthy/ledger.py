"""The narrow waist: who predicted what for which row, on identical folds. Everything after it only reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.errors import LedgerError, nearest
from fuseworthy.folds import Folds
from fuseworthy.task import Floats, Task

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

NEURAL_FAMILIES = ("intermediate", "attention", "hybrid", "uncertainty")
FUSION_FAMILIES = ("late", "early", *NEURAL_FAMILIES, "tuned", "custom", "judged")

RAW = "~raw"
"""Suffix of the column that holds a strategy's outputs before its own calibration step."""


@dataclass(frozen=True)
class Strategy:
    """Name and place of a single, a fusion, a control or a reference.

    Parameters
    ----------
    name : str
        Unique in the ledger, e.g. ``"review/linear"`` or ``"stacking"``.
    family : str
        ``"single"``, one of `FUSION_FAMILIES`, ``"control"`` or ``"reference"``; and for the explanation ``"probe"``,
        ``"subset"`` (retrained without some modalities), ``"permuted"`` (one modality shuffled) or ``"encoder"`` (what
        is left of one modality inside a network).
    title : str
        What it is, for readers.
    modality : str or None
        The one modality a single sees, or that was shuffled.
    rank : int
        Complexity; the lower is preferred on a tie.
    modalities : tuple of str
        What a subset sees.
    """

    name: str
    family: str
    title: str
    modality: str | None = None
    rank: int = 0
    modalities: tuple[str, ...] = ()

    @property
    def is_single(self) -> bool:
        return self.family == "single"

    @property
    def is_fusion(self) -> bool:
        return self.family in FUSION_FAMILIES

    @property
    def is_control(self) -> bool:
        return self.family == "control"


@dataclass(frozen=True)
class Ledger:
    """Out-of-fold predictions of every strategy for the same rows.

    Parameters
    ----------
    task : Task
    y : (n,) class codes or target values
    folds : Folds
    predictions : mapping of strategy name to (repeats, n, width) array
        NaN where a row is not scored (the first block of a temporal study).
    strategies : mapping of name to Strategy
    ids : (n,) array
        Key of each row as the user knows it.
    pattern : (n,) array of str
        Which modalities the row has, e.g. ``"customer+review"``.
    data_hash : str
        sha256 of the rows and columns used.
    labels : (n,) array of str, optional
        Several yes/no labels a row: the ledger then has one entry for each row and label, this says which label, and
        ``folds.clusters`` keeps the labels of a row together.

    Raises
    ------
    LedgerError
        Rows, folds and predictions differ in shape, a fold is empty in some repeat, or a prediction is not a number
        where a row is scored.
    """

    task: Task
    y: NDArray[Any]
    folds: Folds
    predictions: Mapping[str, Floats]
    strategies: Mapping[str, Strategy]
    ids: NDArray[Any]
    pattern: NDArray[Any]
    data_hash: str
    raw: Mapping[str, Floats] = field(default_factory=dict)
    labels: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        shape = (self.folds.repeats, len(self.y), self.task.width)
        scored = self.scored
        lengths = [("folds", scored.shape[1]), ("ids", len(self.ids)), ("pattern", len(self.pattern))]
        for what, length in lengths + ([] if self.labels is None else [("labels", len(self.labels))]):
            if length != len(self.y):
                raise LedgerError(f"{what} must have one entry for each of {len(self.y)} rows, but have {length}.")
        for r, fold in enumerate(self.folds.assignment):
            if (empty := np.setdiff1d(np.arange(self.folds.count), fold)).size:
                raise LedgerError(
                    f"every repeat must score rows in each of {self.folds.count} folds, but repeat {r + 1} has none in "
                    f"fold {empty[0] + 1}. Number the folds alike in every repeat."
                )
        if self.labels is not None and (self.task.kind != "binary" or self.folds.clusters is None):
            raise LedgerError("labels must be yes/no each, and clusters must keep the labels of a row together.")
        if lost := set(self.strategies) ^ set(self.predictions):
            raise LedgerError(f"strategies and predictions must have the same names, but {min(lost)!r} has one only.")
        for name, values in [*self.predictions.items(), *self.raw.items()]:
            if values.shape != shape:
                raise LedgerError(f"predictions must have shape {shape}, but {name!r} has {values.shape}.")
            if not np.isfinite(values[scored]).all():
                raise LedgerError(f"predictions must be finite for every scored row, but {name!r} has gaps.")

    @property
    def n(self) -> int:
        return len(self.y)

    @property
    def scored(self) -> NDArray[np.bool_]:
        """(repeats, n): rows that are scored in each repeat."""
        return self.folds.assignment >= 0

    def of(self, name: str) -> Floats:
        """Predictions of one strategy, (repeats, n, width)."""
        if name not in self.predictions:
            raise LedgerError(f"the ledger has no strategy {name!r}: {nearest(name, self.predictions)}.")
        return self.predictions[name]

    def losses(self, names: Iterable[str] | None = None) -> dict[str, Floats]:
        """Deciding loss of each strategy, repeat and row: name -> (repeats, n), NaN where not scored."""
        wanted = list(self.predictions) if names is None else list(names)
        return {name: self.task.row_loss(self.y, self.of(name)) for name in wanted}

    def names(self, *, modality: str | None = None, kind: str = "single") -> list[str]:
        """Strategies of one kind ("single", "fusion", "control", "reference"), in order."""
        return [
            s.name
            for s in self.strategies.values()
            if ((kind == "fusion" and s.is_fusion) or s.family == kind) and (modality is None or s.modality == modality)
        ]

    @property
    def modalities(self) -> list[str]:
        return sorted({s.modality for s in self.strategies.values() if s.is_single and s.modality})

    @property
    def label_names(self) -> list[str]:
        """Labels in the order of first appearance; empty for an ordinary target."""
        return [] if self.labels is None else list(dict.fromkeys(self.labels.tolist()))

    @property
    def rows(self) -> int:
        """Rows of the table: `n`, or `n` divided by the number of labels."""
        return self.n // max(len(self.label_names), 1)

    def take(self, rows: NDArray[Any]) -> Ledger:
        """The ledger of some rows (numbers, or a mask); clusters are dropped where each is a single row."""
        clusters = None if self.folds.clusters is None else self.folds.clusters[rows]
        if clusters is not None and len(np.unique(clusters)) == len(clusters):
            clusters = None
        order = None if self.folds.order is None else self.folds.order[rows]
        return Ledger(
            task=self.task,
            y=self.y[rows],
            folds=Folds(self.folds.kind, self.folds.assignment[:, rows], clusters, order),
            predictions={name: values[:, rows] for name, values in self.predictions.items()},
            strategies=self.strategies,
            ids=self.ids[rows],
            pattern=self.pattern[rows],
            data_hash=self.data_hash,
            raw={name: values[:, rows] for name, values in self.raw.items()},
        )

    def of_label(self, label: str) -> Ledger:
        """The ordinary ledger of one label."""
        if label not in self.label_names:
            raise LedgerError(f"the ledger has no label {label!r}: {nearest(label, self.label_names)}.")
        return self.take(np.flatnonzero(np.asarray(self.labels) == label))

    @property
    def digest(self) -> str:
        """sha256 over data, folds, strategy names and every prediction."""
        digest = hashlib.sha256(f"{self.data_hash}{self.folds.digest}".encode())
        for name in sorted(self.predictions):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(self.predictions[name], dtype="<f8").tobytes())
        return digest.hexdigest()

    def to_arrow(self) -> pyarrow.Table:
        """One row per repeat and scored row; a column per strategy (and class)."""
        import pyarrow as pa

        repeat, row = np.nonzero(self.scored)
        target = np.array(self.task.classes)[self.y.astype(int)] if self.task.classes else self.y
        columns: dict[str, Any] = {
            "repeat": repeat,
            "fold": self.folds.assignment[repeat, row],
            "row": self.ids[row],
            "target": target[row],
            "pattern": self.pattern[row],
        }
        if self.labels is not None:
            columns["label"] = self.labels[row]
        if self.folds.clusters is not None:
            columns["cluster"] = self.folds.clusters[row]
        for name, values in self.predictions.items():
            for column, part in self._columns(name, values[repeat, row]).items():
                if column in columns:
                    raise LedgerError(
                        f"columns must differ, but strategy {name!r} needs a second {column!r}. Rename it."
                    )
                columns[column] = part
        return pa.table({name: pa.array(values.tolist()) for name, values in columns.items()})

    def to_pandas(self) -> pandas.DataFrame:
        """The ledger as a pandas frame (see `to_arrow`)."""
        from fuseworthy.errors import require

        require("pandas", extra="pandas")
        return self.to_arrow().to_pandas()

    def to_polars(self) -> polars.DataFrame:
        """The ledger as a polars frame (see `to_arrow`)."""
        from fuseworthy.errors import require

        frame: polars.DataFrame = require("polars", extra="polars").from_arrow(self.to_arrow())
        return frame

    def _columns(self, name: str, values: Floats) -> dict[str, Floats]:
        """Column names follow `judge`: one for binary and regression, ``name_class`` for several classes."""
        if self.task.kind == "multiclass":
            return {f"{name}_{label}": values[:, c] for c, label in enumerate(self.task.classes)}
        return {name: values[:, -1]}


def stack_labels(ledgers: Sequence[Ledger], labels: Sequence[str]) -> Ledger:
    """One ledger of several yes/no labels of the same rows: an entry for each row and label, label by label.

    Raises
    ------
    LedgerError
        The ledgers differ in rows, folds or strategies.
    """
    first, times = ledgers[0], len(ledgers)
    for label, other in zip(labels, ledgers, strict=True):
        if other.folds.digest != first.folds.digest or set(other.predictions) != set(first.predictions):
            raise LedgerError(f"labels must have the same rows, folds and strategies, but {label!r} has others.")
    classes = {ledger.task.classes for ledger in ledgers}
    return Ledger(
        task=Task("binary", classes.pop() if len(classes) == 1 else ("no", "yes")),
        y=np.concatenate([ledger.y for ledger in ledgers]),
        folds=long_folds(first.folds, times),
        predictions={n: np.concatenate([ledger.of(n) for ledger in ledgers], axis=1) for n in first.predictions},
        strategies=first.strategies,
        ids=np.tile(first.ids, times),
        pattern=np.tile(first.pattern, times),
        data_hash=first.data_hash,
        raw={n: np.concatenate([ledger.raw[n] for ledger in ledgers], axis=1) for n in first.raw},
        labels=np.repeat(np.array(labels), first.n),
    )


def long_folds(folds: Folds, labels: int) -> Folds:
    """The folds of a ledger with an entry for each row and label, label by label; clusters keep a row together."""
    clusters = np.arange(folds.assignment.shape[1]) if folds.clusters is None else folds.clusters
    order = None if folds.order is None else np.tile(folds.order, labels)
    return Folds(folds.kind, np.tile(folds.assignment, labels), np.tile(clusters, labels), order)
