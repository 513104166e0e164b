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


class Bars:
    """Draws rows done, rows a second and the time left of each modality; plain lines where there is no terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.console = Console(stderr=True, highlight=False)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("[dim]left"),
            console=self.console,
        )
        self.tasks: dict[str, int] = {}
        self.said: dict[str, int] = {}

    def on_rows(self, modality: str, done: int, total: int) -> None:
        """Rows of a modality that are encoded."""
        if self.console.is_terminal and not self.tasks:
            self.bar.start()
        if modality not in self.tasks:
            self.tasks[modality] = self.bar.add_task(modality, total=total, rate="")
        task = self.bar.tasks[self.tasks[modality]]
        speed = f"{task.speed:,.0f} rows/s" if task.speed else ""
        self.bar.update(task.id, completed=done, rate=speed)
        quarter = 4 * done // max(total, 1)
        if not self.console.is_terminal and quarter > self.said.get(modality, 0):
            self.said[modality] = quarter
            self.say(f"{modality}: {done:,} of {total:,} rows{', ' + speed if speed else ''}")

    def say(self, line: str) -> None:
        """A notice."""
        self.console.print(line, style="dim", markup=False, soft_wrap=True)

    def end(self) -> None:
        """Stop drawing."""
        self.bar.stop()
