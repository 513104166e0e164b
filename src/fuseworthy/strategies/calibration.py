"""The last step of every strategy: outputs put on the scale of the truth, learned on inner out-of-fold rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from fuseworthy.platt import fit_line
from fuseworthy.task import Floats, Task

FLOOR = 1e-6


def log_odds(p: Floats) -> Floats:
    """Binary (n, 2) probabilities to (n,) log-odds."""
    q = np.clip(p[:, 1], FLOOR, 1 - FLOOR)
    return np.asarray(np.log(q) - np.log1p(-q))


@dataclass(frozen=True)
class Calibrator:
    """Platt scaling (two classes), temperature scaling (more), or a straight line (regression).

    Parameters
    ----------
    slope, intercept : float
        Of the log-odds, of the log-probabilities (intercept unused), or of the prediction.
    """

    task: Task
    slope: float = 1.0
    intercept: float = 0.0

    def apply(self, outputs: Floats) -> Floats:
        """(n, width) calibrated outputs."""
        if not self.task.is_classification:
            return self.slope * outputs + self.intercept
        if self.task.kind == "binary":
            p = special.expit(self.slope * log_odds(outputs) + self.intercept)
            return np.column_stack([1 - p, p])
        return np.asarray(special.softmax(self.slope * np.log(np.clip(outputs, FLOOR, 1.0)), axis=1))


def fit_calibrator(outputs: Floats, y: NDArray[Any], task: Task) -> Calibrator:
    """Fit on outputs for rows their model has not seen (Platt 1999; Guo et al. 2017).

    Parameters
    ----------
    outputs : (n, width)
    y : (n,)
    """
    if not task.is_classification:
        x = outputs[:, 0]
        spread = float(x.var())
        slope = float(np.cov(x, y, bias=True)[0, 1] / spread) if spread > 0 else 1.0
        slope = max(slope, 0.0)  # worse than useless: the mean, rather than the order turned round
        return Calibrator(task, slope, float(y.mean() - slope * x.mean()))
    if task.kind == "binary":
        return Calibrator(task, *_platt(log_odds(outputs), y))
    logs = np.log(np.clip(outputs, FLOOR, 1.0))
    chosen = logs[np.arange(len(y)), y]

    def loss(log_slope: float) -> float:
        slope = np.exp(log_slope)
        return float((special.logsumexp(slope * logs, axis=1) - slope * chosen).mean())

    best = optimize.minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded")
    return Calibrator(task, float(np.exp(best.x)))


def _platt(x: Floats, y: NDArray[Any]) -> tuple[float, float]:
    line = fit_line(x, y)
    if line.slope > 0:
        return line.slope, line.intercept
    rate = (y.sum() + 0.5) / (len(y) + 1.0)  # worse than useless: the base rate, rather than the ranking turned round
    return 0.0, float(np.log(rate / (1 - rate)))
