"""Engines run units: in this process, or in worker processes that may die without harm."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Protocol

from fuseworthy.errors import FuseworthyError, StudyError
from fuseworthy.study.units import Unit, run_unit
from fuseworthy.study.workspace import Workspace

MOST_DEATHS = 2
"""A unit whose worker dies this often is given up; the others go on."""


@dataclass
class Outcome:
    """What became of a batch of units: how many ran, which were given up (with the reason), which were not begun."""

    ran: int = 0
    failed: dict[Unit, str] = field(default_factory=dict)
    skipped: list[Unit] = field(default_factory=list)


OnDone = Callable[[Unit], None]


class Engine(Protocol):
    """Runs units; stops beginning new ones at the deadline (``time.monotonic``)."""

    def run(self, workspace: Workspace, units: Sequence[Unit], on_done: OnDone, deadline: float) -> Outcome: ...

    def close(self) -> None: ...


class InlineEngine:
    """One unit after another in this process."""

    def run(self, workspace: Workspace, units: Sequence[Unit], on_done: OnDone, deadline: float) -> Outcome:
        outcome = Outcome()
        for place, unit in enumerate(units):
            if time.monotonic() >= deadline:
                outcome.skipped = list(units[place:])
                break
            try:
                run_unit(workspace, unit)
            except FuseworthyError:
                raise
            except Exception as error:
                outcome.failed[unit] = f"{type(error).__name__}: {error}"
                traceback.print_exc()
                continue
            outcome.ran += 1
            on_done(unit)
        return outcome

    def close(self) -> None:
        """Nothing to end."""


class ProcessEngine:
    """Worker processes of one thread each. A dead worker is replaced, its unit tried once more, then given up.

    Parameters
    ----------
    jobs : int
        Worker processes.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._workers: list[subprocess.Popen[str]] = []

    def run(self, workspace: Workspace, units: Sequence[Unit], on_done: OnDone, deadline: float) -> Outcome:
        waiting, deaths, outcome = deque(units), dict.fromkeys(units, 0), Outcome()
        busy: dict[subprocess.Popen[str], Unit] = {}
        with selectors.DefaultSelector() as selector:
            while waiting or busy:
                if time.monotonic() >= deadline and waiting:
                    outcome.skipped.extend(waiting)
                    waiting.clear()
                while waiting and len(busy) < self.jobs:
                    worker = self._idle(workspace, busy)
                    busy[worker] = waiting.popleft()
                    selector.register(_pipe(worker), selectors.EVENT_READ, worker)
                    self._send(worker, busy[worker])
                for event, _ in selector.select(timeout=1.0):
                    worker = event.data
                    selector.unregister(event.fileobj)
                    unit = busy.pop(worker)
                    line = _pipe(worker).readline()
                    if line:
                        self._settle(json.loads(line), unit, outcome, on_done)
                    else:
                        self._bury(worker, unit, deaths, waiting, outcome)
        return outcome

    def close(self) -> None:
        """End all workers."""
        for worker in self._workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait()
            for pipe in (worker.stdin, worker.stdout):
                if pipe is not None:
                    try:
                        pipe.close()
                    except BrokenPipeError:
                        continue
        self._workers.clear()

    def _idle(self, workspace: Workspace, busy: dict[subprocess.Popen[str], Unit]) -> subprocess.Popen[str]:
        for worker in self._workers:
            if worker not in busy and worker.poll() is None:
                return worker
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        worker = subprocess.Popen(
            self._command(workspace),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | single,
            start_new_session=True,
        )
        self._workers.append(worker)
        return worker

    def _command(self, workspace: Workspace) -> list[str]:
        return [sys.executable, "-m", "fuseworthy.study.worker", str(workspace.folder)]

    def _send(self, worker: subprocess.Popen[str], unit: Unit) -> None:
        assert worker.stdin is not None
        try:
            worker.stdin.write(json.dumps(asdict(unit)) + "\n")
            worker.stdin.flush()
        except BrokenPipeError:
            return  # it died while idle: the empty answer says so

    def _settle(self, answer: dict[str, str], unit: Unit, outcome: Outcome, on_done: OnDone) -> None:
        if answer["status"] == "refused":
            raise StudyError(
                f"{unit.kind} strategies failed on repeat {unit.repeat}, fold {unit.fold}: {answer['message']}"
            )
        if answer["status"] == "failed":
            outcome.failed[unit] = answer["message"]
            sys.stderr.write(answer["trace"])
            return
        outcome.ran += 1
        on_done(unit)

    def _bury(
        self, worker: subprocess.Popen[str], unit: Unit, deaths: dict[Unit, int], waiting: deque[Unit], outcome: Outcome
    ) -> None:
        code = worker.wait()
        deaths[unit] += 1
        if deaths[unit] >= MOST_DEATHS:
            how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            outcome.failed[unit] = f"its worker died {deaths[unit]} times (last: {how})"
        else:
            waiting.appendleft(unit)


def _pipe(worker: subprocess.Popen[str]):  # type: ignore[no-untyped-def]
    assert worker.stdout is not None
    return worker.stdout


def make_engine(jobs: int | None, rows: int) -> Engine:
    """Worker processes where the study is large enough to pay for starting them.

    Parameters
    ----------
    jobs : int or None
        None chooses by the number of processors and rows.
    """
    check_jobs(jobs)
    count = jobs if jobs is not None else min(available_processors(), 8) if rows >= 1000 else 1
    return InlineEngine() if count == 1 else ProcessEngine(count)


def check_jobs(jobs: int | None) -> None:
    """Raise `StudyError` if there is no worker to run anything."""
    if jobs is not None and jobs < 1:
        raise StudyError(f"jobs must be at least 1, but {jobs} came.")


def available_processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
