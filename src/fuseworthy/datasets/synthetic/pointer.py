"""Task T19: a question names one token of a sequence, and the target is what that token says."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, xlogy

from ...errors import InputError
from .normals import Normals, normal_rule
from .task import Draws, RandomState, Task, task_from_signals
from .truth import COIN, Scores, Truth, truth_of

KEY_NOISE = 0.1
"""Standard deviation around a key's code of 0 and 1: small enough to read every key."""


def pointer(
    n: int,
    random_state: RandomState = None,
    *,
    keys: int = 8,
    sigma: float = 0.5,
    flip: float = 0.05,
    pad: int = 0,
    rotate: bool = False,
) -> Task:
    """T19: x1 holds one of K keys; x2 a token (key, v + σe) for each key in random order; y = [v_asked > 0] ⊕ Bern(ε).

    Values v = ±1 of opposite keys k and k + K/2 are opposite, so x2 alone is a coin, and so is x1; hence every late and
    every additive fusion. Mean and maximum of each column over the tokens do not say which value belongs to which key:
    from those no model knows more than a coin (unless the columns are rotated). The best rule reads the asked token and
    its opposite, with accuracy q + ε(1 − 2q) for q = Φ(√2/σ); the rule ``asked`` reads one, q = Φ(1/σ).

    Parameters
    ----------
    n : int
        Rows.
    random_state : int, Generator or None
        Seed of all randomness.
    keys : int
        K, even.
    sigma : float
        σ, the noise of a value.
    flip : float
        ε, the chance that a label is flipped.
    pad, rotate
        As in the Gaussian tasks; of x2, columns of every token.

    Returns
    -------
    Task
        x2 is (n, K, K + 1 + pad).

    Examples
    --------
    >>> task = pointer(10, random_state=0)
    >>> task.inputs["x2"].shape, round(task.truth.fused.accuracy, 4), round(task.truth.rules["asked"].accuracy, 4)
    ((10, 8, 9), 0.9479, 0.9295)
    """
    if keys < 2 or keys % 2:
        raise InputError(f"keys must be an even number of 2 or more, but {keys!r} came.")
    if not sigma > 0:
        raise InputError(f"sigma must be positive, but {sigma!r} came.")
    if not 0 <= flip <= 0.5:
        raise InputError(f"flip must lie between 0 and .5, but {flip!r} came.")
    draws = Draws(n, random_state)
    random, rows = draws.signal, np.arange(n)
    asked = random.integers(0, keys, n)
    half = random.integers(0, 2, (n, keys // 2)) * 2.0 - 1
    value = np.hstack([half, -half])
    y = ((value[rows, asked] > 0) ^ (random.random(n) < flip)).astype(np.int64)
    order = random.permuted(np.tile(np.arange(keys), (n, 1)), axis=1)
    seen = np.take_along_axis(value, order, axis=1) + sigma * random.standard_normal((n, keys))
    question = np.eye(keys)[asked] + KEY_NOISE * random.standard_normal((n, keys))
    codes = np.eye(keys)[order] + KEY_NOISE * random.standard_normal((n, keys, keys))
    signals = {"x1": question, "x2": np.concatenate([codes, seen[..., None]], axis=2)}
    return task_from_signals("pointer", draws, signals, y, _truth(sigma, flip), pad, rotate)


def _truth(sigma: float, flip: float) -> Truth[Scores]:
    return truth_of(
        COIN, COIN, _flipped(np.sqrt(2) / sigma, flip), late=COIN, rules={"asked": _flipped(1 / sigma, flip)}
    )


def _flipped(mu: float, flip: float) -> Scores:
    """Score the best rule on z ~ N(±μ, 1) whose sign is the target, flipped with chance ε.

    P(y = 1 | z) = (1 + c·tanh(μz)) / 2 with c = 1 − 2ε; log-loss and Brier are means of its entropy and of p(1 − p).
    """
    nodes, weight = normal_rule()
    p = (1 + (1 - 2 * flip) * np.tanh(mu * (mu + nodes))) / 2
    positive = Normals.of((1 - flip, mu, 1.0), (flip, -mu, 1.0))
    right = float(ndtr(mu))
    return Scores(
        accuracy=(1 - flip) * right + flip * (1 - right),
        auc=positive.above(positive.mirrored()),
        log_loss=float(weight @ -(xlogy(p, p) + xlogy(1 - p, 1 - p))),
        brier=float(weight @ (p * (1 - p))),
    )
