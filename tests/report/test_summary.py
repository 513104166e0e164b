from __future__ import annotations

import unicodedata

import pytest

from fuseworthy.report import render_fragment, render_text

from .cases import ALL, binary_fuse
from .hostile import PAYLOADS, mapped


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in line)


@pytest.mark.parametrize("case", ALL)
def test_text_fits_80_columns(case: str) -> None:
    assert max(map(columns, render_text(ALL[case]()).splitlines())) <= 80


@pytest.mark.parametrize("payload", [*PAYLOADS, "漢字" * 40, "e\u0301" * 60])
def test_text_fits_80_columns_with_any_name_and_steers_no_terminal(payload: str) -> None:
    text = render_text(mapped(binary_fuse(), lambda old: payload + old))
    assert max(map(columns, text.splitlines())) <= 80
    assert all(c == "\n" or unicodedata.category(c) not in ("Cc", "Cs") for c in text)
    assert not set(text) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")
    text.encode()


def test_text_says_singles_then_fusions_then_the_verdict() -> None:
    text = render_text(binary_fuse())
    assert text.index("Singles") < text.index("Fusions") < text.index("FUSE:")
    assert text.splitlines()[-1] == "Deploy: stacking"


def test_many_strategies_are_cut_and_counted() -> None:
    facts = binary_fuse()
    facts["strategies"] += [facts["strategies"][5] | {"name": f"more {i}"} for i in range(30)]
    assert "and 23 more" in render_text(facts)
    assert "and 23 more" in render_fragment(facts)


def test_the_fragment_styles_nothing_but_itself() -> None:
    style = render_fragment(binary_fuse()).split("<style>")[1].split("</style>")[0]
    rules = [rule for rule in style.replace("\n", "").split("}") if rule]
    assert all(part.startswith(".fuseworthy-study") for rule in rules for part in rule.split("{")[0].split(","))
