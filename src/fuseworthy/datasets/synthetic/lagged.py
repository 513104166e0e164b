"""Task T14: one modality arrives late, and aligning the two in time turns the verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...errors import InputError
from .task import Draws, RandomState, Task, Vector, task_from_signals
from .truth import RegressionScores, truth_of


def lagged(
    n: int,
    random_state: RandomState = None,
    *,
    phi: float = 0.9,
    sigma: tuple[float, float] = (1.0, 0.5),
    lag: int = 15,
    pad: int = 0,
    rotate: bool = False,
) -> Task:
    """T14: x1 = z_t + σ1·e1 and x2 = z_{t−L} + σ2·e2 see an AR(1) process of unit variance; the target is y = z_t.

    From one row the best mean squared error is 1 − cᵀΣ⁻¹c with c = (1, φ^L) and Σ = [[1 + σ1², φ^L], [φ^L, 1 + σ2²]].
    The rule ``aligned`` pairs x1 of row t with x2 of row t + L, so that L is 0 in the formula. Scores are R², here
    1 − MSE. Extra: ``unaligned_mse``, ``aligned_mse``, ``lag``. Source: canonical task T14.

    Parameters
    ----------
    n : int
        Rows, one for each step of time.
    random_state : int, Generator or None
        Seed of all randomness.
    phi : float
        Correlation of z from step to step.
    sigma : tuple of float
        Noise of each modality.
    lag : int
        L, the steps by which x2 is late; 0 draws aligned rows.
    pad, rotate
        As in the Gaussian tasks.

    Returns
    -------
    Task
        With `time`.

    Examples
    --------
    >>> truth = lagged(10, random_state=0).truth
    >>> round(truth.extra["unaligned_mse"], 3), round(truth.extra["aligned_mse"], 3), sorted(truth.expected)
    (0.491, 0.167, ['EQUIVALENT', 'NOT_WORTH_IT'])
    """
    if not -1 < phi < 1:
        raise InputError(f"phi must lie between -1 and 1, but {phi!r} came.")
    if lag < 0:
        raise InputError(f"lag must be at least 0, but {lag!r} came.")
    if not min(sigma) > 0:
        raise InputError(f"sigma must hold two positive numbers, but {sigma!r} came.")
    draws = Draws(n, random_state)
    z = _process(draws.signal.standard_normal(n + lag), phi)
    signals = {"x1": z[lag:] + sigma[0] * draws.noise(), "x2": z[:n] + sigma[1] * draws.noise()}
    unaligned, aligned = _r2(sigma, phi**lag), _r2(sigma, 1.0)
    truth = truth_of(
        RegressionScores(1 / (1 + sigma[0] ** 2)),
        RegressionScores(phi ** (2 * lag) / (1 + sigma[1] ** 2)),
        RegressionScores(unaligned),
        rules={"aligned": RegressionScores(aligned)},
        extra={"unaligned_mse": 1 - unaligned, "aligned_mse": 1 - aligned, "lag": float(lag)},
    )
    return replace(task_from_signals("lagged", draws, signals, z[lag:], truth, pad, rotate), time=np.arange(n))


def _process(steps: Vector, phi: float) -> Vector:
    """Give z_t = φ·z_{t−1} + √(1 − φ²)·e_t, of unit variance from the first step on."""
    from scipy.signal import lfilter  # slow to import, and only this task needs it

    z: Vector = lfilter([1.0], [1.0, -phi], np.r_[steps[:1], np.sqrt(1 - phi * phi) * steps[1:]])
    return z


def _r2(sigma: tuple[float, float], kept: float) -> float:
    """Give cᵀΣ⁻¹c for c = (1, kept): what x1 and x2 explain of z_t when x2 sees a z with this correlation to z_t."""
    c = np.array([1.0, kept])
    covariance = np.array([[1 + sigma[0] ** 2, kept], [kept, 1 + sigma[1] ** 2]])
    return float(c @ np.linalg.solve(covariance, c))
