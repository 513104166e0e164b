"""Logistic regression of the truth on one number (Platt 1999; Cox 1958): what calibrates, and what measures calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from fuseworthy.task import Floats

ROUNDS = 100


@dataclass(frozen=True)
class Line:
    """P(y=1) = expit(slope · x + intercept), with the standard error of the slope."""

    slope: float
    intercept: float
    slope_error: float


def fit_line(x: Floats, y: NDArray[Any], *, ridge: float = 1e-3) -> Line:
    """Newton's method with step halving, from slope 1 and intercept 0.

    Parameters
    ----------
    x : (n,) log-odds
    y : (n,) zeros and ones
    ridge : float
        Pull of the slope towards 1, so that separable rows give a finite slope.

    Examples
    --------
    >>> x = np.repeat([-2.0, 2.0], 100)
    >>> y = np.tile([0, 0, 0, 1], 50); y[100:] = 1 - y[100:]
    >>> round(fit_line(x, y).slope, 3)
    0.549
    """
    design, start = np.column_stack([x, np.ones_like(x)]), np.array([1.0, 0.0])
    pull = np.array([ridge, ridge * 1e-3])

    def loss(beta: Floats) -> float:
        z = design @ beta
        return float(np.logaddexp(0, z).sum() - z @ y + 0.5 * pull @ (beta - start) ** 2)

    beta, now = start, loss(start)
    hessian = np.eye(2)
    for _ in range(ROUNDS):
        p = special.expit(design @ beta)
        gradient = design.T @ (p - y) + pull * (beta - start)
        hessian = (design * (p * (1 - p))[:, None]).T @ design + np.diag(pull)
        step, size = np.linalg.solve(hessian, gradient), 1.0
        while (after := loss(beta - size * step)) > now and size > 1e-10:
            size /= 2
        beta, done = beta - size * step, now - after < 1e-10 * max(1.0, abs(now))
        now = after
        if done:
            break
    return Line(float(beta[0]), float(beta[1]), float(np.sqrt(np.linalg.inv(hessian)[0, 0])))
