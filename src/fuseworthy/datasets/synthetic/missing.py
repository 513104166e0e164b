"""Task T7: whether a modality is missing says something about the target."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...errors import InputError
from .normals import Normals
from .optimum import gaussian_scores, separation, stated_scores
from .task import Draws, RandomState, Task, task_from_signals
from .truth import Scores, Truth, truth_of


def informative_missing(
    n: int,
    random_state: RandomState = None,
    *,
    a: float = 0.7,
    b: float = 1.0,
    miss: tuple[float, float] = (0.6, 0.1),
    pad: int = 0,
    rotate: bool = False,
) -> Task:
    """T7: x1 = a·s + e1 and x2 = b·s + e2, and x2 is missing with a chance that depends on y.

    With the pattern r (x2 present or missing), D_r = 2√(a² + b²) or 2a and b_r = log P(r | y=1) / P(r | y=0), the best
    accuracy is Σ_y ½ Σ_r P(r | y) Φ((D_r²/2 ± b_r) / D_r). ``single2`` and ``fused`` see the mask. Rules:
    ``mask_blind`` takes b_r = 0, ``mask_only`` sees nothing but the mask, ``complete`` has x2 in all rows (so that
    there is no mask to see). Source: canonical task T7.

    Parameters
    ----------
    n : int
        Rows.
    random_state : int, Generator or None
        Seed of all randomness.
    a, b : float
        Strengths of x1 and x2, in units of the noise.
    miss : tuple of float
        P(x2 is missing | y = 1) and P(x2 is missing | y = 0).
    pad, rotate
        As in the Gaussian tasks.

    Returns
    -------
    Task
        With `present`.

    Examples
    --------
    >>> truth = informative_missing(10, random_state=0).truth
    >>> round(truth.rules["mask_blind"].accuracy, 4), round(truth.fused.accuracy, 4)
    (0.8431, 0.8924)
    """
    if not all(0 < chance < 1 for chance in miss):
        raise InputError(f"miss must hold two chances between 0 and 1 (of y = 1, of y = 0), but {miss!r} came.")
    draws = Draws(n, random_state)
    s = draws.sign()
    signals = {"x1": a * s + draws.noise(), "x2": b * s + draws.noise()}
    present = draws.signal.random(n) >= np.where(s > 0, *miss)
    y = (s > 0).astype(np.int64)
    task = task_from_signals("informative_missing", draws, signals, y, _truth(a, b, *miss), pad, rotate)
    task.inputs["x2"][~present] = np.nan
    return replace(task, present={"x2": present})


def _truth(a: float, b: float, miss1: float, miss0: float) -> Truth[Scores]:
    blind = (0.0, 0.0)
    told = (float(np.log(miss1 / miss0)), float(np.log((1 - miss1) / (1 - miss0))))

    def scores(missing: float, present: float, mask: tuple[float, float]) -> Scores:
        """Score log-odds ±D_r²/2 + b_r + D_r·Z for D_r = `missing`, `present` and b_r = `mask`."""

        def given(sign: int, miss: float) -> Normals:
            patterns = zip((miss, 1 - miss), (missing, present), mask, strict=True)
            return Normals.of(*((chance, sign * d * d / 2 + b_r, d) for chance, d, b_r in patterns))

        return stated_scores(given(1, miss1), given(-1, miss0))

    d1, d2, both = 2 * abs(a), 2 * abs(b), separation(a, b, 0.0)
    rules = {
        "mask_blind": scores(d1, both, blind),
        "mask_only": scores(0.0, 0.0, told),
        "complete": gaussian_scores(both),
    }
    return truth_of(gaussian_scores(d1), scores(0.0, d2, told), scores(d1, both, told), rules=rules)
