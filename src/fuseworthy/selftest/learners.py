"""Learners in closed form, from moments of the training parts alone; every model is linear in the columns.

A model is an array of weights (parts, columns + 1, outputs): log-odds of each class up to a constant, or one value;
the last of the columns is the intercept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.task import Floats, Task


@dataclass(frozen=True)
class Moments:
    """What training parts say, all at once.

    Parameters
    ----------
    count : (parts, classes)
        Rows; regression is one class.
    mean : (parts, classes, columns)
    scatter : (parts, columns, columns)
        Sum of squares and products within classes.
    with_y : (parts, columns), y_mean : (parts,)
        Sum of products with the centred target, and its mean; regression only.
    """

    count: Floats
    mean: Floats
    scatter: Floats
    with_y: Floats
    y_mean: Floats


def moments(x: Floats, y: NDArray[Any], task: Task, block: NDArray[np.int64], parts: Floats) -> Moments:
    """Moments of training parts that are unions of blocks of rows.

    Parameters
    ----------
    x : (n, columns); y : (n,)
    block : (repeats, n)
        Number of the block of each row; each repeat has its own blocks.
    parts : (repeats, parts, blocks)
        How often each block is in each training part.
    """
    classes = task.width if task.is_classification else 1
    hot = np.eye(classes)[y.astype(np.intp)] if task.is_classification else np.ones((len(y), 1))
    target = y[:, None] * ~np.array(task.is_classification)
    wide = np.hstack([hot, x, target])
    grams = np.empty((*parts.shape[::2], wide.shape[1], wide.shape[1]))
    for r, own in enumerate(block):
        for b in range(parts.shape[2]):
            rows = wide[own == b]
            grams[r, b] = rows.T @ rows
    total = np.einsum("rpb,rbij->rpij", parts, grams).reshape(-1, wide.shape[1], wide.shape[1])
    count = np.diagonal(total[:, :classes, :classes], axis1=1, axis2=2)
    mean = total[:, :classes, classes:] / np.maximum(count, 1e-9)[:, :, None]
    scatter = total[:, classes:, classes:] - np.einsum("pc,pci,pcj->pij", count, mean, mean)
    return Moments(count, mean[:, :, :-1], scatter[:, :-1, :-1], scatter[:, :-1, -1], mean[:, 0, -1])


def linear(found: Moments, columns: Sequence[int], shrinkage: float) -> Floats:
    """Linear discriminant analysis, or ridge regression, on some columns.

    Parameters
    ----------
    shrinkage : float
        Share of a multiple of the identity in the pooled covariance (Friedman 1989).
    """
    own = np.asarray(columns)
    weights = _solve(_take(found, own), shrinkage)
    out = np.zeros((len(weights), found.mean.shape[2] + 1, weights.shape[2]))
    out[:, own], out[:, -1] = weights[:, :-1], weights[:, -1]
    return out


def pooled(models: Sequence[Floats], found: Moments) -> Floats:
    """Sum of the modalities' log-odds, or of their values, recalibrated (Ranjan & Gneiting 2010)."""
    return stacked([np.asarray(np.sum(models, axis=0))], found)


def stacked(models: Sequence[Floats], found: Moments) -> Floats:
    """Discriminant analysis, or least squares, on the models' outputs."""
    through = np.concatenate([m[:, :-1, 1:] - m[:, :-1, :1] if m.shape[2] > 1 else m[:, :-1] for m in models], axis=2)
    seen = Moments(
        found.count,
        found.mean @ through,
        np.swapaxes(through, 1, 2) @ found.scatter @ through,
        (found.with_y[:, None] @ through)[:, 0],
        found.y_mean,
    )
    inner = _solve(seen, 1e-3)
    return np.concatenate([through @ inner[:, :-1], inner[:, -1:]], axis=1)


def predict(weights: Floats, x: Floats, task: Task) -> Floats:
    """Probabilities of each class, or values, (..., n, width), from weights (..., columns + 1, outputs)."""
    scores = x @ weights[..., :-1, :] + weights[..., -1:, :]
    if not task.is_classification:
        return np.asarray(scores)
    odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True))


def _take(found: Moments, own: NDArray[Any]) -> Moments:
    return Moments(
        found.count,
        found.mean[:, :, own],
        found.scatter[:, own[:, None], own],
        found.with_y[:, own],
        found.y_mean,
    )


def _solve(found: Moments, shrinkage: float) -> Floats:
    """Weights with the intercept last, (parts, columns + 1, outputs)."""
    size = found.scatter.shape[-1]
    n = found.count.sum(axis=1)
    mean_square = np.trace(found.scatter, axis1=1, axis2=2)[:, None, None] / size
    scatter = (1 - shrinkage) * found.scatter + (shrinkage + 1e-9) * mean_square * np.eye(size)
    if found.with_y.any():
        slope = np.linalg.solve(scatter, found.with_y[:, :, None])
        level = found.y_mean[:, None, None] - found.mean @ slope
        return np.concatenate([slope, level], axis=1)
    inverse = np.linalg.solve(scatter, np.swapaxes(found.mean, 1, 2)) * (n - found.count.shape[1])[:, None, None]
    level = np.log(_shares(found)) - np.einsum("pci,pic->pc", found.mean, inverse) / 2
    return np.concatenate([inverse, level[:, None]], axis=1)


def _shares(found: Moments) -> Floats:
    return np.asarray((found.count + 0.5) / (found.count + 0.5).sum(axis=1, keepdims=True))
