"""What linear models truly cost on new rows: closed forms for two classes and for regression, fresh rows for more."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from fuseworthy.selftest.draws import draw
from fuseworthy.selftest.learners import predict
from fuseworthy.selftest.settings import Design, Setting
from fuseworthy.task import CLIP, Floats

FRESH_ROWS = 4000
GRID = np.linspace(-8.5, 8.5, 341)
"""Abscissae, in standard deviations, of the trapezoid rule; exact to 1e-9 for a smooth function of a Gaussian."""
DENSITY = np.exp(-(GRID**2) / 2) / np.exp(-(GRID**2) / 2).sum()


def true_losses(weights: Floats, setting: Setting, label: int, rng: np.random.Generator) -> Floats:
    """Expected deciding loss of each model on one new row, (models,); metrics have their sign turned.

    Parameters
    ----------
    weights : (models, columns + 1, outputs)
    """
    population = setting.population
    if population.kind == "regression" and not population.moved:
        return squared_error(weights, setting, label)
    if population.kind == "binary" and not population.moved:
        return binary_loss(weights, setting, label)
    fresh = draw(population, Design(FRESH_ROWS), setting.noise_candidates, FRESH_ROWS, rng)
    x, y = fresh.x[label], fresh.y[label].astype(np.intp)
    p = predict(weights, x, population.task)
    if setting.decide_on is None:
        return np.asarray(population.task.row_loss(y, p).mean(axis=-1))
    raise ValueError(f"the true {setting.decide_on} is not known for {population.kind} targets")


def squared_error(weights: Floats, setting: Setting, label: int) -> Floats:
    """Expected squared error over the target's variance: 1 + (β − b)'Σ(β − b) + b0², over the variance."""
    population = setting.population
    off = weights[:, :-1, 0].copy()
    off[:, : population.width] -= population.weights(label)
    cost = 1 + np.einsum("mi,ij,mj->m", off, _covariance(setting, weights.shape[1] - 1), off) + weights[:, -1, 0] ** 2
    return np.asarray(cost / population.task.variance)


def binary_loss(weights: Floats, setting: Setting, label: int) -> Floats:
    """Log-loss, or AUC or macro F1 with the sign turned, of a score that is Gaussian in each class."""
    population = setting.population
    direction = weights[:, :, 1] - weights[:, :, 0]
    means = np.zeros((2, weights.shape[1] - 1))
    means[:, : population.width] = population.means(label)
    centre = direction[:, :-1] @ means.T + direction[:, -1:]
    sd = np.sqrt(
        np.einsum("mi,ij,mj->m", direction[:, :-1], _covariance(setting, weights.shape[1] - 1), direction[:, :-1])
    )
    if setting.decide_on is not None:
        return -_metric(setting.decide_on, centre, np.maximum(sd, 1e-12), population.shares)
    score = centre[:, :, None] + sd[:, None, None] * GRID
    sign = np.array([1.0, -1.0])[:, None]
    cost = np.clip(np.logaddexp(0.0, sign * score), -np.log1p(-CLIP["binary"]), -np.log(CLIP["binary"]))
    return np.asarray((cost @ DENSITY) @ population.shares)


def _metric(metric: str, centre: Floats, sd: Floats, shares: Floats) -> Floats:
    """AUC, accuracy or macro F1 of scores N(centre, sd²), cut at zero."""
    if metric == "auc":
        return np.asarray(ndtr((centre[:, 1] - centre[:, 0]) / (np.sqrt(2) * sd)))
    said = ndtr(centre / sd[:, None]) * shares
    hits, false, missed = said[:, 1], said[:, 0], shares[1] - said[:, 1]
    if metric == "accuracy":
        return np.asarray(hits + shares[0] - false)
    if metric == "macro-f1":
        rejected = shares[0] - false
        return np.asarray(hits / (2 * hits + false + missed) + rejected / (2 * rejected + false + missed))
    raise ValueError(f"the true {metric} is not known in closed form")


def _covariance(setting: Setting, columns: int) -> Floats:
    """Of all columns, within classes; the moved ones are in no policy and count as independent."""
    out = np.eye(columns)
    width = setting.population.width
    out[:width, :width] = setting.population.covariance
    return out
