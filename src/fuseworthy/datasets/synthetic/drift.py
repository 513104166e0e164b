"""Task T17: a fusion that paid is harmful once a modality dies or turns round."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...errors import InputError, nearest
from .normals import Normals
from .optimum import gaussian_truth, stated_scores
from .task import Draws, RandomState, Task, task_from_signals
from .truth import Scores, Truth

AFTER = {"dead": 0.0, "flipped": -1.0}


def drift(
    n: int,
    random_state: RandomState = None,
    *,
    mu: tuple[float, float] = (1.0, 1.0),
    change: float = 0.5,
    after: str = "dead",
    pad: int = 0,
    rotate: bool = False,
) -> Task:
    """T17: x_m = μ_m·s + e_m; after a share `change` of the time x2 dies (it is noise) or its sign is flipped.

    `truth` and its outcomes hold before the change. Its rules keep the weights that were best then, log-odds
    2μ1·x1 + 2μ2·x2: ``before`` √(μ1² + μ2²) =: m gives accuracy Φ(m); ``dead`` Φ(μ1²/m); ``flipped``
    Φ((μ1² − μ2²)/m). ``router`` goes back to x1 after the change, Φ(μ1). Extra: ``harm_accuracy``, ``harm_log_loss``
    and ``harm_brier`` of ``dead`` against ``router``. Source: canonical task T17.

    Parameters
    ----------
    n : int
        Rows, one for each step of time.
    random_state : int, Generator or None
        Seed of all randomness.
    mu : tuple of float
        Strengths, in units of the noise.
    change : float
        Share of the rows that come before the change.
    after : str
        What becomes of x2: ``"dead"`` or ``"flipped"``.
    pad, rotate
        As in the Gaussian tasks.

    Returns
    -------
    Task
        With `time` and the column ``changed``, 1 in rows after the change.

    Examples
    --------
    >>> truth = drift(10, random_state=0).truth
    >>> {name: round(scores.accuracy, 4) for name, scores in truth.rules.items()}
    {'before': 0.9214, 'dead': 0.7602, 'flipped': 0.5, 'router': 0.8413}
    """
    if after not in AFTER:
        raise InputError(f"after must say what becomes of x2, but {after!r} came: {nearest(after, AFTER)}.")
    if not 0 < change < 1:
        raise InputError(f"change must lie between 0 and 1, but {change!r} came.")
    draws = Draws(n, random_state)
    s, time = draws.sign(), np.arange(n)
    changed = (time >= round(n * change)).astype(np.int64)
    strength = mu[1] * np.where(changed, AFTER[after], 1.0)
    signals = {"x1": mu[0] * s + draws.noise(), "x2": strength * s + draws.noise()}
    y = (s > 0).astype(np.int64)
    task = task_from_signals("drift", draws, signals, y, _truth(*mu), pad, rotate)
    return replace(task, time=time, columns={"changed": changed})


def _truth(mu1: float, mu2: float) -> Truth[Scores]:
    def frozen(now: float) -> Scores:
        """Score the weights of the time before when x2 carries now·μ2·s."""
        mean, variance = 2 * (mu1 * mu1 + now * mu2 * mu2), 4 * (mu1 * mu1 + mu2 * mu2)
        return stated_scores(Normals.of((1.0, mean, float(np.sqrt(variance)))))

    plain = gaussian_truth(mu1, mu2, 0.0)
    dead, router = frozen(AFTER["dead"]), plain.single1
    rules = {"before": frozen(1.0), "dead": dead, "flipped": frozen(AFTER["flipped"]), "router": router}
    extra = {
        "harm_accuracy": router.accuracy - dead.accuracy,
        "harm_log_loss": dead.log_loss - router.log_loss,
        "harm_brier": dead.brier - router.brier,
    }
    return replace(plain, rules=rules, extra=extra)
