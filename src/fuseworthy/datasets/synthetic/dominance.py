"""Task T15: one modality dwarfs the other in units or in width, which must not change what fusion scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...errors import InputError
from .optimum import gaussian_truth
from .task import Draws, RandomState, Task, task_from_signals


def dominance(
    n: int,
    random_state: RandomState = None,
    *,
    a: float = 1.0,
    b: float = 0.7,
    scale: float = 1e4,
    dims: int = 1,
    pad: int = 0,
    rotate: bool = False,
) -> Task:
    """T15: T1 with x2 in other units (`scale`) or spread over many weak dimensions (`dims`, say 2000).

    Each of the p dimensions of x2 is scale·(b/√p·s + e), so together they are worth b whatever p and the scale:
    D² = 4(a² + b²), as in T1. The whole modality, padding included, is scaled. Source: canonical task T15.

    Examples
    --------
    >>> from fuseworthy.datasets.synthetic import complementary
    >>> dominance(10, random_state=0, dims=20).truth == complementary(10, random_state=0).truth
    True
    """
    if not scale > 0:
        raise InputError(f"scale must be positive, but {scale!r} came.")
    if dims < 1:
        raise InputError(f"dims must be at least 1, but {dims!r} came.")
    draws = Draws(n, random_state)
    s = draws.sign()
    x1 = a * s + draws.noise()
    x2 = (b / np.sqrt(dims) * s)[:, None] + draws.signal.standard_normal((n, dims))
    y = (s > 0).astype(np.int64)
    task = task_from_signals("dominance", draws, {"x1": x1, "x2": x2}, y, gaussian_truth(a, b, 0.0), pad, rotate)
    return replace(task, inputs=task.inputs | {"x2": scale * task.inputs["x2"]})
