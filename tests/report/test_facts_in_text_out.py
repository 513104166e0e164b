"""What holds for the note, the page, the fragment and the text alike."""

from __future__ import annotations

import copy
import math
import re
from typing import Any

import pytest

from fuseworthy.errors import FuseworthyError
from fuseworthy.report import render_fragment, render_note, render_page, render_text
from fuseworthy.report.wording import outcome as outcome_words

from .cases import ALL, binary_fuse, judged_bare
from .hostile import places, removed, replaced

RENDERERS = [render_note, render_page, render_fragment, render_text]
UNSAID = re.compile(r"\bNone\b|\b[nN]a[nN]\b|\binf\b|\b[uU]ndefined\b")


def unsaid(text: str) -> list[str]:
    """Words of a programmer that must not reach a reader; CSS and class names are not read."""
    text = re.sub(r"<style>.*?</style>|<meta[^>]*>|class=\"[^\"]*\"", "", text, flags=re.DOTALL)
    return UNSAID.findall(text)


@pytest.mark.parametrize("render", RENDERERS)
@pytest.mark.parametrize("case", ALL)
def test_same_facts_give_same_bytes_and_stay_untouched(render: Any, case: str) -> None:
    facts = ALL[case]()
    before = copy.deepcopy(facts)
    assert render(facts).encode() == render(ALL[case]()).encode()
    assert facts == before


@pytest.mark.parametrize("render", RENDERERS)
@pytest.mark.parametrize("case", ALL)
def test_what_is_not_known_is_never_printed_as_none_or_nan(render: Any, case: str) -> None:
    assert unsaid(render(ALL[case]())) == []


@pytest.mark.parametrize("render", RENDERERS)
def test_any_fact_may_be_unknown_or_absent(render: Any) -> None:
    facts = binary_fuse()
    for path in places(facts):
        if path != ("verdict",):
            assert unsaid(render(replaced(facts, path, None))) == [], path
            if not isinstance(path[-1], int):
                assert unsaid(render(removed(facts, path))) == [], path


@pytest.mark.parametrize("render", RENDERERS)
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_shown_as_a_dash(render: Any, number: float) -> None:
    facts = binary_fuse()
    for path in places(facts):
        if path[0] in ("verdict", "strategies", "calibration", "rescue") and not isinstance(path[-1], int):
            holder: Any = facts
            for step in path:
                holder = holder[step]
            if isinstance(holder, float):
                assert unsaid(render(replaced(facts, path, number))) == [], path


@pytest.mark.parametrize("render", RENDERERS)
def test_the_least_facts_still_render(render: Any) -> None:
    assert "nconclusive" in render({"verdict": {}}).lower()


@pytest.mark.parametrize("render", RENDERERS)
def test_facts_without_a_verdict_are_refused(render: Any) -> None:
    with pytest.raises(FuseworthyError, match="verdict"):
        render({"strategies": []})


@pytest.mark.parametrize("render", RENDERERS)
@pytest.mark.parametrize(
    "outcome", ["FUSE", "SUPERIOR_UNPROVEN", "EQUIVALENT", "NOT_WORTH_IT", "HARMFUL", "SOMETHING_NEW"]
)
def test_every_outcome_has_words(render: Any, outcome: str) -> None:
    facts = judged_bare()
    facts["verdict"]["outcome"] = outcome
    text = render(facts).lower()
    assert outcome.replace("_", " ").lower().split()[0] in text or outcome_words(outcome).label.lower() in text
    assert "_" not in outcome or outcome.lower() not in text


@pytest.mark.parametrize("render", [render_note, render_fragment, render_text])
@pytest.mark.parametrize("case", ALL)
def test_singles_come_before_fusions(render: Any, case: str) -> None:
    facts = ALL[case]()
    text = render(facts)
    body = text[text.index("Singles") :] if "Singles" in text else text
    assert body.index(facts["best_single"]) < body.index(facts["best_fusion"])


def test_a_gain_has_no_more_digits_than_its_interval_supports() -> None:
    facts = judged_bare()
    facts["verdict"] |= {"gain": 0.123456789, "low": -0.2, "high": 0.4}
    for render in (render_note, render_page):
        assert "+0.12" in render(facts)
        assert "0.123" not in render(facts)
