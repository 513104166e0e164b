"""``fuseworthy inspect``: what would be used as what, and what may go wrong, before any training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def inspect(
    table: Annotated[Path, typer.Argument(help="CSV, TSV, Parquet, JSON lines, Arrow or Feather file.")],
    target: Annotated[str | None, typer.Option("--target", "-t", help="Column to predict.")] = None,
    text: Annotated[list[str] | None, typer.Option(help="Text columns a,b read as one document.")] = None,
    tabular: Annotated[list[str] | None, typer.Option(help="Numbers, categories, dates: c,d.")] = None,
    embedding: Annotated[list[str] | None, typer.Option(help="A column of vectors, or several number columns.")] = None,
    modality: Annotated[list[str] | None, typer.Option(help="NAME=KIND:COLUMN,COLUMN.")] = None,
    group: Annotated[str | None, typer.Option(help="Column of rows that belong together.")] = None,
    time: Annotated[str | None, typer.Option(help="Column that says when a row happened.")] = None,
    id: Annotated[str | None, typer.Option(help="Key column.")] = None,
    task: Annotated[str | None, typer.Option(help="binary, multiclass or regression.")] = None,
    join: Annotated[list[Path] | None, typer.Option(help="Further table, joined by --on. May be repeated.")] = None,
    on: Annotated[str | None, typer.Option(help="Key column of the joined tables.")] = None,
    folds: Annotated[int | None, typer.Option(help="Folds that would be used.")] = None,
    drop_unlabelled: Annotated[bool, typer.Option(help="Leave out rows without a target, counted.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Look before training: kinds of columns, missingness, duplicates, leaks, groups, and whether a verdict is possible.

    Example: fuseworthy inspect reviews.parquet --target recommended
    """
    from fuseworthy.cli.options import modalities_from
    from fuseworthy.errors import InputError
    from fuseworthy.inspection.inspection import inspect as look

    if join and not on:
        raise InputError("tables are joined by a key, never by position: pass --on COLUMN.")
    found = look(
        table,
        target,
        modalities=modalities_from(modality or [], text or [], tabular or [], embedding or [], []),
        group=group,
        time=time,
        id=id,
        task=task,
        folds=folds,
        join={on: join} if on and join else None,
        drop_unlabelled=drop_unlabelled,
    )
    if json:
        import json as standard

        typer.echo(standard.dumps(found.to_dict(), indent=1, ensure_ascii=False))
    else:
        typer.echo(repr(found))
