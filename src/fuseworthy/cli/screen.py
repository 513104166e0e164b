"""What a person sees while a study runs, and at its end."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from fuseworthy.ledger import FUSION_FAMILIES

COLOURS = {
    "FUSE": "green",
    "SUPERIOR_UNPROVEN": "yellow",
    "EQUIVALENT": "blue",
    "NOT_WORTH_IT": "blue",
    "HARMFUL": "red",
    "INCONCLUSIVE": "yellow",
}


class Screen:
    """Draws the progress of a study on the terminal; plain lines where there is none."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False)
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._done = self._total = 0

    def inputs(self, facts: Mapping[str, Any]) -> None:
        self.console.print(Text(f"\n{facts['source']} → {facts['target']}", style="bold"))
        labels = facts["classes"]
        shown = f" ({', '.join(labels[:6])}{' …' if len(labels) > 6 else ''})" if labels else ""
        self.say(f"{facts['rows']:,} rows; {facts['task']} target{shown}: {facts['task_reason']}")
        table = Table("modality", "kind", "columns", "why", box=None, pad_edge=False, header_style="dim")
        for m in facts["modalities"]:
            columns = ", ".join(m["columns"][:6]) + (f" … {len(m['columns'])}" if len(m["columns"]) > 6 else "")
            table.add_row(*map(Text, (m["name"], m["kind"], columns, m["reason"])))
        self.console.print(table)
        for column, why in list(facts["left_out"].items())[:12]:
            self.say(f"left out: {column} — {why}")
        if len(facts["left_out"]) > 12:
            self.say(f"left out: {len(facts['left_out']) - 12} more columns (named in the report)")
        for line in facts["notices"]:
            self.say(line)

    def begin(self, stage: str, total: int, done: int) -> None:
        self.end()
        self._done, self._total = done, total
        again = f" ({done} done before)" if done else ""
        if not self.console.is_terminal:
            self.say(f"{stage}: {total} units{again}")
            return
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]left"),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("[dim]{task.fields[what]}"),
            console=self.console,
            transient=False,
        )
        self._bar.start()
        self._task = self._bar.add_task(stage + again, total=total, completed=done, what="")

    def advance(self, what: str) -> None:
        self._done += 1
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, what=what)
        elif self._done == self._total or self._done % max(1, self._total // 4) == 0:
            self.say(f"  {self._done} of {self._total}")

    def singles(self, rows: list[dict[str, Any]], metric: str, loss: str, repeats: str) -> None:
        self.end()
        table = Table(
            "single",
            metric,
            loss,
            "what it is",
            title=f"What each modality gives alone ({repeats})",
            box=None,
            pad_edge=False,
            header_style="dim",
            title_justify="left",
        )
        singles = [row for row in rows if row["family"] == "single"]
        best = min(singles, key=lambda row: float(row["loss"]))["name"]
        for row in sorted(singles, key=lambda row: float(row["loss"])):
            style = "bold" if row["name"] == best else ""
            table.add_row(
                Text(row["name"]), f"{row['metric']:.3f}", f"{row['loss']:.4f}", Text(row["title"]), style=style
            )
        self.console.print(table)

    def say(self, line: str) -> None:
        self.console.print(Text(line, style="dim"), soft_wrap=True)

    def end(self) -> None:
        """Stop drawing the bar of the last stage."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def show_study(facts: Mapping[str, Any], sentence: str) -> None:
    """The table of all strategies, singles first, and the verdict, on standard output."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
    verdict, question = facts["verdict"], facts["question"]
    table = Table(
        "strategy",
        question["metric"],
        question["loss"],
        "gain over best single",
        box=None,
        pad_edge=False,
        header_style="dim",
    )
    for title, families in (
        ("singles", ("single",)),
        ("fusions", FUSION_FAMILIES),
        ("controls", ("control",)),
        ("references", ("reference",)),
    ):
        rows = sorted((r for r in facts["strategies"] if r["family"] in families), key=lambda r: float(r["loss"]))
        if rows:
            table.add_row(Text(title, style="dim italic"))
        for row in rows:
            table.add_row(
                *_cells(row), style="bold" if row["name"] in (facts["best_single"], facts["best_fusion"]) else ""
            )
    console.print(table)
    colour = COLOURS[verdict["outcome"]]
    reasons = [Text("· " + reason, style="dim") for reason in verdict["reasons"]]
    body = Text("\n").join([Text(sentence), *reasons])
    console.print(
        Panel(body, border_style=colour, title=Text(verdict["outcome"].replace("_", " "), style=f"bold {colour}"))
    )


def show_paths(paths: Sequence[tuple[str, str]]) -> None:
    """Where things lie."""
    for name, path in paths:
        print(f"{name:8s}{path}")


def _cells(row: Mapping[str, Any]) -> list[Any]:
    gain = "best single" if row["gain"] is None else f"{row['gain']:+.4f}  ({row['low']:+.4f} to {row['high']:+.4f})"
    return [Text(f"  {row['name']}"), f"{row['metric']:.3f}", f"{row['loss']:.4f}", gain]
