"""``fuseworthy embed``: encode once, and keep what the encoders give as columns of a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def embed(
    table: Annotated[Path, typer.Argument(help="CSV, TSV, Parquet, JSON lines, Arrow or Feather file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for table.parquet, new or empty.")],
    text: Annotated[list[str] | None, typer.Option(help="Text columns a,b read as one document.")] = None,
    image: Annotated[list[str] | None, typer.Option(help="A column of pictures: paths, or bytes.")] = None,
    audio: Annotated[list[str] | None, typer.Option(help="A column of sound files.")] = None,
    video: Annotated[list[str] | None, typer.Option(help="A column of film files.")] = None,
    series: Annotated[list[str] | None, typer.Option(help="Columns of number lists, or one of files.")] = None,
    modality: Annotated[list[str] | None, typer.Option(help="NAME=KIND:COLUMN,COLUMN.")] = None,
    encoder: Annotated[
        list[str] | None,
        typer.Option(help="NAME=ENCODER,ENCODER, e.g. text=minilm, image=efficientnet, photo=hf:FOLDER."),
    ] = None,
    checksum: Annotated[
        list[str] | None,
        typer.Option(help="NAME=COLUMN, what the sha256 of each file must be. May be repeated."),
    ] = None,
    root: Annotated[Path | None, typer.Option(help="Folder that paths are relative to (the table's).")] = None,
) -> None:
    """Encode texts, pictures, sounds, films and series once, and write a table with ready embeddings.

    table.parquet has the other columns as they were and a column NAME.VIEW for each encoder; compare and inspect read it
    anywhere, without the files and without the models. What is encoded lies in the cache as well.

    Example: fuseworthy embed shop.parquet --image photo --encoder image=efficientnet --out blocks
    """
    from fuseworthy.cli.bars import Bars
    from fuseworthy.cli.options import encoders_from, modalities_from, with_checksums
    from fuseworthy.errors import InputError
    from fuseworthy.inputs.embed import embed as write
    from fuseworthy.inputs.encoded import Watch
    from fuseworthy.inputs.kinds import with_encoders

    short = {"text": text, "image": image, "audio": audio, "video": video, "series": series}
    found = modalities_from(modality or [], short)
    if found is None:
        raise InputError("embed must be told what to encode, but nothing came. For example: --image photo")
    with_checksums(checksum or [], found)
    bars = Bars()
    try:
        path = write(
            table,
            with_encoders(found, encoders_from(encoder or [])),
            out=out,
            root=root,
            watch=Watch(on_rows=bars.on_rows, say=bars.say),
        )
    finally:
        bars.end()
    typer.echo(f"{path}\n\nNow for example:\n  fuseworthy inspect {path}")
