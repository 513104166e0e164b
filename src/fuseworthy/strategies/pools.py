"""Ways to pool the singles' predictions: each takes any subset of modalities.

Arrays are stacked over M members: ``p`` (M, n, width) and ``present`` (M, n). A member that is absent for a row has no
say there; with none present the prior of the training part is the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from fuseworthy.strategies.calibration import Calibrator
from fuseworthy.task import Floats, Task

Flags = NDArray[np.bool_]


class Pool(Protocol):
    """Makes one prediction of those of the members."""

    def predict(self, p: Floats, present: Flags) -> Floats:
        """(n, width) from ``p`` (M, n, width) and ``present`` (M, n)."""
        ...


@dataclass(frozen=True)
class WeightedPool:
    """`weighted_pool` with its weights, (M,), and the prior, (width,)."""

    weights: Floats
    prior: Floats

    def predict(self, p: Floats, present: Flags) -> Floats:
        return weighted_pool(p, present, self.weights, self.prior)


@dataclass(frozen=True)
class LogPool:
    """`log_pool` with the prior, (width,)."""

    prior: Floats

    def predict(self, p: Floats, present: Flags) -> Floats:
        return log_pool(p, present, self.prior)


def weighted_pool(p: Floats, present: Flags, weights: Floats, prior: Floats) -> Floats:
    """Weighted mean over the members present, (n, width): the linear opinion pool."""
    w = weights[:, None] * present
    total = w.sum(axis=0)
    pooled = np.einsum("mn,mnc->nc", w, p) / np.where(total > 0, total, 1.0)[:, None]
    return np.where((total > 0)[:, None], pooled, prior)


def log_pool(p: Floats, present: Flags, prior: Floats) -> Floats:
    """Geometric mean over the members present, normalised, (n, classes)."""
    share = present / np.maximum(np.asarray(present.sum(axis=0)), 1)
    logs = np.einsum("mn,mnc->nc", share, np.log(np.clip(p, 1e-6, 1.0)))
    return np.where(np.asarray(present.any(axis=0))[:, None], special.softmax(logs, axis=1), prior)


def precision_pool(errors: Floats, prior: Floats) -> WeightedPool:
    """Regression's log-pool: Gaussian beliefs multiply, so members weigh by the inverse of their squared error, (M,)."""
    return WeightedPool(1 / np.maximum(errors, 1e-12), prior)


def fit_weights(p: Floats, present: Flags, y: NDArray[Any], task: Task) -> Floats:
    """Non-negative weights that sum to one and minimise the loss of the weighted mean as it will be used, (M,).

    A mean of probabilities is underconfident (Ranjan & Gneiting 2010), so the weights are fitted together with the
    slope that recalibrates it; fitted without, they would shun fusing.
    """
    members, prior = len(p), task.prior(y)

    def loss(free: Floats) -> float:
        pooled = weighted_pool(p, present, special.softmax(np.append(free[:-1], 0.0)), prior)
        slope = float(np.exp(free[-1])) if task.is_classification else 1.0
        return task.mean_loss(y, Calibrator(task, slope).apply(pooled))

    bounds = [(-8, 8)] * (members - 1) + [(-2, 2)]
    found = optimize.minimize(loss, np.zeros(members), method="L-BFGS-B", bounds=bounds)
    return np.asarray(special.softmax(np.append(found.x[:-1], 0.0)))


def greedy_weights(p: Floats, present: Flags, y: NDArray[Any], task: Task, rounds: int = 20) -> Floats:
    """Ensemble selection with replacement (Caruana et al. 2004), weights of shape (M,)."""
    members, prior = len(p), task.prior(y)
    counts = np.zeros(members)
    best_counts, best_loss = counts, np.inf
    for _ in range(rounds):
        trials = [counts + np.eye(members)[m] for m in range(members)]
        losses = [task.mean_loss(y, weighted_pool(p, present, t, prior)) for t in trials]
        counts = trials[int(np.argmin(losses))]
        if min(losses) < best_loss:
            best_counts, best_loss = counts, min(losses)
    return np.asarray(best_counts / best_counts.sum())


class Stacker:
    """Logistic (or ridge) regression on the members' evidence, with availability flags (Wolpert 1992).

    Evidence is the log-odds (log-probabilities, or value) of a member minus the prior's, and zero where the member is
    absent; a flag a member tells when it is absent, if that varies. So absent members shift nothing they should not.
    """

    grid: tuple[float, ...] = (0.03, 0.3, 3.0, 30.0)

    def __init__(self, task: Task, prior: Floats, grid: tuple[float, ...] | None = None) -> None:
        self.task, self.prior = task, prior
        self.grid = grid or self.grid

    def fit(self, p: Floats, present: Flags, y: NDArray[Any], inner: NDArray[np.int64]) -> Stacker:
        """Fit on out-of-fold predictions; the penalty by the same inner folds, so groups stay whole."""
        self.flagged_ = np.flatnonzero(~present.all(axis=1) & present.any(axis=1))
        x = self._evidence(p, present)
        self.scale_ = np.maximum(x.std(axis=0), 1e-9) if not self.task.is_classification else np.ones(x.shape[1])
        x = x / self.scale_
        tried = [self._out_of_fold(x, y, inner, c) for c in self.grid]
        best = int(np.argmin([self.task.mean_loss(y, predictions) for predictions in tried]))
        self.c_, self.inner_ = self.grid[best], tried[best]
        self.model_ = self._fit(x, y, self.c_)
        return self

    def __getstate__(self) -> dict[str, Any]:
        return without_rows(self.__dict__)

    def predict(self, p: Floats, present: Flags) -> Floats:
        """(n, width)"""
        from fuseworthy.strategies.families import outputs

        if p.shape[1] == 0:
            return np.empty((0, self.task.width))
        return outputs(self.model_, self._evidence(p, present) / self.scale_, self.task)

    def _evidence(self, p: Floats, present: Flags) -> Floats:
        if not self.task.is_classification:
            columns = p[:, :, 0] - self.prior[0]
        else:
            logs = np.log(np.clip(p, 1e-6, 1.0)) - np.log(self.prior)
            if self.task.kind == "binary":
                columns = logs[:, :, 1] - logs[:, :, 0]
            else:
                centred = logs - logs.mean(axis=2, keepdims=True)
                evidence = np.where(present[:, :, None], centred, 0.0)
                return np.hstack([*evidence, (~present[self.flagged_]).T.astype(float)])
        return np.vstack([np.where(present, columns, 0.0), (~present[self.flagged_]).astype(float)]).T

    def _out_of_fold(self, x: Floats, y: NDArray[Any], inner: NDArray[np.int64], c: float) -> Floats:
        from fuseworthy.strategies.families import outputs

        predictions = np.tile(self.prior, (len(y), 1))
        for k in np.unique(inner):
            fit, score = inner != k, inner == k
            if fit.any():
                predictions[score] = outputs(self._fit(x[fit], y[fit], c), x[score], self.task)
        return predictions

    def _fit(self, x: Floats, y: NDArray[Any], c: float) -> Any:
        from fuseworthy.strategies.families import FAMILIES
        from fuseworthy.strategies.tuning import fit_model

        return fit_model(FAMILIES["vectors"][0], {"C": c}, x, y, self.task, 0, [])


def without_rows(state: Mapping[str, Any]) -> dict[str, Any]:
    """What a fitted pool answers with: predictions of the rows it was fitted on are not kept where it is kept."""
    return {name: value for name, value in state.items() if name != "inner_"}
