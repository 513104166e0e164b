"""Task T12: a numeric target, additive in two modalities but for their product."""

from __future__ import annotations

from ...errors import InputError
from .task import Draws, RandomState, Task, task_from_signals
from .truth import RegressionScores, truth_of


def regression(
    n: int,
    random_state: RandomState = None,
    *,
    weights: tuple[float, float] = (1.0, 0.7),
    beta: float = 0.8,
    sigma: float = 1.0,
    pad: int = 0,
    rotate: bool = False,
) -> Task:
    """T12: y = w1·x1 + w2·x2 + β·x1·x2 + σ·e with standard normal x1, x2, e.

    The parts are uncorrelated, so with T = w1² + w2² + β² + σ² the best R² is w1²/T and w2²/T for a single,
    (w1² + w2²)/T for the rule ``additive`` and (w1² + w2² + β²)/T for both. Extra: ``interaction_value`` β²/T. A single
    prediction w_m·x_m tells x_m, so late fusion can reach the optimum if it is not additive. Source: canonical task T12.

    Examples
    --------
    >>> truth = regression(10, random_state=0).truth
    >>> round(truth.single1.r2, 4), round(truth.rules["additive"].r2, 3), round(truth.fused.r2, 4)
    (0.3195, 0.476, 0.6805)
    """
    w1, w2 = weights
    total = w1 * w1 + w2 * w2 + beta * beta + sigma * sigma
    if not total > 0:
        raise InputError(
            "weights, beta and sigma must not all be 0, but they are, so that the target is constant: set one of them."
        )
    draws = Draws(n, random_state)
    x1, x2 = draws.noise(), draws.noise()
    y = w1 * x1 + w2 * x2 + beta * x1 * x2 + sigma * draws.noise()
    r2 = {
        "single1": w1 * w1 / total,
        "single2": w2 * w2 / total,
        "additive": (w1 * w1 + w2 * w2) / total,
        "fused": (w1 * w1 + w2 * w2 + beta * beta) / total,
    }
    scores = {name: RegressionScores(value) for name, value in r2.items()}
    truth = truth_of(
        scores["single1"],
        scores["single2"],
        scores["fused"],
        late=scores["fused" if w1 and w2 else "additive"],
        rules={"additive": scores["additive"]},
        extra={"interaction_value": beta * beta / total},
    )
    return task_from_signals("regression", draws, {"x1": x1, "x2": x2}, y, truth, pad, rotate)
