"""When rows happened. Numbers have no unit, but a column that mixes the units of epochs shows it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fuseworthy.errors import InputError
from fuseworthy.folds import Ints
from fuseworthy.study.question import Question
from fuseworthy.task import Floats

UNITS = {"seconds": 1.0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}
"""How many of each a second has."""
EARLIEST, LATEST = 631_152_000, 4_102_444_800
"""The seconds since 1970 at which 1990 and 2100 begin: these spans of the four units do not touch."""
MOST_OTHERS = 0.1
"""Share of cells that may lie outside these years, such as zeros that stand for unknown."""


def read_time(table: pa.Table, question: Question) -> Ints | None:
    """Sortable time of each row, (n,); None if no time is asked for.

    Raises
    ------
    InputError
        A time is missing, is no date and no number, or is in another unit than the others.
    """
    if not question.time:
        return None
    column = table[question.time].combine_chunks()
    if column.null_count:
        row = pc.index(pc.is_null(column), True).as_py()
        raise InputError(f"time {question.time!r} must be known for every row, but row {row + 1} has none.")
    if not (pa.types.is_temporal(column.type) or pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise InputError(f"time {question.time!r} must hold dates or numbers, but has type {column.type}.")
    if not pa.types.is_temporal(column.type):
        require_one_unit(np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64), question.time)
    return np.asarray(pc.rank(column, sort_keys="ascending", tiebreaker="dense").to_numpy(), dtype=np.int64)


def require_one_unit(times: Floats, name: str) -> None:
    """Refuse a column of epochs of which some are a thousand times the others.

    Epochs they are if nine cells of ten lie in the years 1990 to 2099 in some unit, and none in the gaps between these
    units: numbers that only count, or measure anything else, fill a gap before they reach the next unit.

    Parameters
    ----------
    times : (n,)
    name : the column

    Raises
    ------
    InputError
        Several units, named by the first row of the rarest.

    Examples
    --------
    >>> require_one_unit(np.array([1.7e9, 1.7e9 + 60, 1.7e12]), "seen")
    Traceback (most recent call last):
    ...
    fuseworthy.errors.InputError: time 'seen' must be in one unit, but 2 rows look like seconds since 1970 and 1 like \
milliseconds (first: row 3, 1700000000000). Write all in one unit, or as dates; if they are no moments, number them 1, 2, 3.
    """
    found = {unit: (times >= EARLIEST * size) & (times < LATEST * size) for unit, size in UNITS.items()}
    counts = {unit: int(inside.sum()) for unit, inside in found.items() if inside.any()}
    if len(counts) < 2 or sum(counts.values()) < (1 - MOST_OTHERS) * len(times):
        return
    other = times[~np.logical_or.reduce(list(found.values()))]
    sizes = [UNITS[unit] for unit in counts]
    if ((other >= LATEST * min(sizes)) & (other < EARLIEST * max(sizes))).any():
        return
    rarest = min(reversed(counts), key=counts.__getitem__)
    row = int(np.argmax(found[rarest]))
    said = " and ".join(
        f"{count:,} {'rows look ' if i == 0 else ''}like {unit}{' since 1970' if i == 0 else ''}"
        for i, (unit, count) in enumerate(sorted(counts.items(), key=lambda own: own[0] == rarest))
    )
    raise InputError(
        f"time {name!r} must be in one unit, but {said} (first: row {row + 1}, {times[row]:.0f}). Write all in one unit, "
        "or as dates; if they are no moments, number them 1, 2, 3."
    )
