"""What the gallery shows: a row of its table, the table in ``docs/gallery.md``, and a picture a set in ``docs/gallery/``."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fuseworthy.durable import read_json, write_bytes
from fuseworthy.ledger import FUSION_FAMILIES
from fuseworthy.report.plots import GainsDisplay
from records import HERE

DOCS = HERE.parent / "docs"
FIRST, LAST = "<!-- gallery -->", "<!-- /gallery -->"
HEAD = (
    "| question | rows | metric | best single | best fusion | gain (90 % interval) | verdict | best confirmed slice | cost |",
    "|---|--:|---|---|---|---|---|---|---|",
)
CELLS = {
    "easy-vqa": ("image", "question", "answer"),
    "icons": ("glyph", "label", "category"),
    "av-digits": ("image",) * 3,
}
"""Sets of pictures: the column of pictures, and those that stand below each (none, where both are the picture's)."""
SHOWN = 6
LOOK = {"font.size": 9, "axes.titlesize": 10, "svg.hashsalt": "gallery", "image.composite_image": False}


def line(row: Mapping[str, Any]) -> str:
    """A row of the table, as the ledger and the docs have it."""
    part = f"{row['slice']} ({row['slice_gain']:+.4f}, {row['slice_rows']:,} rows)" if row["slice"] else "–"
    return (
        f"| {row['question']} | {row['rows']:,} | {row['metric']} | {row['single']:.3f} {row['best_single']} | "
        f"{row['fusion']:.3f} {row['best_fusion']} | {row['gain']:+.4f} ({row['low']:+.4f} to {row['high']:+.4f}) | "
        f"{row['outcome']} | {part.replace('|', '¦')} | {row['seconds']:.0f} s, {row['peak_mb']:.0f} MB |"
    )


def write_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Put the table between its marks in the docs."""
    page = DOCS / "gallery.md"
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(FIRST)
    table = "\n".join([*HEAD, *map(line, rows)])
    write_bytes(page, f"{before}{FIRST}\n{table}\n{LAST}{rest.split(LAST)[1]}".encode())


def draw(name: str, questions: Mapping[str, Path], table: Path) -> Path:
    """The gains of a set's questions, one below the other, and six of its pictures; an SVG.

    Parameters
    ----------
    name : of the set
    questions : question -> run folder, those that are done
    table : of the unpacked set
    """
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    facts = {question: read_json(folder / "facts.json") for question, folder in questions.items()}
    heights = [0.9 + 0.24 * len(_fusions(found)) for found in facts.values()]
    pictures = [1.35] if name in CELLS else []
    with pyplot.rc_context(LOOK):
        figure = pyplot.figure(figsize=(7.2, sum(heights + pictures)), layout="constrained")
        parts = figure.subfigures(len(heights + pictures), 1, height_ratios=pictures + heights, squeeze=False)[:, 0]
        if pictures:
            _show_cells(parts[0], name, table)
        for part, (question, found) in zip(parts[len(pictures) :], facts.items(), strict=True):
            _show_gains(part.subplots(), question, found)
        held = io.BytesIO()
        figure.savefig(held, format="svg", metadata={"Date": None})
        pyplot.close(figure)
    path = DOCS / "gallery" / f"{name}.svg"
    path.parent.mkdir(exist_ok=True)
    write_bytes(path, held.getvalue())
    page = DOCS / "gallery.md"
    text = page.read_text(encoding="utf-8")
    shown = f"![Gains of {name}](gallery/{name}.svg)"
    write_bytes(page, text.replace(f"<!-- picture {name} -->", shown).encode())
    return path


def _fusions(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = [row for row in facts["strategies"] if row["family"] in FUSION_FAMILIES]
    return sorted(rows, key=lambda row: row["loss"])


def _show_gains(axis: Any, question: str, facts: Mapping[str, Any]) -> None:
    verdict = facts["verdict"]
    GainsDisplay({"rows": _fusions(facts), "margin": verdict["margin"], "loss": verdict["loss"]}).plot(axis)
    axis.set_title(f"{question}: {verdict['outcome']}, gain over {verdict['best_single']}", loc="left")


def _show_cells(part: Any, name: str, table: Path) -> None:
    """Six rows: the picture, and below it what else is known."""
    import pyarrow.parquet as pq
    from PIL import Image

    column, *below = CELLS[name]
    rows = pq.read_table(table).to_pylist()
    chosen = rows[:: len(rows) // SHOWN][:SHOWN]
    for axis, row in zip(part.subplots(1, SHOWN), chosen, strict=True):
        with Image.open(table.parent / row[column]) as picture:
            axis.imshow(picture.convert("RGB"), interpolation="none")
        words = [str(row[c]) for c in dict.fromkeys(below) if c != column] or [f"digit {row['digit']}"]
        axis.set_xlabel("\n".join(_short(word) for word in words), fontsize=7)
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)


def _short(words: str, width: int = 22) -> str:
    """Words on as many lines as they need, none longer than ``width``."""
    import textwrap

    return textwrap.fill(words, width)
