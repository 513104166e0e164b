"""``fuseworthy checks``: the pitfalls that every study is looked at for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fuseworthy.evidence.checks import Check

COLOURS = {"error": "red", "warning": "yellow", "note": "dim"}


def checks(
    code: Annotated[str | None, typer.Argument(help="One code, such as F009, to explain it.")] = None,
) -> None:
    """List the pitfalls that a study is checked for, with what to do about each.

    Example: fuseworthy checks F009
    """
    from rich.console import Console

    from fuseworthy.evidence.checks import CHECKS

    console = Console(highlight=False, soft_wrap=code is not None)
    if code is None:
        console.print(_table(CHECKS))
    else:
        console.print(explained(_find(code, CHECKS)), markup=False)


def explained(check: Check) -> str:
    """What a check is about, what it measures, what to do, and where to read more."""
    from inspect import getdoc

    from fuseworthy.evidence.checks.rule import DOCS

    measured = " ".join((getdoc(type(check)) or "").split())
    return (
        f"{check.code} {check.title} ({check.severity})\n\n"
        f"Measured: {measured}\n\n"
        f"What to do: {check.advice}\n\n"
        f"{DOCS}{check.code}.md"
    )


def _find(code: str, every: tuple[Check, ...]) -> Check:
    from fuseworthy.errors import InputError, nearest

    known = {check.code: check for check in every}
    found = known.get(code.strip().upper())
    if found is None:
        raise InputError(f"a check must be one this version has, but {code!r} came: {nearest(code.upper(), known)}.")
    return found


def _table(every: tuple[Check, ...]) -> object:
    from rich.table import Table
    from rich.text import Text

    table = Table("code", "severity", "title", "what to do", box=None, pad_edge=False, header_style="dim")
    for check in every:
        table.add_row(check.code, Text(check.severity, style=COLOURS[check.severity]), check.title, check.advice)
    return table
