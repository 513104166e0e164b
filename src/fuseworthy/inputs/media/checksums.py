"""Files whose sha256 a column of the table says beforehand: one that holds other bytes is as good as none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa

from fuseworthy.errors import InputError
from fuseworthy.inputs.media.assets import Unreadable, digest_of

_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Pinned:
    """A path, or the bytes of a file, and what its sha256 must be by a column."""

    cell: str | bytes
    sha256: str
    column: str


def pinned(rows: Sequence[tuple[Any, ...]], name: str, column: Any, first: int = 0) -> list[tuple[Any, ...]]:
    """The parts of each row, files with what their checksum must be; an empty cell leaves a file unchecked.

    Parameters
    ----------
    column : Arrow array of len(rows) checksums, as 64 hex digits of either case
    first : the number of the first row, from 0

    Raises
    ------
    InputError
        The column is not text, or a cell is no sha256, named by row.

    Examples
    --------
    >>> pinned([("a.png",)], "sum", pa.array(["0a" * 31]))
    Traceback (most recent call last):
    ...
    fuseworthy.errors.InputError: every cell of 'sum' must be a sha256 of 64 hex digits or empty, but row 1 holds \
'0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a…' (62 characters). Correct the cell, or empty it to leave the file unchecked.
    """
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_null(column.type)):
        raise InputError(
            f"a column of checksums must hold text, but {name!r} has type {column.type}. Pass another sha256=."
        )
    found = []
    for number, (row, cell) in enumerate(zip(rows, column.to_pylist(), strict=True), start=first + 1):
        plain = (cell or "").strip().lower()
        if plain and not _HEX.fullmatch(plain):
            shown = repr(cell if len(cell) <= 32 else cell[:32] + "…")
            raise InputError(
                f"every cell of {name!r} must be a sha256 of 64 hex digits or empty, but row {number} holds {shown} "
                f"({len(cell):,} characters). Correct the cell, or empty it to leave the file unchecked."
            )
        found.append(tuple(Pinned(p, plain, name) if plain and isinstance(p, str | bytes) else p for p in row))
    return found


def require_same(opened: BinaryIO, part: Pinned) -> None:
    """Raise `Unreadable`, and close the file, if it holds other bytes than it must.

    Raises
    ------
    Unreadable
    """
    try:
        if digest_of(opened) != part.sha256:
            raise Unreadable(f"its sha256 is not that of column {part.column!r}")
    except (OSError, Unreadable):
        opened.close()
        raise
