"""Files that cannot be read: which rows they are of, how they are named, and how many are too many."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fuseworthy.errors import InputError, UnreadableFilesWarning
from fuseworthy.inputs.blocks import Block

NOTED, LISTED = 3, 20
"""Files that a notice names, and an error."""
MOST_UNREADABLE = 0.01
"""Share of a modality's rows whose files may be unreadable, where nothing else is said."""

ALLOW_MORE = "; or allow more with max_unreadable= (--max-unreadable)"
"""What else can be done about too many, where a share can be given."""

Blocks = Mapping[str, Mapping[str, Block]]


def unreadable_rows(blocks: Blocks) -> dict[str, NDArray[np.bool_]]:
    """Modality -> (n,) whether the row's file could not be read; of modalities that have files."""
    found: dict[str, NDArray[np.bool_]] = {}
    for name, views in blocks.items():
        block = next(iter(views.values()))
        if (unreadable := block.meta.get("unreadable")) is not None:
            found[name] = np.zeros(block.n, dtype=bool)
            found[name][np.array(unreadable["rows"], dtype=np.int64) - 1] = True
    return found


def names_of(block: Block, numbers: Sequence[int] | None = None) -> list[str]:
    """Each unreadable file of a block, its row and why, of as many as were kept.

    Parameters
    ----------
    numbers : (n,) what a user calls the rows; from 1 if left out
    """
    first = block.meta.get("unreadable", {}).get("first", [])
    rows = [found["row"] if numbers is None else numbers[found["row"] - 1] for found in first]
    return [f"{found['item']} in row {row}: {found['why']}" for found, row in zip(first, rows, strict=True)]


def listed(names: list[str], count: int, most: int) -> str:
    """The first of some names, and how many more rows there are."""
    more = count - len(names[:most])
    return "; ".join(names[:most]) + (f"; and {more:,} more" if more > 0 else "")


def require_few(name: str, count: int, of: int, names: list[str], most: float, otherwise: str) -> None:
    """Raise if more than a share ``most`` of a modality's rows hold files that cannot be read.

    Raises
    ------
    InputError
        Names the first twenty.
    """
    if count > most * of:
        raise InputError(
            f"at most {most:.1%} of the rows of modality {name!r} may be unreadable, but {count:,} of {of:,} are "
            f"({count / of:.1%}): {listed(names, count, LISTED)}. Mend the files or check root= (--root); or empty those "
            f"cells, which makes them plainly missing{otherwise}."
        )


def require_readable(
    blocks: Blocks,
    most: float = MOST_UNREADABLE,
    otherwise: str = "",
    *,
    numbers: Sequence[int] | None = None,
) -> None:
    """The same of every modality of some rows.

    Parameters
    ----------
    otherwise : what else can be done, with what comes before it
    numbers : (n,) what a user calls the rows; from 1 if left out

    Raises
    ------
    InputError
    """
    for name, rows in unreadable_rows(blocks).items():
        names = names_of(next(iter(blocks[name].values())), numbers)
        require_few(name, int(rows.sum()), len(rows), names, most, otherwise)


def unreadable_notices(blocks: Blocks, *, numbers: Sequence[int] | None = None) -> list[str]:
    """A line for each modality of which files could not be read."""
    found = []
    for name, rows in unreadable_rows(blocks).items():
        if count := int(rows.sum()):
            found.append(notice(name, count, len(rows), names_of(next(iter(blocks[name].values())), numbers)))
    return found


def notice(name: str, count: int, of: int, names: list[str]) -> str:
    """The line of one modality."""
    return (
        f"modality {name!r}: files of {count:,} row{'' if count == 1 else 's'} ({count / of:.1%}) cannot be read, and "
        "count as missing: "
        f"{listed(names, count, NOTED)}"
    )


def warn_of_unreadable(blocks: Blocks, stacklevel: int) -> None:
    """The same lines as warnings, to who called so many functions above."""
    for line in unreadable_notices(blocks):
        warnings.warn(line, UnreadableFilesWarning, stacklevel=stacklevel + 1)
