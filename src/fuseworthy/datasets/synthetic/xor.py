"""Task T5: the target is whether two signs agree, each hidden in its own modality."""

from __future__ import annotations

import numpy as np

from ...errors import InputError
from .task import Draws, Task, task_from_signals
from .truth import xor_truth


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
    return task_from_signals("xor", draws, signals, y, xor_truth(*mu, flip), pad, rotate)
