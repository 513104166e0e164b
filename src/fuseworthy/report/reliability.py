"""Reliability curves: what was predicted against what happened."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from fuseworthy.report import numerals
from fuseworthy.report.axes import Axis, covering
from fuseworthy.report.marks import joined, mark, picture
from fuseworthy.report.numerals import finite

_SIZE = 260.0
_LEFT, _TOP, _RIGHT, _BOTTOM = 44.0, 8.0, 8.0, 38.0
_INNER = _SIZE - _LEFT - _RIGHT
_HEIGHT = _INNER + _TOP + _BOTTOM

Bin = dict[str, object]


def common_axis(curves: Sequence[dict[str, object]], probabilities: bool) -> Axis:
    """Return the axis all curves share: 0 to 1 for probabilities, else what their bins cover."""
    if probabilities:
        return Axis(0.0, 1.0)
    bins = [row for curve in curves for row in _bins(curve)]
    return covering([row.get(key) for row in bins for key in ("predicted", "observed", "low", "high")])


def _bins(curve: dict[str, object]) -> list[Bin]:
    rows = curve.get("bins")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _x(axis: Axis, value: float) -> float:
    return _LEFT + _INNER * axis.percent(value) / 100


def _y(axis: Axis, value: float) -> float:
    return _TOP + _INNER * (1 - axis.percent(value) / 100)


def _frame(axis: Axis) -> Markup:
    most = 6 if (axis.low, axis.high) == (0.0, 1.0) else 7
    places = 1 if (axis.low, axis.high) == (0.0, 1.0) else axis.decimals(most)
    parts = [mark("rect", x=_LEFT, y=_TOP, width=_INNER, height=_INNER, class_="pane")]
    for tick in axis.ticks(most):
        x, y = _x(axis, tick), _y(axis, tick)
        label = numerals.plain(tick, places)
        parts.append(mark("line", x1=x, x2=x, y1=_TOP, y2=_TOP + _INNER, class_="grid"))
        parts.append(mark("line", x1=_LEFT, x2=_LEFT + _INNER, y1=y, y2=y, class_="grid"))
        parts.append(mark("text", label, x=x, y=_TOP + _INNER + 15, text_anchor="middle", class_="label"))
        parts.append(mark("text", label, x=_LEFT - 6, y=y + 4, text_anchor="end", class_="label"))
    corner = {"x1": _LEFT, "y1": _TOP + _INNER, "x2": _LEFT + _INNER, "y2": _TOP}
    parts.append(mark("line", **corner, class_="diagonal"))
    parts.append(mark("text", "predicted", x=_LEFT + _INNER, y=_HEIGHT - 5, text_anchor="end", class_="label name"))
    parts.append(mark("text", "observed", x=_LEFT + 6, y=_TOP + 15, class_="label name"))
    return joined(parts)


def _points(axis: Axis, rows: Sequence[Bin]) -> list[tuple[float, float, Bin]]:
    points = []
    for row in rows:
        predicted, observed = finite(row.get("predicted")), finite(row.get("observed"))
        if predicted is not None and observed is not None:
            points.append((_x(axis, predicted), _y(axis, observed), row))
    return sorted(points, key=lambda point: point[:2])


def reliability_display(curve: dict[str, object], axis: Axis) -> Markup:
    """Draw one reliability curve with its interval whiskers.

    Parameters
    ----------
    curve : dict
        Holds ``name`` and ``bins``; a bin has ``predicted``, ``observed``, ``low``, ``high`` and ``rows``.
    axis : Axis
        Shared by both directions and by all curves.

    Returns
    -------
    Markup
    """
    points = _points(axis, _bins(curve))
    parts = [_frame(axis)]
    for x, _, row in points:
        low, high = finite(row.get("low")), finite(row.get("high"))
        if low is not None and high is not None:
            parts.append(mark("line", x1=x, x2=x, y1=_y(axis, low), y2=_y(axis, high), class_="whisker"))
    parts += [mark("line", x1=a[0], y1=a[1], x2=b[0], y2=b[1], class_="curve") for a, b in pairwise(points)]
    parts += [mark("circle", cx=x, cy=y, r=3.2, class_="dot") for x, y, _ in points]
    title = f"reliability of {curve.get('name') or 'one strategy'}: {len(points)} groups of rows, predicted against observed"
    return picture(title, *parts, viewBox=f"0 0 {_SIZE:.0f} {_HEIGHT:.0f}", class_="reliability")
