"""Pools that treat every set of modalities a row may have by itself: weights, intercept and calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.strategies.calibration import Calibrator, fit_calibrator
from fuseworthy.strategies.families import count_parameters
from fuseworthy.strategies.pools import Flags, Pool, Stacker, without_rows
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
        self.own_: dict[str, Stacker] = {}
        for pattern, rows, exactly in _to_learn(present):
            if not _can_learn(y[rows], self.task) or len(np.unique(inner[rows])) < 2:
                continue
            grid = None if exactly else (self.general_.c_,)
            members = p[np.array(pattern)][:, rows]
            own = Stacker(self.task, self.prior, grid)
            self.own_[_key(pattern)] = own.fit(members, np.ones(members.shape[:2], dtype=bool), y[rows], inner[rows])
            if exactly:
                self.inner_[rows] = own.inner_
        return self

    def __getstate__(self) -> dict[str, Any]:
        return without_rows(self.__dict__)

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
        for key, own in self.own_.items():
            here = _pattern(key)
            rows = np.asarray((present == here[:, None]).all(axis=0))
            if rows.any():
                members = p[here][:, rows]
                found[rows] = own.predict(members, np.ones(members.shape[:2], dtype=bool))
        return found


@dataclass(frozen=True)
class CalibratedPool:
    """A pool that ends calibrated, by itself for every pattern: with fewer to speak, a mean is less timid.

    Parameters
    ----------
    pool : Pool
    modalities : modality of each member
    general : Calibrator
    own : pattern of modalities, in their order, as ``101`` -> its calibrator
    """

    pool: Pool
    modalities: tuple[str, ...]
    general: Calibrator
    own: Mapping[str, Calibrator]

    @classmethod
    def fit(
        cls, pool: Pool, modalities: Sequence[str], p: Floats, present: Flags, y: NDArray[np.generic], task: Task
    ) -> CalibratedPool:
        """Fit on out-of-fold predictions ``p`` (M, n, width) of members ``present`` (M, n)."""
        general, own = fit_calibrator(pool.predict(p, present), y, task), {}
        for pattern, rows, _ in _to_learn(_of_modalities(modalities, present)):
            if _can_learn(y[rows], task):
                speaking = present[:, rows] & _members(modalities, pattern)[:, None]
                own[_key(pattern)] = fit_calibrator(pool.predict(p[:, rows], speaking), y[rows], task)
        return cls(pool, tuple(modalities), general, own)

    def predict(self, p: Floats, present: Flags) -> Floats:
        """(n, width), calibrated."""
        raw = self.pool.predict(p, present)
        found, here = self.general.apply(raw), _of_modalities(self.modalities, present)
        for key, calibrator in self.own.items():
            rows = np.asarray((here == _pattern(key)[:, None]).all(axis=0))
            if rows.any():
                found[rows] = calibrator.apply(raw[rows])
        return found


def _key(pattern: tuple[bool, ...]) -> str:
    """A pattern as text, which every file format can name things by."""
    return "".join("01"[here] for here in pattern)


def _pattern(key: str) -> Flags:
    return np.array([mark == "1" for mark in key])


def _of_modalities(modalities: Sequence[str], present: Flags) -> Flags:
    """Presence of each modality, sorted, from that of its members."""
    own = np.array(modalities)
    return np.stack([present[own == m].any(axis=0) for m in sorted(set(modalities))])


def _members(modalities: Sequence[str], pattern: tuple[bool, ...]) -> Flags:
    """Which members speak in a pattern of modalities."""
    speaking = dict(zip(sorted(set(modalities)), pattern, strict=True))
    return np.array([speaking[m] for m in modalities])


def _to_learn(present: Flags) -> Iterator[tuple[tuple[bool, ...], Flags, bool]]:
    """Patterns to learn by themselves, the rows to learn from, and whether these have exactly that pattern."""
    for pattern in _patterns(present):
        here = np.array(pattern)
        exactly = np.asarray((present == here[:, None]).all(axis=0))
        if exactly.all() or 0 < exactly.sum() < FEWEST_SEEN:
            continue
        yield pattern, exactly if exactly.any() else np.asarray(present[here].all(axis=0)), bool(exactly.any())


def _can_learn(y: NDArray[np.generic], task: Task) -> bool:
    return len(y) >= FEWEST_HIDDEN and (not task.is_classification or len(np.unique(y)) == task.width)


def _patterns(present: Flags) -> Iterator[tuple[bool, ...]]:
    if len(present) <= EXACT:
        yield from (pattern for pattern in product((False, True), repeat=len(present)) if any(pattern))
    else:
        yield from (tuple(column) for column in np.unique(present, axis=1).T.tolist() if any(column))
