"""Choosing a family's setting by inner folds, with one budget for all."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fuseworthy.folds import Ints
from fuseworthy.strategies.families import Family, Setting, outputs, sized
from fuseworthy.strategies.moments import MOST_COLUMNS, ridge_out_of_fold
from fuseworthy.task import Floats, Task

SCREENED = 1000
"""From this many training rows on, settings are screened on the first inner fold; only the best sees the others."""


@dataclass(frozen=True)
class Tuned:
    """The chosen setting, and its predictions of every training row by models that did not see it."""

    setting: Setting
    inner: Floats


def fit_model(
    family: Family, setting: Setting, x: Any, y: NDArray[Any], task: Task, seed: int, flags: list[int]
) -> Any:
    """Fit one estimator. Slow convergence is not reported: the inner loss judges what came out."""
    from sklearn.exceptions import ConvergenceWarning

    if task.is_classification and len(np.unique(y)) < 2:
        from sklearn.dummy import DummyClassifier

        return DummyClassifier().fit(x, y)
    x = _some_number_in_each_column(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return family.estimator(task, sized(setting, len(y)), seed, flags).fit(x, y)


def _some_number_in_each_column(x: Any) -> Any:
    """The features with zeros in columns that hold no number at all: histograms cannot be made of nothing."""
    if sparse.issparse(x) or not (empty := np.isnan(x).all(axis=0)).any():
        return x
    return np.where(empty, 0.0, x)


def tune(family: Family, x: Any, y: NDArray[Any], task: Task, inner: Ints, seed: int, flags: list[int]) -> Tuned:
    """Pick the setting with the lowest inner loss.

    Parameters
    ----------
    x : (n, d) features of the training rows
    y : (n,)
    inner : (n,) inner folds
    """
    folds = list(np.unique(inner))
    if _by_moments(family, x, task) and len(folds) > 1:
        return _tune_ridge(family, x, y, task, inner)
    first = folds[:1] if len(y) >= SCREENED else folds
    tried = [_out_of_fold(family, s, x, y, task, inner, first, seed, flags) for s in family.settings]
    rows = np.isin(inner, first)
    scores = [task.mean_loss(y[rows], p[rows]) for p in tried]
    best = int(np.argmin(scores))
    predictions = tried[best]
    if len(first) < len(folds):
        rest = _out_of_fold(family, family.settings[best], x, y, task, inner, folds[1:], seed, flags)
        predictions = np.where(rows[:, None], predictions, rest)
    return Tuned(family.settings[best], predictions)


def cross_fit(
    family: Family, setting: Setting, x: Any, y: NDArray[Any], task: Task, inner: Ints, seed: int, flags: list[int]
) -> Floats:
    """Out-of-fold predictions with a given setting, (n, width)."""
    if _by_moments(family, x, task) and len(np.unique(inner)) > 1:
        return np.asarray(_ridge(family, (setting,), x, y, inner)[0])
    return _out_of_fold(family, setting, x, y, task, inner, list(np.unique(inner)), seed, flags)


def _by_moments(family: Family, x: Any, task: Task) -> bool:
    """Whether every fit of the family follows from sums over the rows."""
    if family.ridge is None or task.is_classification or sparse.issparse(x):
        return False
    return bool(x.shape[1] <= MOST_COLUMNS)


def _tune_ridge(family: Family, x: Floats, y: NDArray[Any], task: Task, inner: Ints) -> Tuned:
    """All settings on all inner folds: there is nothing to save by screening."""
    tried = _ridge(family, family.settings, x, y, inner)
    best = int(np.argmin([task.mean_loss(y, predictions) for predictions in tried]))
    return Tuned(family.settings[best], tried[best])


def _ridge(family: Family, settings: tuple[Setting, ...], x: Floats, y: NDArray[Any], inner: Ints) -> Floats:
    assert family.ridge is not None
    penalties = [family.ridge(setting) for setting in settings]
    return ridge_out_of_fold(x, y, inner, penalties)


def _out_of_fold(
    family: Family,
    setting: Setting,
    x: Any,
    y: NDArray[Any],
    task: Task,
    inner: Ints,
    folds: list[Any],
    seed: int,
    flags: list[int],
) -> Floats:
    predictions = np.tile(task.prior(y), (len(y), 1))
    for k in folds:
        fit, score = np.flatnonzero(inner != k), np.flatnonzero(inner == k)
        if len(fit) == 0:
            continue
        model = fit_model(family, setting, x[fit], y[fit], task, seed, flags)
        predictions[score] = outputs(model, x[score], task)
    return predictions
