"""F12: folders that mean harm or are broken are refused in a sentence, run nothing and open nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hostile_manifests import write_folders
from hostile_networks import write_networks
from hostile_parts import write_parts

HERE = Path(__file__).parent
MOST_GROWN = 300
"""MiB by which reading them all may raise the peak of the process."""


@pytest.fixture(scope="module")
def answers(good, tmp_path_factory):
    """What a process of its own says of every kind of folder: kind -> answer; and how much memory it took."""
    trees, network = good
    root = tmp_path_factory.mktemp("hostile") / "kinds"
    root.mkdir()
    kinds = write_folders(trees, root) + write_parts(trees, root) + write_networks(network, root)
    command = [sys.executable, str(HERE / "read_hostile.py"), str(trees), str(network), "--", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"{done.returncode} at {lines[-1:]}: {done.stderr[-2000:]}"
    found = {line["kind"]: line for line in lines if "kind" in line}
    assert set(found) >= set(kinds)
    grown = lines[-1]["grown"]
    refused = sum(line["outcome"] == "refused" for line in found.values())
    events = sum(len(line["seen"]) for line in found.values())
    print(f"\nF12: {len(found)} kinds of folders, {refused} refused; {events} events; peak grown by {grown} MiB")
    return found, grown


def test_every_kind_is_refused(answers):
    assert {kind: line["said"] for kind, line in answers[0].items() if line["outcome"] != "refused"} == {}


def test_every_refusal_is_one_line_that_says_what_must_hold(answers):
    said = {kind: line["said"] for kind, line in answers[0].items()}
    assert {kind: text for kind, text in said.items() if "must" not in text or "\n" in text or len(text) > 700} == {}


def test_nothing_runs_and_nothing_outside_is_opened(answers):
    assert {kind: line["seen"] for kind, line in answers[0].items() if line["seen"]} == {}


def test_memory_stays_bounded(answers):
    assert answers[1] < MOST_GROWN
