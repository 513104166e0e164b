"""Tasks T1–T4 and T6: two Gaussian classes seen through two modalities with correlated noise.

In all of them y is 0 or 1 with probability ½, s = 2y − 1, x1 = a·s + e1 and x2 = b·s + e2 with standard normal noise and
corr(e1, e2) = ρ. Common parameters: `n` rows; `random_state`, a seed or generator; `pad` columns of
standard normal noise added to each modality; `rotate` each modality by a random rotation.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...errors import InputError
from .normals import Normals
from .optimum import gaussian_truth, stated_scores
from .task import Draws, RandomState, Task, task_from_signals
from .truth import NEVER_FUSE, Scores, Truth


def complementary(
    n: int, random_state: RandomState = None, *, a: float = 1.0, b: float = 0.7, pad: int = 0, rotate: bool = False
) -> Task:
    """T1: independent noise (ρ = 0), so that D² = 4(a² + b²): fusing is worth it, late or early alike.

    Source: canonical task T1.

    Examples
    --------
    >>> truth = complementary(10, random_state=0).truth
    >>> round(truth.single1.accuracy, 4), round(truth.single2.accuracy, 4), round(truth.fused.accuracy, 4)
    (0.8413, 0.758, 0.8889)
    """
    return _gaussian("complementary", n, random_state, a, b, 0.0, pad, rotate)


def conditionally_null(
    n: int, random_state: RandomState = None, *, a: float = 1.0, b: float = 0.6, pad: int = 0, rotate: bool = False
) -> Task:
    """T2: ρ = b/a, so that D = 2a: x2 is informative alone and adds nothing to x1.

    Source: canonical task T2.
    """
    if not 0 < b < a:
        raise InputError(f"b must lie between 0 and a={a!r}, but {b!r} came.")
    return _gaussian("conditionally_null", n, random_state, a, b, b / a, pad, rotate)


def near_duplicate(
    n: int, random_state: RandomState = None, *, a: float = 1.0, rho: float = 0.95, pad: int = 0, rotate: bool = False
) -> Task:
    """T3: b = a and noise almost the same, D² = 8a² / (1 + ρ): x2 repeats x1.

    The rule ``product_pool`` multiplies the two posteriors and so counts the evidence twice; its log-odds given y = 1
    are N(4a², 8a²(1 + ρ)), overconfident. Source: canonical task T3.
    """
    task = _gaussian("near_duplicate", n, random_state, a, a, rho, pad, rotate)
    pooled = stated_scores(Normals.of((1.0, 4 * a * a, float(np.sqrt(8 * (1 + rho))) * abs(a))))
    return replace(task, truth=replace(task.truth, rules={"product_pool": pooled}))


def noise_cancelling(
    n: int, random_state: RandomState = None, *, a: float = 1.0, rho: float = 0.8, pad: int = 0, rotate: bool = False
) -> Task:
    """T4: b = 0, D² = 4a² / (1 − ρ²): x2 says nothing alone, but cancels the noise of x1.

    Early fusion gains much; late fusion cannot gain, as the posterior given x2 is ½ for every row.
    Source: canonical task T4.
    """
    return _gaussian("noise_cancelling", n, random_state, a, 0.0, rho, pad, rotate)


def noise_modality(
    n: int, random_state: RandomState = None, *, a: float = 1.0, p: int = 20, pad: int = 0, rotate: bool = False
) -> Task:
    """T6: x2 ~ N(0, I_p), independent of everything: never to be fused.

    Early fusion loses about p / (2n) nats for the weights it must learn. `p` is the width of x2 before `pad`.
    Source: canonical task T6.
    """
    if p < 1:
        raise InputError(f"p must be at least 1, but {p!r} came.")
    task = _gaussian("noise_modality", n, random_state, a, 0.0, 0.0, pad, rotate, extra=p - 1)
    return replace(task, truth=replace(task.truth, expected=NEVER_FUSE, expected_late=NEVER_FUSE))


def _gaussian(
    name: str,
    n: int,
    random_state: RandomState,
    a: float,
    b: float,
    rho: float,
    pad: int,
    rotate: bool,
    extra: int = 0,
) -> Task:
    truth: Truth[Scores] = gaussian_truth(a, b, rho)
    draws = Draws(n, random_state)
    s, e1 = draws.sign(), draws.noise()
    e2 = rho * e1 + np.sqrt(1 - rho * rho) * draws.noise()
    x2 = np.column_stack([b * s + e2, draws.signal.standard_normal((n, extra))])
    y = (s > 0).astype(np.int64)
    return task_from_signals(name, draws, {"x1": a * s + e1, "x2": x2}, y, truth, pad, rotate)
