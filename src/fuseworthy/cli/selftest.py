"""``fuseworthy selftest``: does the verdict keep its error rates where the truth is known?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fuseworthy.selftest.study import SelfTest


def selftest(
    quick: Annotated[bool, typer.Option("--quick", help="A dozen settings, under a minute.")] = False,
    runs: Annotated[int | None, typer.Option(help="Data sets of each setting; 400 of most if left out.")] = None,
    jobs: Annotated[int, typer.Option(help="Worker processes; the numbers do not depend on it.")] = 1,
    seed: Annotated[int, typer.Option(help="Same seed, same numbers.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="FILE.json or FILE.parquet for the numbers.")] = None,
) -> None:
    """Prove the verdict on made data: how often it says FUSE where fusing gains nothing, and how often it finds a gain.

    Small data sets are drawn by the thousand from laws whose true losses are known in closed form. Singles, fusions and fusions with pure noise learn from each; 'compare' would give them the verdict that is given here. Then the truth is looked up.

    Columns: false FUSE, where the margin is not gained. False claim: FUSE or SUPERIOR_UNPROVEN where nothing is gained. False “keep”: the single is kept though the margin is gained. low ≤ truth: how often the lower end of the interval is right. Power: how often a real gain is found. Bias: reported gain less true gain. ± is the error of the simulation. Brackets: no promise, because the verdict is refused for want of data.

    Exit code 0 if every target is kept, 1 if not.

    Example: fuseworthy selftest --quick
    """
    from fuseworthy.errors import InputError
    from fuseworthy.selftest.study import run_selftest
    from fuseworthy.selftest.table import closing

    if out and out.suffix not in (".json", ".parquet"):
        raise InputError(f"--out must end in .json or .parquet, but {out.name!r} came.")
    show, stop = _progress()
    try:
        found = run_selftest(quick=quick, runs=runs, jobs=jobs, random_state=seed, progress=show)
    finally:
        stop()
    _print(found)
    typer.echo(closing(found.records()))
    if out:
        _write(found, out)
    raise typer.Exit(0 if found.passed else 1)


def _progress() -> tuple[Callable[[int, int, str], None], Callable[[], None]]:
    """What to call after each batch of data sets, and at the end: a bar with the time left, or plain lines."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    bar = Progress(
        TextColumn("{task.percentage:>3.0f} %"),
        BarColumn(),
        TimeRemainingColumn(),
        TextColumn("left  [dim]{task.description}"),
        console=console,
        transient=True,
    )
    task = bar.add_task("", total=None)
    quarters: set[int] = set()
    if console.is_terminal:
        bar.start()

    def show(done: int, total: int, name: str) -> None:
        bar.update(task, completed=done, total=total, description=name)
        if not console.is_terminal and 4 * done // total not in quarters:
            quarters.add(4 * done // total)
            left = bar.tasks[0].time_remaining
            console.print(f"{done:,} of {total:,} data sets" + (f", about {left:.0f} s left" if left else ""))

    return show, bar.stop


def _print(found: SelfTest) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from fuseworthy.selftest.table import HEAD, cells

    table = Table(*HEAD, box=None, pad_edge=False, header_style="dim")
    family = None
    for record in found.records():
        if record["family"] != family:
            family = record["family"]
            table.add_row(Text(family, style="dim italic"))
        table.add_row(*map(Text, cells(record)), style="" if record["passed"] else "bold red")
    Console(highlight=False).print(table)


def _write(found: SelfTest, path: Path) -> None:
    import json

    from fuseworthy.durable import write_bytes, write_with

    if path.suffix == ".json":
        write_bytes(path, (json.dumps(found.to_dict(), indent=1) + "\n").encode())
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist(found.records())
    write_with(path, lambda handle: pq.write_table(table, handle))
