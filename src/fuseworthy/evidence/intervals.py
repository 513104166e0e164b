"""Paired intervals: how sure a mean difference is, with rows, clusters, folds or time as the unit of chance."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from scipy import stats

from fuseworthy.folds import Folds
from fuseworthy.task import Floats

FEW_GROUPS = 150
"""Fewer groups than this leave one pass over the folds no more degrees of freedom than there are folds, less one."""


@dataclass(frozen=True)
class Interval:
    """A paired gain with its two-sided interval.

    Parameters
    ----------
    gain : float
        Mean difference; positive is better.
    se : float
        Standard error.
    low, high : float
        Two one-sided tests at ``alpha`` each: a 90 % interval for alpha = .05.
    df : float
        Degrees of freedom of the t quantile.
    p_value : float
        One-sided: the chance of a gain this large if there is none.
    """

    gain: float
    se: float
    low: float
    high: float
    df: float
    p_value: float

    def to_dict(self) -> dict[str, Any]:
        return {"gain": self.gain, "low": self.low, "high": self.high, "se": self.se, "p": self.p_value}


def paired_interval(
    difference: Floats, folds: Folds, *, alpha: float = 0.05, choice: float = 0.0, optimism: float = 0.0
) -> Interval:
    """Interval of the mean of paired differences over repeated folds.

    The standard error is the larger of the row (or cluster) sandwich over repeat-averaged differences and the
    corrected resampled one of Nadeau & Bengio (2003) over fold means. One pass over the folds (``repeats=1``) uses
    the same maximum with n - 1 degrees of freedom, or K - 1 where rows come in few groups; temporal folds use
    Newey-West over time, or a t over fold means where that is wider; a held-out set uses the row (or cluster) error,
    and with several seeds adds the error of their mean.

    Parameters
    ----------
    difference : (repeats, n) array
        Loss of the reference minus loss of the candidate; NaN where a row is not scored.
    folds : Folds
    alpha : float
        One-sided error; temporal studies should pass .025.
    choice : float
        Standard error that comes from choosing the reference, added in quadrature.
    optimism : float
        The same for the candidate; to have been chosen can only flatter it, so it lowers ``low`` alone.
    """
    per_row = row_means(difference)
    rows = np.flatnonzero(np.isfinite(per_row))
    gain = float(per_row[rows].mean())
    clusters = None if folds.clusters is None else folds.clusters[rows]
    independent = len(rows) if clusters is None else len(np.unique(clusters))
    if folds.order is not None:
        return _temporal_interval(difference, folds, per_row, gain, alpha, choice, optimism)
    se = row_error(per_row[rows], clusters)
    df = independent - 1.0
    if folds.count > 1:
        means = fold_means(difference, folds)
        se = max(se, float(means.std(ddof=1)) * sqrt(1 / means.size + 1 / (folds.count - 1)))
        if folds.repeats > 1 or (clusters is not None and independent < FEW_GROUPS):
            df = min(means.size - 1.0, df)
    elif folds.repeats > 1:
        seeds = fold_means(difference, folds)
        se = float(np.hypot(se, seeds.std(ddof=1) / sqrt(seeds.size)))
    return _t_interval(gain, float(np.hypot(se, choice)), df, alpha, optimism)


def row_means(difference: Floats) -> Floats:
    """Mean over repeats of each row, (n,); NaN for a row that is never scored."""
    known = np.isfinite(difference)
    total = np.where(known, difference, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def fold_means(difference: Floats, folds: Folds) -> Floats:
    """Mean difference of every repeat and fold that is scored, flattened."""
    means = [
        difference[r, folds.assignment[r] == k].mean()
        for r in range(folds.repeats)
        for k in range(folds.count)
        if np.isfinite(difference[r, folds.assignment[r] == k]).all()
    ]
    return np.array(means)


def row_error(values: Floats, clusters: Any) -> float:
    """Standard error of the mean of rows, (n,), or its cluster sandwich."""
    centred = values - values.mean()
    if clusters is not None:
        _, inverse = np.unique(clusters, return_inverse=True)
        centred = np.bincount(inverse, weights=centred)
    g = len(centred)
    return sqrt(g / max(g - 1, 1) * float((centred**2).sum())) / len(values)


def _temporal_interval(
    difference: Floats, folds: Folds, per_row: Floats, gain: float, alpha: float, choice: float, optimism: float
) -> Interval:
    """Half-width is the larger of z × Newey-West over time and t × fold error (Diebold & Mariano 1995)."""
    assert folds.order is not None
    rows = np.flatnonzero(np.isfinite(per_row))
    moments = np.unique(folds.order[rows], return_inverse=True)[1]
    centred = np.bincount(moments, weights=per_row[rows] - gain)  # rows of one moment speak as one
    n = len(centred)
    lag = max(1, int(1.5 * n ** (1 / 3)))
    total = float(centred @ centred)
    for step in range(1, min(lag, n - 1) + 1):
        total += 2 * (1 - step / (lag + 1)) * float(centred[step:] @ centred[:-step])
    hac = sqrt(max(total, 0.0)) / len(rows)
    if folds.clusters is not None:
        hac = max(hac, row_error(per_row[rows], folds.clusters[rows]))
    by_time = _t_interval(gain, float(np.hypot(hac, choice)), np.inf, alpha, optimism)
    means = fold_means(difference, folds)
    if len(means) < 2:
        return by_time
    se_fold = float(means.std(ddof=1)) / sqrt(len(means))
    by_fold = _t_interval(gain, float(np.hypot(se_fold, choice)), len(means) - 1.0, alpha, optimism)
    return max(by_time, by_fold, key=lambda interval: interval.high - interval.low)


def _t_interval(gain: float, se: float, df: float, alpha: float, optimism: float = 0.0) -> Interval:
    below = float(np.hypot(se, optimism))
    if below == 0:
        return Interval(gain, 0.0, gain, gain, df, 0.0 if gain > 0 else 1.0)
    quantile = float(stats.t.ppf(1 - alpha, df))
    return Interval(gain, se, gain - quantile * below, gain + quantile * se, df, float(stats.t.sf(gain / below, df)))
