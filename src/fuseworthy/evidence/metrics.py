"""Headline metrics, with each row's share, so that one interval serves them all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from fuseworthy.errors import InputError, nearest
from fuseworthy.folds import Folds
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats, Task

TITLES = {
    "accuracy": "accuracy",
    "balanced-accuracy": "balanced accuracy",
    "macro-f1": "macro F1",
    "auc": "AUC",
    "brier": "Brier score",
    "log-loss": "log-loss",
    "r2": "R²",
    "mae": "mean absolute error",
}
LOWER_IS_BETTER = frozenset({"brier", "log-loss", "mae"})
FITTING = {
    "binary": ("auc", "accuracy", "balanced-accuracy", "macro-f1", "brier", "log-loss"),
    "multiclass": ("accuracy", "balanced-accuracy", "macro-f1", "auc", "brier", "log-loss"),
    "regression": ("r2", "mae"),
}


def check_metric(metric: str | None, task: Task) -> str:
    """The headline metric: as asked, or the usual one for the task.

    Raises
    ------
    InputError
        Unknown, or not for this kind of target.
    """
    if metric is None:
        return FITTING[task.kind][0]
    if metric not in FITTING[task.kind]:
        raise InputError(
            f"metric must be one that fits a {task.kind} target, but {metric!r} came: "
            f"{nearest(metric, FITTING[task.kind])}."
        )
    return metric


def row_scores(metric: str, task: Task, y: NDArray[Any], prediction: Floats) -> Floats:
    """Per-row scores of one fold whose mean is the metric and whose spread gives its standard error.

    For decomposable metrics these are the rows' own scores; for AUC the structural components of DeLong et al.
    (1988), for balanced accuracy the class-centred hits, for macro F1 its influence values.

    Parameters
    ----------
    y : (n,); prediction : (n, width)
    """
    match metric:
        case "accuracy":
            return np.asarray(prediction.argmax(axis=1) == y, dtype=np.float64)
        case "balanced-accuracy":
            return _by_class(np.asarray(prediction.argmax(axis=1) == y, dtype=np.float64), y)
        case "macro-f1":
            return _f1_scores(task, y, prediction)
        case "auc":
            return _auc_scores(task, y, prediction)
        case "brier":
            hot = np.eye(task.width)[y.astype(int)]
            return np.asarray(((prediction - hot) ** 2).sum(axis=1) / (2 if task.width == 2 else 1))
        case "log-loss":
            return task.row_loss(y, prediction)
        case "r2":
            return 1 - task.row_loss(y, prediction)
        case "mae":
            return np.abs(y - prediction[:, 0])
    raise InputError(f"metric {metric!r} is not known: {nearest(metric, TITLES)}.")


def ledger_scores(metric: str, ledger: Ledger, prediction: Floats) -> Floats:
    """`fold_scores` of predictions for a ledger's rows; several labels are scored one by one."""
    return fold_scores(metric, ledger.task, ledger.y, prediction, ledger.folds, ledger.labels)


def fold_scores(
    metric: str,
    task: Task,
    y: NDArray[Any],
    prediction: Floats,
    folds: Folds,
    labels: NDArray[Any] | None = None,
) -> Floats:
    """Row scores taken fold by fold (scores of different models are never pooled), (repeats, n).

    NaN where a row is not scored, and in folds where the metric is not defined (AUC where one class is alone).

    Raises
    ------
    InputError
        The metric is defined in no fold.
    """
    out = np.full(prediction.shape[:2], np.nan)
    kinds = [None] if labels is None else [labels == label for label in np.unique(labels)]
    for r in range(folds.repeats):
        for k in range(folds.count):
            for own in kinds:
                rows = folds.test(r, k) if own is None else np.flatnonzero(own & (folds.assignment[r] == k))
                defined = metric != "auc" or len(np.unique(y[rows])) > 1
                if defined and np.isfinite(prediction[r, rows]).all():
                    out[r, rows] = row_scores(metric, task, y[rows], prediction[r, rows])
    if not np.isfinite(out).any():
        raise InputError(
            f"metric {metric!r} must be defined in some fold, but every fold has one class only. "
            "Pass metric=accuracy, or fewer folds."
        )
    return out


def _by_class(values: Floats, y: NDArray[Any]) -> Floats:
    """Centre within class and re-weigh, so that the mean is the mean of class means."""
    labels = np.unique(y)
    means = np.array([values[y == label].mean() for label in labels])
    out = np.full(len(values), means.mean())
    for label, mean in zip(labels, means, strict=True):
        own = y == label
        out[own] += (values[own] - mean) * len(values) / (own.sum() * len(labels))
    return out


def _f1_scores(task: Task, y: NDArray[Any], prediction: Floats) -> Floats:
    """Macro F1 plus each row's influence on it: F = Σa / Σb of each class has influence (a - F·b) / mean(b)."""
    said, parts = prediction.argmax(axis=1), []
    for c in np.union1d(np.unique(y), np.unique(said)):
        a, b = 2.0 * ((y == c) & (said == c)), (y == c).astype(float) + (said == c)
        f1 = a.sum() / b.sum()
        parts.append(f1 + (a - f1 * b) / b.mean())
    return np.asarray(np.mean(parts, axis=0))


def _auc_scores(task: Task, y: NDArray[Any], prediction: Floats) -> Floats:
    present = np.unique(y).astype(int)
    if len(present) < 2:
        raise InputError(
            "AUC needs both classes in every fold, but one fold has a single class. Pass fewer folds, or another metric."
        )
    if task.kind == "binary":
        return _delong(prediction[:, 1], y == 1)
    parts = [_delong(prediction[:, c], y == c) for c in present]
    return np.asarray(np.mean(parts, axis=0))


def _delong(score: Floats, positive: NDArray[np.bool_]) -> Floats:
    """AUC + (placement - AUC) / class share: mean is the AUC, variance that of DeLong et al. (1988)."""
    n, n1 = len(score), int(positive.sum())
    overall = stats.rankdata(score)
    placement = np.empty(n)
    placement[positive] = (overall[positive] - stats.rankdata(score[positive])) / (n - n1)
    placement[~positive] = 1 - (overall[~positive] - stats.rankdata(score[~positive])) / n1
    auc = placement[positive].mean()
    share = np.where(positive, n1 / n, (n - n1) / n)
    return np.asarray(auc + (placement - auc) / share)
