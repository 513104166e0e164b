"""F12: folders damaged at random and rightly signed are read or refused; none ends the process or surprises."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DEFAULT, FULL = 150, 20_000
MOST_GROWN = 400
"""MiB by which reading them all may raise the peak of the process."""


def require_none_harmful(good, count):
    """A process of its own reads damaged copies of the good folders; none of them does harm."""
    command = [sys.executable, str(HERE / "read_damaged_models.py"), str(count), *map(str, good)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=count)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"{done.returncode} at {lines[-1:]}: {done.stderr[-2000:]}"
    harm = [line for line in lines if "kind" in line]
    answers, grown = lines[-1]["answers"], lines[-1]["grown"]
    print(f"\nF12: {count:,} damaged folders: {answers}; {len(harm)} harmful; peak grown by {grown} MiB")
    assert harm == []
    assert sum(answers.values()) == count
    assert grown < MOST_GROWN


def test_damaged_folders_are_read_or_refused(good):
    require_none_harmful(good, DEFAULT)


@pytest.mark.slow
def test_very_many_damaged_folders_are_read_or_refused(good):
    require_none_harmful(good, FULL)
