"""Who trains and who is scored: one plan of folds, made once and shared by every strategy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fuseworthy.errors import FoldError
from fuseworthy.task import Task

FoldKind = Literal["stratified", "shuffled", "grouped", "temporal", "given", "held-out"]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Folds:
    """Fold of every row in every repeat.

    Parameters
    ----------
    kind : str
        How the rows were split.
    assignment : (repeats, n) int array
        The fold in which a row is scored; -1 if it only ever trains.
    clusters : (n,) int array or None
        Rows that must stay together; also the unit of independence for every interval.
    order : (n,) int array or None
        Rank in time for temporal folds.
    """

    kind: FoldKind
    assignment: Ints
    clusters: Ints | None = None
    order: Ints | None = None

    @property
    def repeats(self) -> int:
        return int(self.assignment.shape[0])

    @property
    def count(self) -> int:
        return int(self.assignment.max()) + 1

    def test(self, repeat: int, fold: int) -> Ints:
        """Rows scored in this fold, ascending."""
        return np.flatnonzero(self.assignment[repeat] == fold)

    def train(self, repeat: int, fold: int) -> Ints:
        """Rows that may be learned from: all others, or all earlier ones that share no cluster with a scored row."""
        if self.order is not None:
            scored = self.assignment[repeat] == fold
            earlier = self.order < self.order[scored].min()
            if self.clusters is not None:
                earlier &= ~np.isin(self.clusters, self.clusters[scored])
            return np.flatnonzero(earlier)
        return np.flatnonzero(self.assignment[repeat] != fold)

    @property
    def digest(self) -> str:
        """sha256 over kind, assignment and clusters."""
        digest = hashlib.sha256(self.kind.encode())
        for array in (self.assignment, self.clusters, self.order):
            digest.update(b"-" if array is None else np.ascontiguousarray(array, dtype="<i8").tobytes())
        return digest.hexdigest()


def default_plan(n: int, *, costly: bool = False) -> tuple[int, int]:
    """Folds and repeats for ``n`` rows: more repeats where rows are few, one pass where they are many or training is costly.

    Examples
    --------
    >>> default_plan(400), default_plan(5000), default_plan(50000)
    ((5, 5), (5, 2), (5, 1))
    """
    return (5, 1) if costly or n >= 20_000 else (5, 5) if n < 2000 else (5, 2)


def make_folds(
    y: NDArray[Any],
    task: Task,
    *,
    n_folds: int,
    n_repeats: int,
    clusters: Ints | None = None,
    time: Ints | None = None,
    random_state: int = 0,
) -> Folds:
    """Split rows into folds: stratified, kept together by cluster, or expanding in time.

    Parameters
    ----------
    y : (n,) class codes or target values, or (n, labels) codes
    task : Task
    n_folds, n_repeats : int
    clusters : (n,) int array, optional
        Rows with one number are never split between training and scoring.
    time : (n,) int array, optional
        Sortable time; folds then expand forward and are not repeated.
    random_state : int

    Raises
    ------
    FoldError
        Fewer rows, groups, members of a class or moments in time than folds.
    """
    n = len(y)
    if n_folds < 2:
        raise FoldError(f"folds must be at least 2, but {n_folds} came. Pass folds=5.")
    if n < n_folds:
        raise FoldError(f"the table must have at least one row per fold, but has {n} rows for {n_folds} folds.")
    if time is not None:
        return _checked_in_time(Folds("temporal", _expanding(time, n_folds)[None, :], clusters, _rank(time)))
    if clusters is not None and len(np.unique(clusters)) < n_folds:
        raise FoldError(
            f"groups must be at least as many as folds, but there are {len(np.unique(clusters))} groups for "
            f"{n_folds} folds. Pass fewer folds, or a finer group column."
        )
    if task.is_classification:
        for column in y.T if y.ndim > 1 else [y]:
            _check_classes(column, task, n_folds)
    labels = None if not task.is_classification else label_strata(y, n_folds) if y.ndim > 1 else y
    rounds = [split_rows(labels, n, clusters, n_folds, random_state + 7919 * r) for r in range(n_repeats)]
    kind: FoldKind = "grouped" if clusters is not None else "stratified" if task.is_classification else "shuffled"
    return Folds(kind, np.stack(rounds), clusters)


def split_rows(labels: NDArray[Any] | None, n: int, clusters: Ints | None, n_folds: int, seed: int) -> Ints:
    """Fold of each of ``n`` rows; classes spread evenly, clusters kept whole. Shape (n,)."""
    from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold

    fold = np.empty(n, dtype=np.int64)
    if clusters is None:
        splitter = StratifiedKFold if labels is not None else KFold
        parts = splitter(n_folds, shuffle=True, random_state=seed).split(np.zeros(n), labels)
    elif labels is not None and len(np.unique(clusters)) <= 2000:
        parts = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed).split(np.zeros(n), labels, clusters)
    else:
        return _spread_clusters(labels, clusters, n_folds, seed)
    for k, (_, test) in enumerate(parts):
        fold[test] = k
    return fold


def label_strata(y: NDArray[Any], n_folds: int) -> Ints:
    """Combinations of labels to spread evenly, (n,); those too rare to be in every fold are taken as one.

    Examples
    --------
    >>> label_strata(np.array([[0, 0], [0, 0], [0, 1], [1, 1], [1, 1]]), 2)
    array([0, 0, 0, 1, 1])
    """
    codes, counts = np.unique(y, axis=0, return_inverse=True, return_counts=True)[1:]
    codes = np.where(counts[codes.ravel()] < n_folds, -1, codes.ravel())
    if 0 < (codes == -1).sum() < n_folds:
        codes[codes == -1] = int(counts.argmax())
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def inner_folds(
    y: NDArray[Any], task: Task, clusters: Ints | None, order: Ints | None, *, n_folds: int, seed: int
) -> Ints:
    """Folds inside a training part, by the same rules; contiguous blocks of time for temporal studies. Shape (n,)."""
    n = len(y)
    if order is not None:
        block = np.searchsorted(np.sort(order), order, side="left") * n_folds // n
        if len(np.unique(block)) == 1:  # one moment, or nearly so: there is no time to keep apart
            block = np.argsort(np.argsort(order, kind="stable"), kind="stable") * n_folds // n
        return np.asarray(block)
    if clusters is not None:
        clusters = np.unique(clusters, return_inverse=True)[1]
        groups = int(clusters.max()) + 1
        clusters, n_folds = (clusters, min(n_folds, groups)) if groups > 1 else (None, n_folds)
    labels = None
    if task.is_classification and np.bincount(y.astype(np.intp)).max() >= n_folds:
        counts = np.bincount(y.astype(np.intp))
        labels = y if counts[counts > 0].min() >= n_folds else None
    return split_rows(labels, n, clusters, n_folds, seed)


def _spread_clusters(labels: NDArray[Any] | None, clusters: Ints, n_folds: int, seed: int) -> Ints:
    """Deal shuffled clusters, sorted by majority class then size, to folds like cards: quick for many clusters."""
    names, inverse, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    rng = np.random.default_rng(seed)
    majority = np.zeros(len(names), dtype=np.int64)
    if labels is not None:
        table = np.zeros((len(names), int(labels.max()) + 1), dtype=np.int64)
        np.add.at(table, (inverse, labels.astype(np.intp)), 1)
        majority = table.argmax(axis=1)
    deal = np.lexsort((rng.random(len(names)), -sizes, majority))
    of_cluster = np.empty(len(names), dtype=np.int64)
    of_cluster[deal] = np.arange(len(names)) % n_folds
    return of_cluster[inverse]


def _checked_in_time(folds: Folds) -> Folds:
    for k in range(folds.count):
        if len(folds.train(0, k)) < 2:
            raise FoldError(
                f"every fold in time must have rows to learn from, but fold {k + 1} has none that share no group with the "
                "rows it scores. Pass time= or group=, not both, or fewer folds."
            )
    return folds


def _rank(time: Ints) -> Ints:
    return np.unique(time, return_inverse=True)[1].astype(np.int64)


def _expanding(time: Ints, n_folds: int) -> Ints:
    """Equal blocks of time; the first only trains. Rows of one moment stay together."""
    rank = _rank(time)
    moments = int(rank.max()) + 1
    if moments < n_folds + 1:
        raise FoldError(
            f"time must have at least {n_folds + 1} different values for {n_folds} folds, but has {moments}. "
            "Pass fewer folds, or a finer time column."
        )
    position = np.searchsorted(np.sort(rank), rank, side="left")
    block = np.minimum(position * (n_folds + 1) // len(rank), n_folds)
    used = np.unique(block)
    if len(used) < n_folds + 1:
        raise FoldError(
            f"time cannot be cut into {n_folds + 1} blocks, because too many rows share one moment. Pass fewer folds."
        )
    return np.asarray(block - 1, dtype=np.int64)


def _check_classes(y: NDArray[Any], task: Task, n_folds: int) -> None:
    counts = np.bincount(y.astype(np.intp), minlength=task.width)
    rare = int(counts.argmin())
    if counts[rare] < n_folds:
        raise FoldError(
            f"each class must have at least one row per fold, but class {task.classes[rare]!r} has "
            f"{counts[rare]} for {n_folds} folds. Pass fewer folds, or merge or remove the rare class."
        )
