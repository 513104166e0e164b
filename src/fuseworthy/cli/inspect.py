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
    image: Annotated[list[str] | None, typer.Option(help="A column of pictures: paths, or bytes.")] = None,
    audio: Annotated[list[str] | None, typer.Option(help="A column of sound files.")] = None,
    video: Annotated[list[str] | None, typer.Option(help="A column of film files.")] = None,
    series: Annotated[list[str] | None, typer.Option(help="Columns of number lists, or one of files.")] = None,
    modality: Annotated[list[str] | None, typer.Option(help="NAME=KIND:COLUMN,COLUMN.")] = None,
    checksum: Annotated[
        list[str] | None,
        typer.Option(help="NAME=COLUMN, what the sha256 of each file must be. May be repeated."),
    ] = None,
    root: Annotated[Path | None, typer.Option(help="Folder that paths are relative to (the table's).")] = None,
    group: Annotated[str | None, typer.Option(help="Column of rows that belong together.")] = None,
    time: Annotated[str | None, typer.Option(help="Column that says when a row happened.")] = None,
    id: Annotated[str | None, typer.Option(help="Key column.")] = None,
    task: Annotated[str | None, typer.Option(help="binary, multiclass or regression.")] = None,
    join: Annotated[list[Path] | None, typer.Option(help="Further table, joined by --on. May be repeated.")] = None,
    on: Annotated[list[str] | None, typer.Option(help="Key column of each --join (one for all, or one each).")] = None,
    files: Annotated[
        list[str] | None,
        typer.Option(help="NAME=KIND:PATTERN, files that belong to rows by name: photo=image:photos/{id}.png."),
    ] = None,
    folds: Annotated[int | None, typer.Option(help="Folds that would be used.")] = None,
    drop_unlabelled: Annotated[bool, typer.Option(help="Leave out rows without a target, counted.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Look before training: kinds of columns, missingness, duplicates, leaks, groups, and whether a verdict is possible.

    Example: fuseworthy inspect reviews.parquet --target recommended
    """
    from fuseworthy.cli.options import files_from, joins_from_words, modalities_from, with_checksums
    from fuseworthy.inspection.inspection import inspect as look

    short = {"text": text, "tabular": tabular, "image": image, "audio": audio, "video": video, "series": series}
    short["embedding"] = embedding
    named, sets = modalities_from(modality or [], short), files_from(files or [])
    with_checksums(checksum or [], named, sets)
    found = look(
        table,
        target,
        modalities=named,
        group=group,
        time=time,
        id=id,
        task=task,
        folds=folds,
        join=joins_from_words(join or [], on or []),
        files=sets,
        drop_unlabelled=drop_unlabelled,
        root=root,
    )
    if json:
        import json as standard

        typer.echo(standard.dumps(found.to_dict(), indent=1, ensure_ascii=False))
    else:
        typer.echo(repr(found))
