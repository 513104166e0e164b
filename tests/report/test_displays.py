from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fuseworthy.report.axes import covering, gain_axis
from fuseworthy.report.displays import bar, gain_row, gain_ticks, score_axis, verdict_display
from fuseworthy.report.reliability import common_axis, reliability_display
from fuseworthy.report.scatter import costs_display

anything = st.none() | st.floats() | st.floats(-1, 1)


def finite_numbers(picture: str) -> bool:
    values = re.findall(r'\b(?:x|y|x1|x2|y1|y2|cx|cy|r|rx|width|height)="([^"]*)"', picture)
    return bool(values) and all(re.fullmatch(r"-?\d+(\.\d+)?%?", value) for value in values)


@example(gain=0.0, low=0.0, high=5e-324, margin=None)
@example(gain=0.0, low=-1.7e308, high=1.7e308, margin=None)
@given(gain=anything, low=anything, high=anything, margin=anything)
def test_any_gain_can_be_drawn(gain: float | None, low: float | None, high: float | None, margin: float | None) -> None:
    axis = gain_axis([gain, low, margin], [high])
    assert finite_numbers(gain_row(axis, {"gain": gain, "low": low, "high": high}, margin))
    assert finite_numbers(gain_ticks(axis))
    plot = verdict_display(axis, {"gain": gain, "low": low, "high": high, "margin": margin})
    assert plot is None or finite_numbers(plot)


@given(st.lists(st.tuples(anything, anything, anything, anything), max_size=12), st.booleans())
def test_any_curve_can_be_drawn(rows: list[tuple[float | None, ...]], probabilities: bool) -> None:
    bins = [dict(zip(("predicted", "observed", "low", "high"), row, strict=True)) for row in rows]
    curve: dict[str, object] = {"name": "any", "bins": bins}
    assert finite_numbers(reliability_display(curve, common_axis([curve], probabilities)))


@given(st.lists(anything, min_size=1, max_size=5))
def test_any_score_can_be_drawn(scores: list[float | None]) -> None:
    assert finite_numbers(bar(score_axis("AUC", scores), scores[0], scores[-1]))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6))
def test_an_axis_covers_its_values_and_has_few_ticks(values: list[float]) -> None:
    axis = covering(values)
    assert axis.low <= min(values) <= max(values) <= axis.high
    assert 1 <= len(axis.ticks(6)) <= 7
    assert all(axis.low <= tick <= axis.high or tick == pytest.approx(axis.low, abs=1e-9) for tick in axis.ticks(6))


def test_one_hopeless_strategy_does_not_squeeze_the_rest() -> None:
    axis = gain_axis([-0.01, 0.02], [-5.0])
    assert axis.high - axis.low < 0.1


def test_a_gain_says_itself_to_those_who_cannot_see_it() -> None:
    row = gain_row(gain_axis([0.03]), {"gain": 0.01, "low": -0.01, "high": 0.03}, 0.01)
    assert "<title>gain +0.010, interval −0.010 to +0.030</title>" in row


def test_names_of_strategies_that_cost_and_lose_about_the_same_do_not_lie_on_another() -> None:
    rows = [
        {"name": f"candidate-{i}", "loss": 0.3 + 1e-4 * i, "kilobytes": 10 + 0.01 * i, "front": True} for i in range(6)
    ]
    rows.append({"name": "large", "loss": 0.5, "kilobytes": 500.0, "front": True})
    drawn = str(costs_display(rows, "kilobytes", "kB", "front"))
    heights = sorted(float(y) for y in re.findall(r'<text[^>]* y="([\d.]+)"[^>]*>candidate-', drawn))
    assert len(heights) == 6
    assert min(b - a for a, b in pairwise(heights)) >= 12
