"""``fuseworthy predict``: what a model says of a table's rows."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

MOST_TOLD = 12
"""Routes and patterns that are told of."""


def predict(
    model: Annotated[Path, typer.Argument(help="Folder of a model, as compare --model wrote it.")],
    table: Annotated[Path, typer.Argument(help="CSV, TSV, Parquet, JSON lines, Arrow or Feather file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File for the answers: .parquet or .csv.")] = Path(
        "predictions.parquet"
    ),
    id: Annotated[str | None, typer.Option(help="Column that is written beside the answers.")] = None,
    explain: Annotated[bool, typer.Option(help="Also what each modality contributed to each answer.")] = False,
    root: Annotated[Path | None, typer.Option(help="Folder that paths are relative to (the table's).")] = None,
    max_unreadable: Annotated[
        float,
        typer.Option(help="Share of a modality's rows whose files may be unreadable; above it nothing is written."),
    ] = 0.01,
) -> None:
    """Answer every row of a table with a model, whichever modalities the row has.

    A row may lack any modality, and the table all columns of one; nothing is filled in. Beside the answer stands who gave it and why (the fusion, or the best single of what the row has), what each modality alone says, and whether the answer is too unsure to rely on. Parquet tables of any size are read and written a batch at a time.

    Example: fuseworthy predict runs/visits/model new.parquet --out answers.parquet --id visit
    """
    from fuseworthy.cli.bars import Bars
    from fuseworthy.deploy.folder import load
    from fuseworthy.deploy.predicting import predict_table

    loaded, bars = load(model), Bars()
    try:
        found = predict_table(
            *(loaded, table, out),
            id=id,
            explain=explain,
            root=root,
            max_unreadable=max_unreadable,
            on_rows=partial(bars.on_rows, loaded.name),
        )
    finally:
        bars.end()
    for title, counts in (("answered by", found.routes), ("rows with", found.patterns)):
        for name, rows in list(counts.items())[:MOST_TOLD]:
            bars.say(f"{title} {name}: {rows:,} ({rows / found.rows:.1%})")
    for line in found.notices:
        bars.say(line)
    if found.abstained:
        bars.say(f"too unsure to rely on: {found.abstained:,}")
    typer.echo(f"{out}: {found.rows:,} rows")
