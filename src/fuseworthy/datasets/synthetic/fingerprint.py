"""Task T16: a modality that gives away the group, and through it the target of groups already seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import stdtr

from ...errors import InputError
from .optimum import gaussian_scores
from .task import Draws, RandomState, Task, task_from_signals
from .truth import COIN, NEVER_FUSE, truth_of


def group_fingerprint(
    n: int,
    random_state: RandomState = None,
    *,
    a: float = 1.0,
    rows_per_group: int = 10,
    dims: int = 10,
    spread: float = 3.0,
    pad: int = 0,
    rotate: bool = False,
) -> Task:
    """T16: y is drawn once for each group, x1 = a·s + e1, and x2 = v + e2 with a vector v ~ N(0, τ²·I_d) of the group.

    On new groups x2 says nothing, so fusing is worth what x1 is: Φ(a). Folds that split groups let a model know v and
    with it y. A model that knows all G vectors and takes the nearest errs in favour of one other group with chance
    P(T_d < −τ√(d/2)), T_d of Student's t with d degrees of freedom, and half of the others have the other y. Extra:
    ``new_groups_accuracy`` Φ(a); ``seen_groups_accuracy_at_least`` 1 − (G − 1)/2 · P(T_d < −τ√(d/2)), a union bound.
    Source: canonical task T16.

    Parameters
    ----------
    n : int
        Rows; the last group may be smaller than the others.
    random_state : int, Generator or None
        Seed of all randomness.
    a : float
        Strength of x1, in units of the noise.
    rows_per_group : int
        Rows that share a group; they follow each other.
    dims : int
        d, the width of x2 before `pad`.
    spread : float
        τ, how far apart groups are, in units of the noise.
    pad, rotate
        As in the Gaussian tasks.

    Returns
    -------
    Task
        With `group`.

    Examples
    --------
    >>> truth = group_fingerprint(1000, random_state=0).truth
    >>> {name: round(value, 4) for name, value in truth.extra.items()}
    {'new_groups_accuracy': 0.8413, 'seen_groups_accuracy_at_least': 0.9987}
    """
    for name, size in (("rows_per_group", rows_per_group), ("dims", dims)):
        if size < 1:
            raise InputError(f"{name} must be at least 1, but {size!r} came.")
    if not spread > 0:
        raise InputError(f"spread must be positive, but {spread!r} came.")
    draws = Draws(n, random_state)
    group = np.arange(n) // rows_per_group
    groups = int(group[-1]) + 1
    s = (draws.signal.integers(0, 2, groups) * 2 - 1)[group]
    vectors = spread * draws.signal.standard_normal((groups, dims))
    signals = {"x1": a * s + draws.noise(), "x2": vectors[group] + draws.signal.standard_normal((n, dims))}
    single1 = gaussian_scores(2 * abs(a))
    mistaken = float(stdtr(dims, -spread * np.sqrt(dims / 2)))
    extra = {
        "new_groups_accuracy": single1.accuracy,
        "seen_groups_accuracy_at_least": max(0.0, 1 - (groups - 1) / 2 * mistaken),
    }
    truth = replace(truth_of(single1, COIN, single1, extra=extra), expected=NEVER_FUSE, expected_late=NEVER_FUSE)
    y = (s > 0).astype(np.int64)
    return replace(task_from_signals("group_fingerprint", draws, signals, y, truth, pad, rotate), group=group)
