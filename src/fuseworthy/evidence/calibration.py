"""Calibration: does a stated probability, or value, mean what it says?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from fuseworthy.ledger import Ledger
from fuseworthy.platt import fit_line
from fuseworthy.task import Floats, Task

BINS = 10


def recalibration_slope(task: Task, y: NDArray[Any], prediction: Floats) -> dict[str, float]:
    """Slope (1 = calibrated, below 1 = overconfident) and intercept, with a 90 % interval of the slope.

    Logistic regression of the truth on the log-odds (Cox 1958); for several classes the inverse temperature; for
    regression the line of the truth on the prediction.

    Parameters
    ----------
    y : (n,); prediction : (n, width)
    """
    if not task.is_classification:
        x = prediction[:, 0]
        if np.ptp(x) == 0:
            return {"slope": float("nan"), "slope_low": float("nan"), "slope_high": float("nan"), "intercept": 0.0}
        line = stats.linregress(x, y)
        return _slope(float(line.slope), float(line.stderr), float(line.intercept))
    logs = np.log(np.clip(prediction, 1e-6, 1.0))
    if task.kind == "binary":
        return _logistic(logs[:, 1] - logs[:, 0], y)
    chosen = logs[np.arange(len(y)), y.astype(int)]

    def loss(slope: float) -> float:
        return float((special.logsumexp(slope * logs, axis=1) - slope * chosen).mean())

    best = float(optimize.minimize_scalar(loss, bounds=(0.01, 20.0), method="bounded").x)
    p = special.softmax(best * logs, axis=1)
    information = float(((p * logs**2).sum(axis=1) - (p * logs).sum(axis=1) ** 2).sum())
    return _slope(best, 1 / np.sqrt(max(information, 1e-12)), 0.0)


def reliability_curve(task: Task, y: NDArray[Any], prediction: Floats) -> list[dict[str, float]]:
    """Bins of equal mass: mean prediction, observed rate with a 90 % interval, rows.

    Two classes: the probability of the second. More: the probability of the class that is predicted. Regression: the
    predicted value.
    """
    if task.is_classification:
        stated = prediction[:, 1] if task.kind == "binary" else prediction.max(axis=1)
        truth = (y == 1 if task.kind == "binary" else prediction.argmax(axis=1) == y).astype(float)
    else:
        stated, truth = prediction[:, 0], y.astype(float)
    order = np.argsort(stated, kind="stable")
    count = min(BINS, max(1, len(y) // 20))
    return [_bin(stated[rows], truth[rows], task.is_classification) for rows in np.array_split(order, count)]


def calibration_facts(ledger: Ledger, name: str, role: str) -> dict[str, Any]:
    """Slope and curve of one strategy over the first repeat's scored rows."""
    rows = np.flatnonzero(ledger.scored[0])
    y, prediction = ledger.y[rows], ledger.of(name)[0, rows]
    return {"name": name, "role": role, "bins": reliability_curve(ledger.task, y, prediction)} | recalibration_slope(
        ledger.task, y, prediction
    )


def _bin(stated: Floats, truth: Floats, proportion: bool) -> dict[str, float]:
    n, observed = len(stated), float(truth.mean())
    if proportion:
        hits = int(truth.sum())
        low = float(stats.beta.ppf(0.05, hits, n - hits + 1)) if hits else 0.0
        high = float(stats.beta.ppf(0.95, hits + 1, n - hits)) if hits < n else 1.0
    else:
        half = 1.645 * float(truth.std(ddof=1)) / np.sqrt(n) if n > 1 else 0.0
        low, high = observed - half, observed + half
    return {"predicted": float(stated.mean()), "observed": observed, "low": low, "high": high, "rows": n}


def _logistic(x: Floats, y: NDArray[Any]) -> dict[str, float]:
    if np.ptp(x) == 0:
        return {"slope": float("nan"), "slope_low": float("nan"), "slope_high": float("nan"), "intercept": 0.0}
    line = fit_line(x, y, ridge=1e-9)
    return _slope(line.slope, line.slope_error, line.intercept)


def _slope(slope: float, error: float, intercept: float) -> dict[str, float]:
    return {
        "slope": slope,
        "slope_low": slope - 1.645 * error,
        "slope_high": slope + 1.645 * error,
        "intercept": intercept,
    }
