"""Modalities that come in several files are joined by key, counted, and never by position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fuseworthy.errors import PairingError
from fuseworthy.inputs.tables import require_columns


@dataclass(frozen=True)
class Pairing:
    """How many keys matched."""

    key: str
    matched: int
    left_only: int
    right_only: int

    def __str__(self) -> str:
        return (
            f"joined by {self.key!r}: {self.matched:,} rows matched, {self.left_only:,} rows have no partner "
            f"(that part is missing there), {self.right_only:,} keys of the joined table are not used"
        )


def join_by_key(
    left: pa.Table, right: pa.Table, key: str | None, name: str = "the joined table"
) -> tuple[pa.Table, Pairing]:
    """Add the columns of ``right`` to ``left``; rows without a partner get missing cells.

    Parameters
    ----------
    left, right : Arrow tables
        ``right`` must hold each key once; rows of ``left`` keep their order.
    key : str
        Column of both.

    Raises
    ------
    PairingError
        No key, a key that is duplicated or missing in ``right``, other types, clashing columns, nothing matches.
    """
    if not key:
        raise PairingError("tables are joined by a key, never by position. Pass on= (--on COLUMN).")
    require_columns(left, [key], "the join key")
    require_columns(right, [key], f"the join key in {name}")
    ours, theirs = left[key], right[key]
    if ours.type != theirs.type:
        raise PairingError(
            f"the key {key!r} must have one type on both sides, but is {ours.type} here and {theirs.type} in {name}. "
            "Make both text or both whole numbers."
        )
    if theirs.null_count:
        raise PairingError(
            f"the key {key!r} must be known in every row of {name}, but {theirs.null_count} are missing."
        )
    counts = pc.value_counts(theirs)
    doubled = counts.filter(pc.greater(counts.field(1), 1))
    if len(doubled):
        raise PairingError(
            f"each key must occur once in {name}, but {len(doubled)} occur more often "
            f"(first: {doubled[0].as_py()['values']!r}). Remove or aggregate the duplicates."
        )
    added = [column for column in right.column_names if column != key]
    if clash := [column for column in added if column in left.column_names]:
        raise PairingError(f"column names must differ between tables, but {clash[0]!r} is in both. Rename one.")
    position = pc.index_in(ours, value_set=theirs.combine_chunks() if hasattr(theirs, "combine_chunks") else theirs)
    matched = len(position) - position.null_count
    if matched == 0:
        raise PairingError(
            f"some keys must match, but none of {len(ours):,} values of {key!r} is in {name} "
            f"(here e.g. {_sample(ours)}, there e.g. {_sample(theirs)})."
        )
    used = pc.count_distinct(position.drop_null()).as_py()
    columns: dict[str, Any] = {column: left[column] for column in left.column_names}
    columns |= {column: right[column].take(position) for column in added}
    pairing = Pairing(key, matched, len(ours) - matched, right.num_rows - used)
    table = pa.table(columns)
    return pa.table({c: table[c].combine_chunks() for c in table.column_names}), pairing


def _sample(column: Any) -> str:
    return repr(column.drop_null()[0].as_py()) if len(column.drop_null()) else "nothing"
