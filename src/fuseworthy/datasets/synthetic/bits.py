"""Task T13: four classes, one bit of the class in each modality."""

from __future__ import annotations

import numpy as np
from scipy.special import log_expit

from .normals import normal_grid, ranked_auc
from .optimum import gaussian_scores
from .task import Draws, RandomState, Task, task_from_signals
from .truth import Scores, Truth, truth_of


def two_bits(n: int, random_state: RandomState = None, *, mu: float = 1.5, pad: int = 0, rotate: bool = False) -> Task:
    """T13: y = 2·bit1 + bit2 with fair bits and x_m = μ·(2·bit_m − 1) + e_m.

    With the scores of one bit, whose D = 2μ: the best accuracy is Φ(μ)/2 for a single and Φ(μ)² for both.
    Source: canonical task T13.

    Examples
    --------
    >>> truth = two_bits(10, random_state=0).truth
    >>> round(truth.single1.accuracy, 4), round(truth.fused.accuracy, 4)
    (0.4666, 0.8708)
    """
    draws = Draws(n, random_state)
    s1, s2 = draws.sign(), draws.sign()
    y = (2 * (s1 > 0) + (s2 > 0)).astype(np.int64)
    signals = {"x1": mu * s1 + draws.noise(), "x2": mu * s2 + draws.noise()}
    return task_from_signals("two_bits", draws, signals, y, _truth(abs(mu)), pad, rotate)


def _truth(mu: float) -> Truth[Scores]:
    """Give the truth from the scores of one bit.

    Log-losses add: one bit and log 2 for a single, two bits for both. Brier is 1 − E Σ_c p_c², and Σ p² of one bit has
    mean 1 − 2·Brier(bit), of two the square of that. A single ranks a class against the one of three others that
    shares the bit by chance. Both rank it by σ(u1)σ(u2), u_m the log-odds of its own bits on a grid of 401 × 401 nodes.
    """
    bit = gaussian_scores(2 * mu)
    kept = 1 - 2 * bit.brier
    single = Scores(bit.accuracy / 2, (0.5 + 2 * bit.auc) / 3, bit.log_loss + float(np.log(2)), 1 - kept / 2)
    fused = Scores(bit.accuracy**2, _auc(mu), 2 * bit.log_loss, 1 - kept * kept)
    return truth_of(single, single, fused, late=single if mu == 0 else fused)


def _auc(mu: float) -> float:
    """Mean over the other three classes: those with one bit changed, the other, or both."""
    grids = [normal_grid(sign1 * mu, sign2 * mu) for sign1, sign2 in ((1, 1), (-1, 1), (1, -1), (-1, -1))]
    values = np.concatenate([log_expit(2 * mu * x1) + log_expit(2 * mu * x2) for x1, x2, _ in grids])
    weights = np.array([weight for _, _, weight in grids])
    own = np.array([1.0, 0.0, 0.0, 0.0])[:, None]
    return ranked_auc(values, (own * weights).ravel(), ((1 - own) * weights).ravel())
