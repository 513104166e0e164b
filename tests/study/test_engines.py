"""Engines survive their workers: a dead one is replaced, a unit that always kills is given up, the others go on."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

import fuseworthy as fw
from fuseworthy.datasets.synthetic import make
from fuseworthy.study.engines import ProcessEngine, make_engine
from fuseworthy.study.units import STAGES, Unit, is_done, unit_folders, units_of
from fuseworthy.study.workspace import open_workspace

POISON = """
import json, os, sys
from pathlib import Path
folder = Path(sys.argv[1])
for line in sys.stdin:
    unit = json.loads(line)
    (folder / f"started-{unit['fold']}-{os.getpid()}").touch()
    if unit["fold"] == 3:
        os.kill(os.getpid(), 9)
    print(json.dumps({"status": "failed", "message": "no", "trace": ""} if unit["fold"] == 5 else {"status": "done"}), flush=True)
"""


def study_of(**more):
    modalities = {"a": fw.Embedding("x1"), "b": fw.Embedding("x2")}
    return fw.compare(make("T1", 160, 0).to_table(), "y", modalities=modalities, id="id", repeats=1, folds=3, **more)


class FakeWorkspace:
    def __init__(self, folder: Path) -> None:
        self.folder = folder


class PoisonEngine(ProcessEngine):
    """Its workers die on fold 3 and fail on fold 5."""

    def _command(self, workspace):
        import sys

        return [sys.executable, "-c", POISON, str(workspace.folder)]


def test_a_unit_that_always_kills_is_given_up_and_the_others_go_on(tmp_path, capfd):
    units, done = [Unit("late", 0, k) for k in range(40)], []
    engine = PoisonEngine(3)
    try:
        outcome = engine.run(FakeWorkspace(tmp_path), units, done.append, float("inf"))
    finally:
        engine.close()
    assert outcome.ran == 38
    assert len(done) == 38
    assert set(outcome.failed) == {units[3], units[5]}
    assert "died 2 times (last: signal SIGKILL)" in outcome.failed[units[3]]
    assert len(list(tmp_path.glob("started-3-*"))) == 2


def test_no_new_unit_is_begun_after_the_deadline(tmp_path):
    units = [Unit("late", 0, k) for k in range(10, 20)]
    engine = PoisonEngine(2)
    try:
        outcome = engine.run(FakeWorkspace(tmp_path), units, lambda unit: None, time.monotonic() - 1)
    finally:
        engine.close()
    assert outcome.skipped == units
    assert outcome.ran == 0


def test_a_worker_killed_from_outside_costs_nothing_but_time(tmp_path):
    study = study_of(out=tmp_path / "run", jobs=1, strategies=["mean", "early-linear"])
    workspace = open_workspace(tmp_path / "run")
    before = {p.name: p.read_bytes() for p in (tmp_path / "run" / "ledger").iterdir()}
    for folder in ("ledger", "inner", "receipts"):
        for path in (tmp_path / "run" / folder).iterdir():
            path.unlink()
    unit_folders(workspace.folder)
    engine, killed = ProcessEngine(2), []

    def kill_once(unit: Unit) -> None:
        if not killed:
            victim = next(w for w in engine._workers if w.poll() is None)
            killed.append(victim.pid)
            os.kill(victim.pid, signal.SIGKILL)

    try:
        for stage in STAGES:
            units = units_of(workspace, 0, stage)
            outcome = engine.run(workspace, units, kill_once, float("inf"))
            assert not outcome.failed
            assert all(is_done(workspace, unit) for unit in units)
    finally:
        engine.close()
    assert killed
    assert {p.name: p.read_bytes() for p in (tmp_path / "run" / "ledger").iterdir()} == before
    assert study.ledger.n == 160


def test_the_engine_fits_the_size_of_the_study():
    assert type(make_engine(None, 400)).__name__ == "InlineEngine"
    assert type(make_engine(1, 10**6)).__name__ == "InlineEngine"
    assert type(make_engine(3, 10)).__name__ == "ProcessEngine"


def test_the_log_tells_what_ran(tmp_path):
    study_of(out=tmp_path / "run", strategies=["mean"])
    events = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [e["units"] for e in events if e["event"] == "stage"] == [6, 3, 9]


@pytest.mark.parametrize("jobs", [1, 2])
def test_strategies_not_asked_for_are_not_fitted(tmp_path, jobs):
    study = study_of(strategies=["mean", "stacking"], jobs=jobs)
    assert study.ledger.names(kind="fusion") == ["mean", "stacking"]
