"""Modalities that come in several files are joined by key, counted, and never by position."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fuseworthy.errors import PairingError
from fuseworthy.inputs.tables import require_columns

SHOWN = 3


@dataclass(frozen=True)
class Pairing:
    """How many keys matched.

    Parameters
    ----------
    key : str
    matched, left_only, right_only : int
        Rows with a partner, rows without, and keys of the joined table that no row asks for.
    left_keys, right_keys : tuple
        The first few keys of the latter two; a row without a key shows as None.
    near : tuple of (key here, key there)
        Keys that would match but for spaces, case, the way accents are encoded, or leading zeros; they do not match.
    near_count : int
    """

    key: str
    matched: int
    left_only: int
    right_only: int
    left_keys: tuple[Any, ...] = ()
    right_keys: tuple[Any, ...] = ()
    near: tuple[tuple[Any, Any], ...] = ()
    near_count: int = 0

    def __str__(self) -> str:
        said = (
            f"joined by {self.key!r}: {self.matched:,} rows matched, {self.left_only:,} rows have no partner "
            f"(that part is missing there{shown(self.left_keys, '; first: ')}), {self.right_only:,} keys of the joined "
            f"table are not used{shown(self.right_keys, ' (first: ', ')')}"
        )
        return f"{said}; {nearly(self.near_count, self.near)}" if self.near else said


def join_by_key(
    left: pa.Table, right: pa.Table, key: str | None, name: str = "the joined table"
) -> tuple[pa.Table, Pairing]:
    """Add the columns of ``right`` to ``left``; rows without a partner get missing cells.

    Parameters
    ----------
    left, right : Arrow tables
        ``right`` must hold each key once; rows of ``left`` keep their order. A row of ``left`` without a key has no
        partner. Keys match exactly or not at all.
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
    _require_comparable(ours, theirs, key, name)
    _require_single(theirs, key, name)
    added = [column for column in right.column_names if column != key]
    if clash := [column for column in added if column in left.column_names]:
        raise PairingError(f"column names must differ between tables, but {clash[0]!r} is in both. Rename one.")
    position = pc.index_in(ours, value_set=theirs.combine_chunks() if hasattr(theirs, "combine_chunks") else theirs)
    pairing = _counted(ours, theirs, position, key)
    if pairing.matched == 0:
        raise PairingError(
            f"some keys must match, but none of {len(ours):,} values of {key!r} is in {name} "
            f"(here e.g. {_sample(ours)}, there e.g. {_sample(theirs)})."
            + (f" {nearly(pairing.near_count, pairing.near).capitalize()}." if pairing.near else "")
        )
    columns: dict[str, Any] = {column: left[column] for column in left.column_names}
    columns |= {column: right[column].take(position) for column in added}
    table = pa.table(columns)
    return pa.table({c: table[c].combine_chunks() for c in table.column_names}), pairing


def _require_comparable(ours: Any, theirs: Any, key: str, name: str) -> None:
    if ours.type == theirs.type:
        return
    near, count = near_matches(ours.unique().to_pylist(), theirs.unique().to_pylist())
    would = f" Written alike, {count:,} keys would match, such as {_pair(near[0])}." if near else ""
    raise PairingError(
        f"the key {key!r} must have one type on both sides, but is {ours.type} here and {theirs.type} in {name}.{would} "
        "Make both text or both whole numbers."
    )


def _require_single(theirs: Any, key: str, name: str) -> None:
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


def _counted(ours: Any, theirs: Any, position: Any, key: str) -> Pairing:
    lost = ours.filter(pc.is_null(position))
    unused = theirs.filter(pc.invert(pc.is_in(theirs, value_set=ours.unique().drop_null())))
    near, count = near_matches(lost.unique().to_pylist(), unused.to_pylist())
    return Pairing(
        key,
        len(ours) - len(lost),
        len(lost),
        len(unused),
        tuple(lost.slice(0, SHOWN).to_pylist()),
        tuple(unused.slice(0, SHOWN).to_pylist()),
        near,
        count,
    )


def near_matches(ours: Sequence[Any], theirs: Sequence[Any]) -> tuple[tuple[tuple[Any, Any], ...], int]:
    """The first few pairs of keys that are the same but for how they are written, and how many there are.

    Examples
    --------
    >>> near_matches([7, 8], ["007 ", "9"])
    (((7, '007 '),), 1)
    """
    there = {plain_key(key): key for key in reversed(theirs) if key is not None}
    pairs = [(key, there[plain]) for key in ours if key is not None and (plain := plain_key(key)) in there]
    return tuple(pairs[:SHOWN]), len(pairs)


def plain_key(key: Any) -> str:
    """A key without what people do not see: outer spaces, case, the encoding of accents, leading zeros."""
    text = unicodedata.normalize("NFC", str(key)).strip().casefold()
    return text.lstrip("0") or "0" if text.isdigit() else text


def nearly(count: int, pairs: Sequence[tuple[Any, Any]]) -> str:
    """What to do about keys that nearly match."""
    return (
        f"{count:,} more would match but for spaces, case, accents or leading zeros, such as {_pair(pairs[0])}: "
        "nothing is matched that differs, so write both sides alike"
    )


def shown(keys: Iterable[Any], before: str, after: str = "") -> str:
    """The first few keys, if there are any."""
    listed = ", ".join(repr(key) for key in keys)
    return f"{before}{listed}{after}" if listed else ""


def _pair(pair: tuple[Any, Any]) -> str:
    here, there = ascii(pair[0]) if str(pair[0]) == str(pair[1]) else repr(pair[0]), repr(pair[1])
    if here == there or unicodedata.normalize("NFC", here) == unicodedata.normalize("NFC", there):
        here, there = ascii(pair[0]), ascii(pair[1])  # they look the same on a screen
    return f"{here} here and {there} there"


def _sample(column: Any) -> str:
    return repr(column.drop_null()[0].as_py()) if len(column.drop_null()) else "nothing"
