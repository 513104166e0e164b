"""Many comparisons at once: adjusted p-values, simultaneous intervals, and the set that cannot be told from the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from fuseworthy.evidence.intervals import row_means
from fuseworthy.folds import Folds
from fuseworthy.task import Floats


def holm(p_values: Sequence[float]) -> list[float]:
    """Step-down adjusted p-values (Holm 1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted, highest = [1.0] * len(p_values), 0.0
    for place, i in enumerate(np.argsort(p_values, kind="stable").tolist()):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[i]))
        adjusted[i] = highest
    return adjusted


def simultaneous_quantile(influences: Sequence[Floats], alpha: float, draws: int = 20_000) -> float:
    """Two-sided quantile of the largest of several correlated t-like statistics (max-T), at error ``alpha`` a side."""
    if not influences:
        return float(stats.norm.ppf(1 - alpha))
    matrix = np.array([i / max(float(np.sqrt((i**2).sum())), 1e-300) for i in influences])
    drawn = np.random.default_rng(0).multivariate_normal(np.zeros(len(matrix)), matrix @ matrix.T, draws, method="eigh")
    return float(np.quantile(np.abs(drawn).max(axis=1), 1 - 2 * alpha))


def model_confidence_set(
    losses: Mapping[str, Floats], folds: Folds, *, draws: int = 5000, random_state: int = 0
) -> dict[str, float]:
    """How well each strategy can be told from the best: name -> p-value of the set (Hansen, Lunde & Nason 2011).

    Strategies with p ≥ .1 form the 90 % model confidence set: the best is among them in nine studies of ten. While the
    strategies left are not all alike, the worst is dropped; its p-value is the largest so far. The distribution of the
    largest standardised loss is drawn from the normal with the covariance of row (or cluster) means, which is what a
    bootstrap over rows tends to.

    Parameters
    ----------
    losses : name -> (repeats, n), NaN where not scored

    Returns
    -------
    dict, in the order of dropping; the last has p = 1
    """
    names = list(losses)
    table = np.column_stack([row_means(losses[name]) for name in names])
    rows = np.isfinite(table).all(axis=1)
    means = table[rows].mean(axis=0)
    centred = table[rows] - means
    if folds.clusters is not None:
        inverse = np.unique(folds.clusters[rows], return_inverse=True)[1]
        centred = np.column_stack([np.bincount(inverse, weights=column) for column in centred.T])
    covariance = centred.T @ centred / int(rows.sum()) ** 2
    noise = np.random.default_rng(random_state).multivariate_normal(
        np.zeros(len(names)), covariance, draws, method="eigh"
    )
    left, found, highest = list(range(len(names))), {}, 0.0
    while len(left) > 1:
        excess = means[left] - means[left].mean()
        drawn = noise[:, left] - noise[:, left].mean(axis=1, keepdims=True)
        spread = np.maximum(drawn.std(axis=0), 1e-300)
        observed = excess / spread
        p = float(((drawn / spread).max(axis=1) >= observed.max()).mean()) if excess.max() > 0 else 1.0
        highest = max(highest, p)
        found[names[left.pop(int(observed.argmax()))]] = highest
    return found | {names[left[0]]: 1.0}
