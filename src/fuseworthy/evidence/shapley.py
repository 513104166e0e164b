"""The Shapley value of a member of a game whose every subset is known (Shapley 1953)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import factorial

import numpy as np

from fuseworthy.task import Floats

MOST_MEMBERS = 8
"""Of a game whose every subset is asked."""


def shapley(member: str, members: Sequence[str], worth: Mapping[tuple[str, ...], Floats]) -> Floats:
    """Mean of what a member adds to those before it, over all orders.

    Parameters
    ----------
    members : all of them, sorted
    worth : sorted subset -> what it is worth, of any one shape

    Examples
    --------
    >>> worth = {(): 0.0, ("a",): 1.0, ("b",): 2.0, ("a", "b"): 6.0}
    >>> shapley("a", ["a", "b"], {s: np.array(w) for s, w in worth.items()}).item()
    2.5
    """
    others = [other for other in members if other != member]
    total = np.zeros_like(worth[()])
    for size in range(len(others) + 1):
        weight = factorial(size) * factorial(len(others) - size) / factorial(len(members))
        for before in combinations(others, size):
            total += weight * (worth[tuple(sorted((*before, member)))] - worth[before])
    return total
