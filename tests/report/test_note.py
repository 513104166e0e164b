from __future__ import annotations

import pytest

from fuseworthy.report import render_note

from .cases import ALL, binary_fuse

SECTIONS = [
    "# Fusion note",
    "## What was asked",
    "## What each modality gives alone",
    "## What was left to gain",
    "## Why fusion was tried",
    "## What fusion gains",
    "### Guard",
    "### Controls",
    "## What each modality is worth",
    "## Inside the networks",
    "## With modalities missing",
    "## Where fusion rescues and where it harms",
    "## Which rows gain and which lose",
    "## Calibration, before and after",
    "## What it costs",
    "## The verdict and why",
    "## Known pitfalls",
    "## Which modalities the rows have",
    "## What was left out, and everything else to know",
    "## How to repeat it",
]


@pytest.mark.parametrize("case", ALL)
def test_every_section_is_there_in_order(case: str) -> None:
    lines = render_note(ALL[case]()).splitlines()
    found = [line for line in lines if line.startswith("#")]
    known = [next((line for line in found if line.startswith(section)), None) for section in SECTIONS]
    assert [line for line in known if line] == found
    assert None not in known or case != "explained"


def test_the_title_says_the_verdict() -> None:
    assert render_note(ALL["not worth"]()).splitlines()[0] == "# Fusion note: not worth it"


def test_terms_are_explained_where_they_are_used() -> None:
    note = render_note(binary_fuse())
    for phrase in (
        "smallest gain that would pay",
        "leave plausible",
        "gets wrong and fusion gets right",
        "1 is calibrated",
        "no modality brings anything new",
        "positive means that fusion is better",
    ):
        assert phrase in note


def test_the_note_does_not_change_when_only_the_clock_does() -> None:
    facts, slower = binary_fuse(), binary_fuse()
    for row in slower["strategies"]:
        row["fit_seconds"], row["predict_seconds"] = 99.0, 0.5
    slower["history"] = [line.replace("81 s", "3 min 2 s").replace("47 s", "0.5 s") for line in slower["history"]]
    assert render_note(facts) == render_note(slower)
    assert render_note(facts, timings=True) != render_note(slower, timings=True)


def test_seconds_are_the_last_section_and_only_on_request() -> None:
    assert "## Seconds" not in render_note(binary_fuse())
    headings = [line for line in render_note(binary_fuse(), timings=True).splitlines() if line.startswith("#")]
    assert headings[-1] == "## Seconds"


def test_without_fusions_the_note_says_that_none_was_tried() -> None:
    facts = binary_fuse()
    facts["strategies"] = [row for row in facts["strategies"] if row["family"] == "single"]
    facts |= {"best_fusion": None, "why_tried": "Headroom: the probe finds at most 0.002, below the margin."}
    note = render_note(facts)
    assert "## Why fusion was not tried\n\nHeadroom: the probe" in note


def test_the_best_single_of_each_modality_is_marked() -> None:
    starred = [line for line in render_note(binary_fuse()).splitlines() if line.startswith("| ★")]
    assert ["review/linear" in starred[0], "customer/boosting" in starred[1], len(starred)] == [True, True, 2]


def test_everything_left_out_and_every_notice_is_listed() -> None:
    note = render_note(binary_fuse())
    for item in ("Clothing ID", "Rating", "845 rows have no review text", "torch is not installed"):
        assert item in note


def test_a_command_is_fenced_so_that_it_cannot_leave_its_block() -> None:
    facts = binary_fuse()
    facts["question"]["command"] = "fuseworthy compare '```.parquet' --target y"
    assert "````\nfuseworthy compare '```.parquet' --target y\n````" in render_note(facts)
