"""Stacking with intercept and weights of their own for every set of modalities that a row may have."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from fuseworthy.strategies.families import count_parameters
from fuseworthy.strategies.pools import Flags, Stacker
from fuseworthy.task import Floats, Task

EXACT = 5
"""Up to so many members every pattern is prepared for; above, those that were seen."""
FEWEST_SEEN, FEWEST_HIDDEN = 200, 60
"""Rows that a pattern must have to be learned from by itself, and rows to learn a pattern from that nobody had."""


class PatternStacker:
    """A `Stacker` for all rows, and one for each pattern of members present.

    A pattern that 200 training rows have is learned from those: what its absence says of the target is in the
    intercept. One that no row has is learned from the rows that have more, with the rest hidden, so that the weights fit
    those who are left. One that few rows have is left to the stacker for all, whose flags have seen it.

    Parameters
    ----------
    task : Task
    prior : (width,)
    """

    def __init__(self, task: Task, prior: Floats) -> None:
        self.task, self.prior = task, prior

    def fit(self, p: Floats, present: Flags, y: NDArray[np.generic], inner: NDArray[np.int64]) -> PatternStacker:
        """Fit on out-of-fold predictions ``p`` (M, n, width) of members ``present`` (M, n)."""
        self.general_ = Stacker(self.task, self.prior).fit(p, present, y, inner)
        self.inner_ = self.general_.inner_.copy()
        self.own_: dict[tuple[bool, ...], Stacker] = {}
        for pattern in _patterns(present):
            here = np.array(pattern)
            exactly = np.asarray((present == here[:, None]).all(axis=0))
            if exactly.all() or 0 < exactly.sum() < FEWEST_SEEN:
                continue
            rows = exactly if exactly.any() else np.asarray(present[here].all(axis=0))
            if not self._can_learn(y[rows], inner[rows]):
                continue
            grid = None if exactly.any() else (self.general_.c_,)
            members = p[here][:, rows]
            own = Stacker(self.task, self.prior, grid)
            self.own_[pattern] = own.fit(members, np.ones(members.shape[:2], dtype=bool), y[rows], inner[rows])
            if exactly.any():
                self.inner_[exactly] = own.inner_
        return self

    @property
    def setting(self) -> dict[str, float]:
        """What tuning chose."""
        return {"C": self.general_.c_}

    @property
    def parameters(self) -> int:
        """Numbers kept."""
        return sum(count_parameters(stacker.model_) for stacker in (self.general_, *self.own_.values()))

    def predict(self, p: Floats, present: Flags) -> Floats:
        """(n, width)"""
        found = self.general_.predict(p, present)
        for pattern, own in self.own_.items():
            here = np.array(pattern)
            rows = np.asarray((present == here[:, None]).all(axis=0))
            if rows.any():
                members = p[here][:, rows]
                found[rows] = own.predict(members, np.ones(members.shape[:2], dtype=bool))
        return found

    def _can_learn(self, y: NDArray[np.generic], inner: NDArray[np.int64]) -> bool:
        every_class = not self.task.is_classification or len(np.unique(y)) == self.task.width
        return len(y) >= FEWEST_HIDDEN and every_class and len(np.unique(inner)) > 1


def _patterns(present: Flags) -> Iterator[tuple[bool, ...]]:
    if len(present) <= EXACT:
        yield from (pattern for pattern in product((False, True), repeat=len(present)) if any(pattern))
    else:
        yield from (tuple(column) for column in np.unique(present, axis=1).T.tolist() if any(column))
