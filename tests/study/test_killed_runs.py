"""Runs by processes of their own, killed or not: they end with the same bytes as one that nobody disturbed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from small_studies import bytes_of, quick

from mixed_tables import mixed_table


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One undisturbed run and its table."""
    table, folder = mixed_table(), tmp_path_factory.mktemp("runs") / "one"
    return table, folder, quick(table, folder)


def test_worker_processes_give_the_same_bytes(finished, tmp_path):
    quick(finished[0], tmp_path / "two", jobs=2)
    assert bytes_of(tmp_path / "two") == bytes_of(finished[1])


def command_for(folder: Path, out: Path) -> list[str]:
    """The command line that asks what `quick` asks."""
    words = "--target label --modality note=text:note --modality table=tabular:size,shop --id key --repeats 1 --folds 3"
    tried = "--strategies mean,stacking,early-linear --jobs 2"
    start = [sys.executable, "-m", "fuseworthy", "compare", str(folder / "t.parquet"), "--out", str(out)]
    return [*start, *words.split(), *tried.split()]


def kill_when(command: list[str], environment: dict[str, str], ripe) -> bool:
    """Start a run, kill it without warning once ``ripe()``; False if it ended before."""
    run = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while run.poll() is None and not ripe() and time.monotonic() < deadline:
        time.sleep(0.01)
    alive = run.poll() is None
    if alive:
        run.send_signal(signal.SIGKILL)
    run.wait()
    return alive


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(finished, tmp_path):
    table, folder, study = finished
    pq.write_table(table, tmp_path / "t.parquet")
    out, environment = tmp_path / "killed", os.environ | {"FUSEWORTHY_CACHE": str(tmp_path / "cache")}
    command = command_for(tmp_path, out)
    kills = sum(
        kill_when(command, environment, lambda wanted=wanted: len(list(out.glob("receipts/r*.json"))) >= wanted)
        for wanted in (1, 4, 8)
    )
    done = subprocess.run([*command, "--resume"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert kills >= 2
    assert bytes_of(out) == bytes_of(folder)
    assert (out / "verdict.json").read_bytes() == (folder / "verdict.json").read_bytes()
    assert study.verdict.outcome in done.stdout.replace(" ", "_")


@pytest.mark.slow
def test_twenty_kills_at_random_times_lose_nothing(finished, tmp_path):
    pq.write_table(finished[0], tmp_path / "t.parquet")
    out, environment = tmp_path / "killed", os.environ | {"FUSEWORTHY_CACHE": str(tmp_path / "cache")}
    command, rng, kills = command_for(tmp_path, out), np.random.default_rng(0), 0
    while kills < 20:
        until = time.monotonic() + 1.5 + 4 * rng.random()
        if not kill_when(command, environment, lambda until=until: time.monotonic() > until):
            for path in sorted((out / "receipts").iterdir())[: int(rng.integers(3, 8))]:
                path.unlink()
        else:
            kills += 1
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert bytes_of(out) == bytes_of(finished[1])
