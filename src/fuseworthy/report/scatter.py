"""Errors against coverage, and losses against costs, as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from fuseworthy.report import numerals
from fuseworthy.report.axes import Axis, covering
from fuseworthy.report.marks import joined, mark, picture
from fuseworthy.report.numerals import finite

_WIDTH, _HEIGHT = 560.0, 300.0
_LEFT, _TOP, _RIGHT, _BOTTOM = 58.0, 10.0, 120.0, 40.0
_LINE, _SIGN = 13.0, 6.2
"""Height of a label, and width of one of its characters."""
_INNER, _TALL = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

Row = dict[str, object]


def coverage_display(curves: Sequence[Row], stated: object) -> Markup:
    """Draw the error among the rows kept against their share, one line a strategy."""
    lines = [(curve, _points(curve.get("points"), "coverage", "error")) for curve in curves]
    high = max([y for _, points in lines for _, y in points] + [finite(stated) or 0.0, 1e-6])
    across, up = Axis(0.0, 1.0), Axis(0.0, high * 1.05)
    parts = [_frame(across, up, "share of rows kept, the surest first", "error")]
    if (level := finite(stated)) is not None:
        parts.append(mark("line", x1=_LEFT, x2=_LEFT + _INNER, y1=_y(up, level), y2=_y(up, level), class_="diagonal"))
    ends = []
    for place, (curve, points) in enumerate(lines):
        css = f"curve line{place}"
        places = [(_x(across, x), _y(up, y)) for x, y in points]
        parts += [mark("line", x1=a[0], y1=a[1], x2=b[0], y2=b[1], class_=css) for a, b in pairwise(places)]
        ends += [(*places[-1], _short(curve.get("name")))] if places else []
    parts += _labels(ends)
    return picture("error against the share of rows kept", *parts, viewBox=_box(), class_="scatter")


def rates_display(curves: Sequence[Row], margin: object) -> Markup:
    """Draw the expected gain against the share of rows that lack a modality, one line a modality."""
    lines = [(curve, _points(curve.get("rates"), "rate", "gain")) for curve in curves]
    across, up = Axis(0.0, 1.0), covering([0.0, *(y for _, points in lines for _, y in points)], 0.08)
    parts = [_frame(across, up, "share of rows that lack it", "gain")]
    if (least := finite(margin)) is not None:
        parts.append(mark("line", x1=_LEFT, x2=_LEFT + _INNER, y1=_y(up, least), y2=_y(up, least), class_="diagonal"))
    for place, (curve, points) in enumerate(lines):
        places = [(_x(across, x), _y(up, y)) for x, y in points]
        css = f"curve line{place}"
        parts += [mark("line", x1=a[0], y1=a[1], x2=b[0], y2=b[1], class_=css) for a, b in pairwise(places)]
        if places:
            beside, level = _LEFT + _INNER + 10, _TOP + 16 + 18.0 * place
            parts.append(mark("line", x1=beside, x2=beside + 18, y1=level, y2=level, class_=css))
            name = "each of them" if curve.get("missing") == "each" else _short(curve.get("missing"))
            parts.append(mark("text", name, x=beside + 24, y=level + 4, class_="label"))
    return picture(
        "expected gain against the share of rows that lack a modality", *parts, viewBox=_box(), class_="scatter"
    )


def costs_display(
    rows: Sequence[Row],
    cost: str = "predict_seconds",
    below: str = "milliseconds a row",
    front: str = "pareto",
    title: str = "loss against the time to predict",
) -> Markup:
    """Draw loss against a cost (log); those that nothing else beats are named.

    Parameters
    ----------
    rows : with ``loss``, ``name``, the cost, and under ``front`` whether nothing else beats it
    below : what the cost is, under its axis
    """
    points = []
    for row in rows:
        price, loss = finite(row.get(cost)), finite(row.get("loss"))
        if price is not None and loss is not None and price > 0:
            points.append((math.log10(price), loss, row))
    across, up = covering([x for x, _, _ in points], 0.08), covering([y for _, y, _ in points], 0.08)
    parts = [_frame(across, up, below, "loss", log=True)]
    for x, y, row in sorted(points, key=lambda point: (bool(point[2].get(front)), point[0])):
        css = "dot front" if row.get(front) else "dot"
        parts.append(mark("circle", cx=_x(across, x), cy=_y(up, y), r=4.0 if row.get(front) else 2.6, class_=css))
    parts += _labels([(_x(across, x), _y(up, y), _short(row.get("name"))) for x, y, row in points if row.get(front)])
    return picture(title, *parts, viewBox=_box(), class_="scatter")


def _labels(wanted: Sequence[tuple[float, float, str]]) -> list[Markup]:
    """Names beside their places, each with a line to it; where one would lie on another it moves to the plot's middle."""
    middle = _TOP + _TALL / 2
    found: list[tuple[float, float, str]] = []
    parts = []
    for x, y, name in sorted(wanted, key=lambda own: abs(own[1] - middle), reverse=True):
        level, step = y, 1.0 if y < middle else -1.0
        while any(
            abs(level - b) < _LINE and a < x + _SIGN * len(name) and x < a + _SIGN * len(other) for a, b, other in found
        ):
            level += step
        found.append((x, level, name))
        parts.append(mark("line", x1=x + 4, y1=y, x2=x + 7, y2=level, class_="grid"))
        parts.append(mark("text", name, x=x + 8, y=level + 4, class_="label"))
    return parts


def _power(tick: float) -> str:
    """A power of ten as a number."""
    return numerals.brief(10**tick) if tick < 3 else numerals.count(10**tick)


def _short(name: object) -> str:
    """A name short enough for a plot."""
    text = str(name or "")
    return text if len(text) <= 18 else text[:17] + "…"


def _box() -> str:
    return f"0 0 {_WIDTH:.0f} {_HEIGHT:.0f}"


def _points(given: object, x: str, y: str) -> list[tuple[float, float]]:
    rows = given if isinstance(given, list) else []
    found = [(finite(row.get(x)), finite(row.get(y))) for row in rows if isinstance(row, dict)]
    return sorted((a, b) for a, b in found if a is not None and b is not None)


def _x(axis: Axis, value: float) -> float:
    return _LEFT + _INNER * axis.percent(value) / 100


def _y(axis: Axis, value: float) -> float:
    return _TOP + _TALL * (1 - axis.percent(value) / 100)


def _frame(across: Axis, up: Axis, below: str, beside: str, log: bool = False) -> Markup:
    parts = [mark("rect", x=_LEFT, y=_TOP, width=_INNER, height=_TALL, class_="pane")]
    for tick in across.ticks(6):
        x = _x(across, tick)
        label = _power(tick) if log else numerals.plain(tick, across.decimals(6))
        parts.append(mark("line", x1=x, x2=x, y1=_TOP, y2=_TOP + _TALL, class_="grid"))
        parts.append(mark("text", label, x=x, y=_TOP + _TALL + 15, text_anchor="middle", class_="label"))
    for tick in up.ticks(5):
        y = _y(up, tick)
        parts.append(mark("line", x1=_LEFT, x2=_LEFT + _INNER, y1=y, y2=y, class_="grid"))
        label = numerals.plain(tick, up.decimals(5))
        parts.append(mark("text", label, x=_LEFT - 6, y=y + 4, text_anchor="end", class_="label"))
    parts.append(mark("text", below, x=_LEFT + _INNER, y=_HEIGHT - 6, text_anchor="end", class_="label name"))
    parts.append(mark("text", beside, x=_LEFT + 6, y=_TOP + 15, class_="label name"))
    return joined(parts)
