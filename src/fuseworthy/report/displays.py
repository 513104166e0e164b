"""Gains, scores and counts as SVG: data in, markup out.

Coordinates along the horizontal are percentages, so a display fills whatever width the page gives it while text and
strokes keep their size.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from fuseworthy.report import numerals
from fuseworthy.report.axes import Axis
from fuseworthy.report.marks import joined, mark, percent, picture
from fuseworthy.report.numerals import finite


def _ground(axis: Axis, margin: float | None) -> Markup:
    """Zero line and the band of gains too small to matter."""
    parts = []
    if margin:
        left, right = axis.percent(-margin), axis.percent(margin)
        parts.append(mark("rect", x=percent(left), y="0%", width=percent(right - left), height="100%", class_="band"))
    zero = percent(axis.percent(0.0))
    parts.append(mark("line", x1=zero, x2=zero, y1="0%", y2="100%", class_="zero"))
    return joined(parts)


def _arrow(at: float, direction: int) -> Markup:
    """Return an arrowhead at one end of the axis; it lies in an SVG of its own, since paths know no percentages."""
    size = 6 * direction
    path = mark("path", d=f"M{-size} -4.5 L0 0 L{-size} 4.5", class_="arrow")
    return mark("svg", path, x=percent(at), y="50%", overflow="visible", width=1, height=1)


def _whisker(axis: Axis, low: float, high: float) -> Markup:
    left, right = percent(axis.percent(low)), percent(axis.percent(high))
    parts = [mark("line", x1=left, x2=right, y1="50%", y2="50%", class_="whisker")]
    if low < axis.low:
        parts.append(_arrow(0.0, -1))
    if high > axis.high:
        parts.append(_arrow(100.0, 1))
    return joined(parts)


def _estimate(axis: Axis, gain: float) -> Markup:
    if axis.low <= gain <= axis.high:
        return mark("circle", cx=percent(axis.percent(gain)), cy="50%", r=4.5, class_="dot")
    return _arrow(0.0, -1) if gain < axis.low else _arrow(100.0, 1)


def gain_row(axis: Axis, row: dict[str, object], margin: object, css: str = "") -> Markup:
    """Draw one gain with its interval: a line of a forest plot, as high as its row.

    Parameters
    ----------
    axis : Axis
        Shared by all rows of the plot.
    row : dict
        Holds ``gain``, ``low`` and ``high``; each may be None.
    margin : float or None
        Half-width of the band of gains too small to matter.
    css : str
        Further class names.

    Returns
    -------
    Markup
    """
    gain, low, high = finite(row.get("gain")), finite(row.get("low")), finite(row.get("high"))
    parts = [_ground(axis, finite(margin))]
    title = "no gain to show"
    if low is not None and high is not None:
        parts.append(_whisker(axis, low, high))
    if gain is not None:
        parts.append(_estimate(axis, gain))
        title = f"gain {numerals.gain(gain, low, high)}"
        if low is not None and high is not None:
            title += f", interval {numerals.span(low, high)}"
    return picture(title, *parts, class_=f"gain {css}".strip())


def empty_row(axis: Axis, margin: object) -> Markup:
    """Draw the ground of a forest plot alone, for the rows that head a group."""
    return mark("svg", _ground(axis, finite(margin)), class_="gain", aria_hidden="true")


def gain_ticks(axis: Axis, most: int = 7, height: int = 24) -> Markup:
    """Draw the axis under a forest plot."""
    places = axis.decimals(most)
    parts = []
    for tick in axis.ticks(most):
        at = axis.percent(tick)
        anchor = "start" if at < 4 else "end" if at > 96 else "middle"
        label = "0" if tick == 0 else numerals.signed(tick, places)
        parts.append(mark("line", x1=percent(at), x2=percent(at), y1=0, y2=4, class_="tick"))
        parts.append(mark("text", label, x=percent(at), y=17, text_anchor=anchor, class_="label"))
    base = mark("line", x1="0%", x2="100%", y1=0, y2=0, class_="tick")
    return mark("svg", base, *parts, width="100%", height=height, class_="axis", aria_hidden="true")


def verdict_display(axis: Axis, verdict: dict[str, object], height: int = 92) -> Markup | None:
    """Draw the interval of the verdict against zero and the margin; None when there is no interval."""
    gain, low, high = (finite(verdict.get(key)) for key in ("gain", "low", "high"))
    if gain is None or low is None or high is None:
        return None
    middle = height * 0.62
    shown = f"{numerals.gain(gain, low, high)}"
    left, right = axis.percent(low), axis.percent(high)
    label_at = axis.percent(gain)
    anchor = "start" if label_at < 8 else "end" if label_at > 92 else "middle"
    parts = [
        _ground(axis, finite(verdict.get("margin"))),
        mark("rect", x=percent(left), y=middle - 6, width=percent(right - left), height=12, rx=6, class_="interval"),
        mark("circle", cx=percent(label_at), cy=middle, r=8, class_="dot"),
        mark("text", shown, x=percent(label_at), y=middle - 20, text_anchor=anchor, class_="figure"),
    ]
    title = f"gain {shown}, interval {numerals.span(low, high)}, margin {numerals.brief(verdict.get('margin'))}"
    return picture(title, *parts, width="100%", height=height, class_="gain verdict-plot")


def bar(
    axis: Axis, value: object, reference: object = None, height: int = 14, css: str = "", title: str = ""
) -> Markup:
    """Draw one horizontal bar from zero (or the axis's low end), with a hairline at a reference value."""
    number, other = finite(value), finite(reference)
    parts = [mark("rect", x="0%", y=0, width="100%", height=height, class_="trough")]
    if number is not None:
        zero = axis.percent(min(max(0.0, axis.low), axis.high))
        end = axis.percent(number)
        left, width = min(zero, end), abs(end - zero)
        parts.append(mark("rect", x=percent(left), y=0, width=percent(width), height=height, class_="fill"))
    if other is not None:
        at = percent(axis.percent(other))
        parts.append(mark("line", x1=at, x2=at, y1=-2, y2=height + 2, class_="reference"))
    return picture(title or numerals.score(number), *parts, width="100%", height=height, class_=f"bar {css}".strip())


def balance(rescued: object, harmed: object, most: float, height: int = 16) -> Markup:
    """Draw harmed rows to the left and rescued rows to the right of a common line."""
    down, up = finite(harmed) or 0.0, finite(rescued) or 0.0
    axis = Axis(-max(most, 1.0), max(most, 1.0))
    left, right = axis.percent(-down), axis.percent(up)
    parts = [
        mark("rect", x=percent(left), y=0, width=percent(50 - left), height=height, class_="harmed"),
        mark("rect", x="50%", y=0, width=percent(right - 50), height=height, class_="rescued"),
        mark("line", x1="50%", x2="50%", y1=-2, y2=height + 2, class_="zero"),
    ]
    title = f"{numerals.count(harmed)} harmed, {numerals.count(rescued)} rescued"
    return picture(title, *parts, width="100%", height=height, class_="balance")


def score_axis(metric: object, values: Sequence[object]) -> Axis:
    """Return the axis on which scores are drawn: from no skill (0.5 for an AUC, else 0) to perfect, or to the largest."""
    found = [number for number in map(finite, values) if number is not None]
    floor = 0.5 if str(metric).upper().endswith("AUC") or str(metric).upper() == "AUROC" else 0.0
    low = min([floor, *found])
    high = max([0.0, *found])
    return Axis(max(low, -1.0) if high <= 1 else low, 1.0 if high <= 1 else high)
