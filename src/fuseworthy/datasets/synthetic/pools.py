"""Tasks T8 and T9: what pooling two posteriors does when one is miscalibrated, and when the pool itself miscalibrates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from ...errors import InputError
from .gaussian import complementary
from .normals import Floats, Normals, normal_grid, ranked_auc
from .optimum import gaussian_truth, stated_scores
from .task import Draws, RandomState, Task, task_from_signals
from .truth import Scores, Truth


def miscalibrated(
    n: int,
    random_state: RandomState = None,
    *,
    mu: tuple[float, float] = (1.0, 0.5),
    kappa: float = 6.0,
    pad: int = 0,
    rotate: bool = False,
) -> Task:
    """T8: x_m = μ_m·s + e_m; the columns ``logit1`` = L1 and ``logit2`` = κ·L2 state log-odds, the second overconfident.

    The true log-odds L_m = 2μ_m·x_m are N(v_m/2, v_m) given y = 1, v_m = 4μ_m². The rule ``product`` adds the stated
    log-odds: its accuracy is Φ((v1 + κ·v2) / (2√(v1 + κ²·v2))), and for large κ it is worse than the best single.
    Further rules: ``product_calibrated`` (κ = 1, which is the optimum) and ``stated2`` (x2 as stated). Extra:
    ``temperature`` κ, which divides the stated log-odds, and ``slope`` 1/κ, the coefficient of a logistic
    recalibration of ``logit2``. Source: canonical task T8.

    Examples
    --------
    >>> truth = miscalibrated(10, random_state=0).truth
    >>> [round(truth.rules[name].accuracy, 4) for name in ("product_calibrated", "product")]
    [0.8682, 0.7854]
    """
    if not kappa > 0:
        raise InputError(f"kappa must be positive, but {kappa!r} came.")
    draws = Draws(n, random_state)
    s = draws.sign()
    signals = {"x1": mu[0] * s + draws.noise(), "x2": mu[1] * s + draws.noise()}
    columns = {"logit1": 2 * mu[0] * signals["x1"], "logit2": kappa * 2 * mu[1] * signals["x2"]}
    y = (s > 0).astype(np.int64)
    v1, v2 = 4 * mu[0] ** 2, 4 * mu[1] ** 2

    def weighed(weight1: float, weight2: float) -> Scores:
        mean, variance = (weight1 * v1 + weight2 * v2) / 2, weight1**2 * v1 + weight2**2 * v2
        return stated_scores(Normals.of((1.0, mean, float(np.sqrt(variance)))))

    rules = {"product": weighed(1, kappa), "product_calibrated": weighed(1, 1), "stated2": weighed(0, kappa)}
    truth = gaussian_truth(*mu, 0.0, rules, {"temperature": kappa, "slope": 1 / kappa})
    return replace(task_from_signals("miscalibrated", draws, signals, y, truth, pad, rotate), columns=columns)


def pools(
    n: int, random_state: RandomState = None, *, a: float = 1.0, b: float = 0.7, pad: int = 0, rotate: bool = False
) -> Task:
    """T9: the rows of T1; pools of the two calibrated posteriors p1 and p2 are as accurate as Bayes and not calibrated.

    Rules: ``linear_pool`` (p1 + p2)/2, ``geometric_pool`` with log-odds (L1 + L2)/2, ``stack`` L1 + L2. All three
    decide by the sign of L1 + L2, so all are right with Φ(√(a² + b²)). Extra: ``slope_…`` of each, the coefficient β of
    a logistic recalibration of its log-odds ℓ, E[ℓ·σ(−βℓ) | y=1] = 0; above 1 the pool is underconfident.
    Source: canonical task T9.

    Examples
    --------
    >>> extra = pools(10, random_state=0).truth.extra
    >>> [round(extra[f"slope_{name}"], 1) for name in ("linear_pool", "geometric_pool", "stack")]
    [2.6, 2.0, 1.0]
    """
    if a == 0 and b == 0:
        raise InputError("a and b must not both be 0, but they are, so that there is nothing to pool: set one of them.")
    task = complementary(n, random_state, a=a, b=b, pad=pad, rotate=rotate)
    return replace(task, name="pools", truth=_pool_truth(a, b))


def _pool_truth(a: float, b: float) -> Truth[Scores]:
    x1, x2, weights = normal_grid(a, b)
    logit1, logit2 = 2 * a * x1, 2 * b * x2
    linear = np.log(expit(logit1) + expit(logit2)) - np.log(expit(-logit1) + expit(-logit2))
    v = 4 * (a * a + b * b)
    geometric = stated_scores(Normals.of((1.0, v / 4, float(np.sqrt(v)) / 2)))
    stack = stated_scores(Normals.of((1.0, v / 2, float(np.sqrt(v)))))
    none = np.zeros_like(weights)
    linear_pool = Scores(
        accuracy=stack.accuracy,
        auc=ranked_auc(np.r_[linear, -linear], np.r_[weights, none], np.r_[none, weights]),
        log_loss=float(weights @ np.logaddexp(0, -linear)),
        brier=float(weights @ expit(-linear) ** 2),
    )
    rules = {"linear_pool": linear_pool, "geometric_pool": geometric, "stack": stack}
    log_odds = {"linear_pool": linear, "geometric_pool": (logit1 + logit2) / 2, "stack": logit1 + logit2}
    extra = {f"slope_{name}": _recalibration_slope(values, weights) for name, values in log_odds.items()}
    return gaussian_truth(a, b, 0.0, rules, extra)


def _recalibration_slope(log_odds: Floats, weights: Floats) -> float:
    """Solve E[ℓ·σ(−βℓ) | y=1] = 0 for β; the intercept is 0 as ℓ given y = 0 is the mirror image."""
    return float(brentq(lambda beta: float(weights @ (log_odds * expit(-beta * log_odds))), 0.0, 100.0))
