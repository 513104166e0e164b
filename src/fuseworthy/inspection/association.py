"""How well one column alone tells the target: rank AUC and cross-fitted AUC, or rank correlation. Nothing is tuned."""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from fuseworthy.folds import Ints
from fuseworthy.task import Floats, Task

FEWEST, MOST_SCORED = 10, 20
"""Rows a class must have, inside and outside, to be scored; and how many classes are (the most common ones)."""
BINS = 64


@dataclass(frozen=True)
class Truth:
    """The target as the measures here need it.

    Parameters
    ----------
    labels : tuple of str
        Classes scored one against the rest: the second one if there are two; empty for regression.
    hot : (n, classes) bool array
        Membership in those classes.
    ranks : (n,) array
        Ranks of the target from 1; only used for regression.
    """

    labels: tuple[str, ...]
    hot: NDArray[np.bool_]
    ranks: Floats

    @property
    def n(self) -> int:
        return len(self.ranks)

    @property
    def usable(self) -> bool:
        """Whether anything can be measured at all."""
        return self.n >= 2 * FEWEST and (bool(self.labels) or self.hot.shape[1] == 0)

    def take(self, rows: Any) -> Truth:
        """The truth of some rows; classes that become too rare there are left out."""
        hot, ranks = self.hot[rows], self.ranks[rows]
        if not self.labels:
            return Truth((), hot, stats.rankdata(ranks))
        sizes = hot.sum(axis=0)
        keep = np.flatnonzero((sizes >= FEWEST) & (len(hot) - sizes >= FEWEST))
        labels = tuple(self.labels[i] for i in keep)
        return Truth(labels, hot[:, keep] if labels else np.zeros((len(hot), 1), dtype=bool), ranks)


@dataclass(frozen=True)
class Strength:
    """How well a column tells the target.

    Parameters
    ----------
    score : float
        AUC, averaged over the classes (each against the rest), or absolute rank correlation.
    best : float
        The same for the class told best.
    label : str or None
        That class.
    p : float
        Chance of ``best`` if the column says nothing, times the number of classes (normal approximation).
    """

    score: float
    best: float
    label: str | None
    p: float


def truth_of(task: Task, y: NDArray[Any]) -> Truth:
    """Class codes or values to a `Truth`."""
    if not task.is_classification:
        return Truth((), np.zeros((len(y), 0), dtype=bool), stats.rankdata(y))
    sizes = np.bincount(y.astype(np.intp), minlength=task.width)
    codes = [1] if task.width == 2 else sorted(np.argsort(-sizes, kind="stable")[:MOST_SCORED].tolist())
    whole = Truth(tuple(task.classes[c] for c in codes), y[:, None] == np.array(codes), y.astype(np.float64))
    return whole.take(slice(None))


def rank_strength(ranks: Floats, truth: Truth) -> Strength:
    """Strength of the order of the values; either direction counts.

    Parameters
    ----------
    ranks : (n,) average ranks from 1
    """
    if not truth.labels:
        return _correlation(abs(_pearson(ranks, truth.ranks)), truth.n)
    aucs = rank_aucs(ranks[:, None], truth)[0]
    return strength_of_aucs(np.maximum(aucs, 1 - aucs), truth)


def rank_aucs(ranks: Floats, truth: Truth) -> Floats:
    """Mann-Whitney AUC of each column for each class against the rest, (columns, classes)."""
    inside = truth.hot.sum(axis=0).astype(np.float64)
    sums = ranks.T @ truth.hot.astype(np.float64)
    return np.asarray((sums - inside * (inside + 1) / 2) / (inside * (truth.n - inside)))


def fitted_strength(codes: Ints, truth: Truth, seed: int = 0) -> Strength:
    """Strength of the target's share (or mean rank) by value, learned on one half and scored on the other, both ways.

    Parameters
    ----------
    codes : (n,) int array
        Values numbered from 0.
    """
    half = _halves(truth, seed)
    size = int(codes.max()) + 1
    scores = []
    for k in (0, 1):
        learn, score = half != k, half == k
        if truth.labels:
            scores.append(_fitted_aucs(codes, truth.hot, learn, score, size))
        else:
            means = _means(codes[learn], truth.ranks[learn], size)
            scores.append(np.array([_pearson(means[codes[score]], truth.ranks[score])]))
    mean = np.mean(scores, axis=0)
    return strength_of_aucs(mean, truth) if truth.labels else _correlation(max(0.0, float(mean[0])), truth.n)


def strength_of_aucs(aucs: Floats, truth: Truth, trials: int = 1) -> Strength:
    """Summary of one AUC a class; ``trials`` is from how many columns the best was picked."""
    inside = truth.hot.sum(axis=0)
    spread = np.sqrt((truth.n + 1) / (12.0 * inside * (truth.n - inside)))
    top = int(aucs.argmax())
    p = two_sided((aucs[top] - 0.5) / spread[top]) * len(aucs) * trials
    return Strength(float(aucs.mean()), float(aucs[top]), truth.labels[top], min(1.0, p))


def two_sided(z: float) -> float:
    """Chance of a normal value at least this far from zero."""
    return erfc(abs(float(z)) / sqrt(2))


def ranks_and_codes(values: Floats) -> tuple[Floats, Ints]:
    """Average ranks, and the values numbered: each its own if they are few, else in 64 bins of equal count."""
    n = len(values)
    distinct, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    if len(distinct) <= max(BINS, n // 50):
        return ranks, inverse.astype(np.int64)
    bins = min(BINS, max(2, n // FEWEST))
    return ranks, np.minimum((ranks - 0.5) * bins / n, bins - 1).astype(np.int64)


def _fitted_aucs(codes: Ints, hot: NDArray[np.bool_], learn: Any, score: Any, size: int) -> Floats:
    total, held = np.bincount(codes[learn], minlength=size), np.bincount(codes[score], minlength=size)
    aucs = []
    for member in hot.T:
        share = (np.bincount(codes[learn & member], minlength=size) + member[learn].mean()) / (total + 1)
        positive = np.bincount(codes[score & member], minlength=size)
        _, level = np.unique(share.round(12), return_inverse=True)
        inside, outside = np.bincount(level, positive), np.bincount(level, held - positive)
        below = np.cumsum(outside) - outside / 2
        aucs.append(float(inside @ below / (inside.sum() * outside.sum())))
    return np.array(aucs)


def _halves(truth: Truth, seed: int) -> Ints:
    """Half of each row, the classes spread evenly."""
    rng = np.random.default_rng(seed)
    kind = truth.hot @ (1 + np.arange(truth.hot.shape[1])) if truth.labels else np.zeros(truth.n)
    half = np.empty(truth.n, dtype=np.int64)
    half[np.lexsort((rng.random(truth.n), kind))] = np.arange(truth.n) % 2
    return half


def _means(codes: Ints, values: Floats, size: int) -> Floats:
    return np.asarray(
        (np.bincount(codes, values, minlength=size) + values.mean()) / (np.bincount(codes, minlength=size) + 1)
    )


def _pearson(a: Floats, b: Floats) -> float:
    a, b = a - a.mean(), b - b.mean()
    scale = sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / scale if scale > 0 else 0.0


def _correlation(value: float, n: int) -> Strength:
    return Strength(value, value, None, two_sided(value * sqrt(n - 1)))
