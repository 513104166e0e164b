"""Task T5: the target is whether two signs agree, each hidden in its own modality."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, xlogy

from ...errors import InputError
from .normals import normal_grid, ranked_auc
from .task import Draws, Task, task_from_signals
from .truth import COIN, Scores, Truth, truth_of


def xor(
    n: int,
    random_state: int | np.random.Generator | None = None,
    *,
    mu: tuple[float, float] = (2.0, 2.0),
    flip: float = 0.05,
    pad: int = 0,
    rotate: bool = False,
) -> Task:
    """T5: y = [s1·s2 > 0] ⊕ Bern(ε), x_m = μ_m·s_m + e_m: pure interaction.

    Each modality alone is a coin; so are all linear and all late fusions. With q = Φ(μ1)Φ(μ2) + (1 − Φ(μ1))(1 − Φ(μ2))
    the best accuracy is (1 − ε)q + ε(1 − q). Source: canonical task T5.

    Parameters
    ----------
    n : int
        Rows.
    random_state : int, Generator or None
        Seed of all randomness.
    mu : tuple of float
        Strength of each sign, in units of the noise.
    flip : float
        ε, the chance that a label is flipped.
    pad, rotate
        As in the Gaussian tasks.

    Returns
    -------
    Task

    Examples
    --------
    >>> round(xor(10, random_state=0).truth.fused.accuracy, 3)
    0.91
    """
    if not 0 <= flip <= 0.5:
        raise InputError(f"flip must lie between 0 and .5, but {flip!r} came.")
    draws = Draws(n, random_state)
    s1, s2 = draws.sign(), draws.sign()
    flipped = draws.signal.random(n) < flip
    y = ((s1 * s2 > 0) ^ flipped).astype(np.int64)
    signals = {"x1": mu[0] * s1 + draws.noise(), "x2": mu[1] * s2 + draws.noise()}
    return task_from_signals("xor", draws, signals, y, _truth(*mu, flip), pad, rotate)


def _truth(mu1: float, mu2: float, flip: float) -> Truth[Scores]:
    """Give the truth of y = [s1·s2 > 0] ⊕ Bern(ε), x_m = μ_m·s_m + e_m, with s1, s2 independent fair signs.

    E[s_m | x_m] = tanh(μ_m x_m); with T the product of both and c = 1 − 2ε, P(y = 1 | x) = (1 + cT) / 2. With
    q = Φ(μ1)Φ(μ2) + (1 − Φ(μ1))(1 − Φ(μ2)) accuracy is (1 − ε)q + ε(1 − q). Log-loss and Brier are
    the means of the entropy and of p(1 − p). T is symmetric about 0; AUC ranks it with the weights of its two classes.
    The means are taken over a grid of 401 × 401 nodes.
    """
    x1, x2, weight = normal_grid(mu1, mu2)
    product = np.tanh(mu1 * x1) * np.tanh(mu2 * x2)
    signal = 1 - 2 * flip
    p = (1 + signal * product) / 2
    right = float(ndtr(mu1) * ndtr(mu2) + ndtr(-mu1) * ndtr(-mu2))
    fused = Scores(
        accuracy=(1 - flip) * right + flip * (1 - right),
        auc=ranked_auc(
            np.r_[product, -product], np.r_[weight * p, weight * (1 - p)], np.r_[weight * (1 - p), weight * p]
        ),
        log_loss=float(weight @ -(xlogy(p, p) + xlogy(1 - p, 1 - p))),
        brier=float(weight @ (p * (1 - p))),
    )
    return truth_of(COIN, COIN, fused, late=COIN)
