"""The whole study: settings × data sets, over processes, the same for one seed however many there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from multiprocessing import get_context
from typing import Any
from zlib import crc32

import numpy as np
from threadpoolctl import threadpool_limits

from fuseworthy.errors import InputError, require
from fuseworthy.evidence.verdict import decide
from fuseworthy.selftest.catalogue import quick_settings, settings
from fuseworthy.selftest.settings import Setting
from fuseworthy.selftest.targets import MEASURES, Row, measure
from fuseworthy.selftest.trial import Decide, Trial, run_trial

QUICK_RUNS = 60
CHUNK = 20
"""Data sets that a process takes at a time."""

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class SelfTest:
    """What was measured.

    Parameters
    ----------
    rows : tuple of Row
        One for each setting.
    random_state : int
    """

    rows: tuple[Row, ...]
    random_state: int

    @property
    def passed(self) -> bool:
        """Whether every setting keeps every target."""
        return all(row.passed for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        return {
            "random_state": self.random_state,
            "passed": self.passed,
            "rows": [row.to_dict() for row in self.rows],
        }

    def records(self) -> list[dict[str, Any]]:
        """Flat rows, one number a column: ``coverage``, ``coverage_error``, ``coverage_limit``, ``coverage_passed``."""
        return [_flat(row) for row in self.rows]

    def frame(self) -> Any:
        """The records as a pandas frame.

        Raises
        ------
        MissingExtraError
            pandas is not installed.
        """
        return require("pandas", extra="pandas").DataFrame(self.records())


def run_selftest(
    quick: bool = False,
    runs: int | None = None,
    jobs: int = 1,
    random_state: int = 0,
    progress: Progress | None = None,
) -> SelfTest:
    """Draw data with a known truth, let closed-form learners compete, decide, and count how often the verdict is wrong.

    Parameters
    ----------
    quick : bool
        A dozen settings, 60 data sets each, instead of all.
    runs : int, optional
        Data sets of each setting; each setting's own number if left out.
    jobs : int
        Processes. The result does not depend on it.
    random_state : int
    progress : callable, optional
        Called with data sets done, data sets in all, and the setting's name.

    Raises
    ------
    InputError
        Fewer than two runs, or fewer than one process.
    """
    if runs is not None and runs < 2:
        raise InputError(f"runs must be at least 2, but {runs} came. Leave it out, or pass runs=400.")
    wanted = quick_settings() if quick else settings()
    counts = [runs or (min(s.runs, QUICK_RUNS) if quick else s.runs) for s in wanted]
    return study(wanted, counts, jobs=jobs, random_state=random_state, progress=progress)


def study(
    wanted: Sequence[Setting],
    runs: Sequence[int],
    *,
    jobs: int = 1,
    random_state: int = 0,
    progress: Progress | None = None,
    procedure: Decide = decide,
) -> SelfTest:
    """Run some settings, each on as many data sets as asked.

    Parameters
    ----------
    procedure : callable
        What is on trial: the verdict of record, unless a test passes a wrong one to see that it is caught.
    """
    if jobs < 1:
        raise InputError(f"jobs must be at least 1, but {jobs} came. Pass jobs=1.")
    work = [
        (setting, range(start, min(start + CHUNK, count)), random_state, procedure)
        for setting, count in zip(wanted, runs, strict=True)
        for start in range(0, count, CHUNK)
    ]
    total, done, found = sum(runs), 0, []
    for (setting, *_), trials in zip(work, _results(work, jobs), strict=True):
        found.append((setting, trials))
        done += len(trials)
        if progress:
            progress(done, total, setting.name)
    rows = [
        measure(setting, [trial for _, trials in chunks for trial in trials])
        for setting, chunks in groupby(found, key=lambda pair: pair[0])
    ]
    return SelfTest(tuple(rows), random_state)


Work = tuple[Setting, range, int, Decide]


def _results(work: Sequence[Work], jobs: int) -> Iterator[list[Trial]]:
    if jobs == 1:
        yield from map(_chunk, work)
        return
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_chunk, work)


def _chunk(work: Work) -> list[Trial]:
    """Some data sets of one setting, each with random numbers of its own."""
    setting, numbers, random_state, procedure = work
    key = crc32(f"{setting.name} {setting.design.rows}".encode())
    with threadpool_limits(1):
        return [run_trial(setting, np.random.default_rng([random_state, key, i]), procedure) for i in numbers]


def _flat(row: Row) -> dict[str, Any]:
    plain = ("setting", "family", "rows", "runs", "truth", "refused", "error", "upper")
    flat: dict[str, Any] = {name: getattr(row, name) for name in plain}
    flat |= {name: row.outcomes.get(name, 0.0) for name in ("FUSE", "SUPERIOR_UNPROVEN", "EQUIVALENT")}
    flat |= {name: row.outcomes.get(name, 0.0) for name in ("NOT_WORTH_IT", "HARMFUL", "INCONCLUSIVE")}
    for name in MEASURES:
        found = getattr(row, name)
        flat[name] = None if found is None else found.value
        for part in ("error", "limit", "passed"):
            flat[f"{name}_{part}"] = None if found is None else getattr(found, part)
    return flat | {"passed": row.passed}
