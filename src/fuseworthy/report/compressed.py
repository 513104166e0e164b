"""Note and page of a compression: what each candidate costs, what it loses and for whom, and which to take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fuseworthy.report import displays, numerals, scatter
from fuseworthy.report.axes import gain_axis
from fuseworthy.report.inert import inert
from fuseworthy.report.rendering import html_environment, markdown_environment

PLOTS = (
    ("kilobytes", "size_front", "kilobytes of the file", "loss against size"),
    ("milliseconds", "latency_front", "milliseconds for one row", "loss against latency"),
)


def render_compressed_note(facts: Mapping[str, Any]) -> str:
    """Write the note of a compression in Markdown.

    Parameters
    ----------
    facts : Mapping
        As ``compress.json`` holds them.
    """
    text = markdown_environment().get_template("compressed.md.j2").render(**_shown(facts))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def render_compressed_lines(facts: Mapping[str, Any]) -> list[str]:
    """A line a candidate, the smallest first, then what distilling to one modality does, and what to take."""
    shown = _shown(facts)
    rows = [*shown["rows"], shown["first"]]
    wide = max(len(row["name"]) for row in rows)
    lines = [f"{'':{wide}}  {'size':>8}  {'one row':>9}  {shown['q']['loss']:>8}  gain"]
    for row in rows:
        said = f"{numerals.gain(row['gain'], row['low'], row['high'])}  {row['standing']}" if "gain" in row else ""
        cells = (bytes_of(row["bytes"]), f"{numerals.brief(row['milliseconds'])} ms", numerals.score(row["loss"]))
        lines.append(f"{row['name']:{wide}}  {cells[0]:>8}  {cells[1]:>9}  {cells[2]:>8}  {said}".rstrip())
    lines += [own["sentence"] for own in shown["duels"]] + [shown["sentence"]]
    return [line.replace("\u00a0", " ").replace("−", "-") for line in lines]


def render_compressed_page(facts: Mapping[str, Any]) -> str:
    """Write the page of a compression: one HTML document that needs nothing outside itself."""
    shown = _shown(facts)
    rows = [shown["first"], *shown["rows"]]
    bounds = [row[key] for row in [*shown["rows"], *shown["duels"]] for key in ("gain", "low", "high")]
    margin = shown["q"]["margin"]
    plots = [
        scatter.costs_display(rows, cost, below, front, title) for cost, front, below, title in PLOTS if len(rows) > 1
    ]
    return (
        html_environment()
        .get_template("compressed.html.j2")
        .render(**shown, displays=displays, axis=gain_axis([margin, -margin], bounds, reach=6.0), plots=plots)
    )


def _shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts under the names that the templates read, every string harmless."""
    known: dict[str, Any] = inert(dict(facts))
    first, rows = _sized(known["original"]), [_sized(row) for row in known["candidates"]]
    return {
        "q": known["question"],
        "first": first,
        "rows": sorted(rows, key=lambda row: row["bytes"]),
        "duels": known["duels"],
        "references": known["references"],
        "left_out": known["left_out"],
        "recommended": known["recommended"],
        "sentence": known["sentence"],
        "bytes_of": bytes_of,
    }


def _sized(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"kilobytes": row["bytes"] / 1000}


def bytes_of(number: object) -> str:
    """A size in bytes as people read it.

    Examples
    --------
    >>> [bytes_of(n).replace(chr(160), " ") for n in (512, 4_300, 1_250_000, None)]
    ['512 B', '4.3 kB', '1.25 MB', '–']
    """
    size = numerals.finite(number)
    if size is None:
        return numerals.UNKNOWN
    for unit, worth in (("MB", 1e6), ("kB", 1e3)):
        if size >= worth:
            return f"{size / worth:,.3g}\u00a0{unit}" if size < 1000 * worth else f"{size / worth:,.0f}\u00a0{unit}"
    return f"{size:.0f}\u00a0B"
