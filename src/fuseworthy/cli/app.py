"""The commands, in the order in which one meets them."""

from __future__ import annotations

from typing import Annotated

import typer

from fuseworthy import __version__
from fuseworthy.cli.checks import checks
from fuseworthy.cli.compare import compare
from fuseworthy.cli.compress import compress
from fuseworthy.cli.data import data
from fuseworthy.cli.demo import demo
from fuseworthy.cli.embed import embed
from fuseworthy.cli.export import export
from fuseworthy.cli.inspect import inspect
from fuseworthy.cli.judge import judge
from fuseworthy.cli.predict import predict
from fuseworthy.cli.selftest import selftest
from fuseworthy.cli.serve import serve

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Should these modalities be combined at all, and if so where: early, late or in the middle?\n\n"
    "Start with [bold]fuseworthy demo[/bold], then look at your own table with [bold]fuseworthy inspect TABLE[/bold] "
    "and decide with [bold]fuseworthy compare TABLE --target COLUMN[/bold].",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"fuseworthy {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Options of every command."""


app.command()(demo)
app.command()(data)
app.command()(inspect)
app.command()(embed)
app.command()(compare)
app.command()(judge)
app.command()(predict)
app.command()(export)
app.command()(serve)
app.command()(compress)
app.command()(checks)
app.command()(selftest)
