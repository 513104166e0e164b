"""A study in a few lines: plain text for the console, a small HTML fragment for notebooks."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from fuseworthy.report import numerals
from fuseworthy.report.contract import Facts
from fuseworthy.report.inert import short
from fuseworthy.report.reading import Reading, read
from fuseworthy.report.rendering import html_environment
from fuseworthy.report.wording import splits

_WIDTH = 80
_NAME = 28
_MOST = 12


def render_text(facts: Mapping[str, Any]) -> str:
    """Summarise a study in plain text of at most 80 columns: singles, fusions, verdict.

    Parameters
    ----------
    facts : Mapping
        The facts of a study.

    Returns
    -------
    str
        Several lines, without a newline at the end.
    """
    reading = read(facts)
    return "\n".join([*_head(reading), *_table(reading), *_foot(reading)]).replace("\u00a0", " ").replace("−", "-")


def render_fragment(facts: Mapping[str, Any]) -> str:
    """Summarise a study as an HTML fragment for notebooks; it carries its own style and no script.

    Parameters
    ----------
    facts : Mapping
        The facts of a study.

    Returns
    -------
    str
    """
    template = html_environment().get_template("fragment.html.j2")
    return template.render(reading=read(facts), most=_MOST)


def _columns(text: str) -> int:
    """Columns a terminal needs: wide characters take two, combining ones none."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def _cell(text: str, width: int) -> str:
    if _columns(text) > width:
        ends = accumulate(map(_columns, text))
        text = "".join(c for c, end in zip(text, ends, strict=True) if end < width) + "…"
    return text + " " * (width - _columns(text))


def _wrapped(text: str, indent: str = "") -> list[str]:
    # A terminal shows wide characters in two columns; half the width is then the safe one.
    width = _WIDTH if _columns(text) <= len(text) else _WIDTH // 2
    return textwrap.wrap(text, width, subsequent_indent=indent, break_on_hyphens=False) or [""]


def _head(reading: Reading) -> list[str]:
    asked = reading.facts["question"]
    source = f"{short(asked['source'] or 'given predictions', 60)}: {short(asked['target'] or 'target', 40)}"
    size = f"{numerals.count(asked['rows'])} rows, {splits(asked)}"
    return [*_wrapped(f"Study of {source} ({size})", "  "), ""]


def _table(reading: Reading) -> list[str]:
    asked = reading.facts["question"]
    title = _cells("", short(asked["loss"] or "loss", 10), short(asked["metric"] or "metric", 8), "gain", "interval")
    lines = [f"  {title}"]
    for words, rows in (("Singles", reading.singles), ("Fusions", reading.fusions)):
        lines.append(words)
        lines += [_line(row, reading) for row in rows[:_MOST]]
        if not rows:
            lines.append("  none")
        if len(rows) > _MOST:
            lines.append(f"  and {len(rows) - _MOST} more")
    return [*lines, ""]


def _line(row: Facts, reading: Reading) -> str:
    rows = reading.facts["question"]["rows"]
    mark = "* " if row["name"] == reading.facts["best_single"] or row["name"] == reading.facts["best_fusion"] else "  "
    values = (str(row["name"]), numerals.score(row["loss"], rows), numerals.score(row["metric"], rows))
    if row["name"] == reading.facts["best_single"]:
        return mark + _cells(*values, "best single", "")
    gain, interval = numerals.gain(row["gain"], row["low"], row["high"]), numerals.span(row["low"], row["high"])
    return mark + _cells(*values, gain, "" if interval == numerals.UNKNOWN else interval)


def _cells(name: str, loss: str, metric: str, gain: str, interval: str) -> str:
    widths = (_NAME, 11, 9, 11, 19)
    return "".join(map(_cell, (name, loss, metric, gain, interval), widths)).rstrip()


def _foot(reading: Reading) -> list[str]:
    lines = _wrapped(f"{reading.outcome.label.upper()}: {short(reading.sentence, 600)}")
    if reading.facts["deploy"]:
        lines += _wrapped(f"Deploy: {short(reading.facts['deploy'], 200)}", "  ")
    return lines
