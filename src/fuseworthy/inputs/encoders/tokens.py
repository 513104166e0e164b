"""Sequences of vectors, a different number in each row, to a Block of tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fuseworthy.errors import InputError
from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.limits import MOST_TOKENS

FINEST = 1e-5
"""Least span of a row's times, as a share of the largest of them: less is lost in 32 bits."""


@dataclass(frozen=True)
class TokensEncoding:
    """The column that holds sequences, that of their times if there is one, and the vectors' dimensions."""

    modality: str
    columns: tuple[str, ...]
    width: int
    view: ClassVar[str] = "tokens"

    def encode(self, table: pa.Table) -> Block:
        """Vectors, (n, t, d) float32, with t the longest row's count; absent rows and padding are zero and marked so.

        Raises
        ------
        InputError
            Other dimensions than were learned, or cells that are no sequence, named by row.
        """
        found = _read(table.select(list(self.columns)))
        if found.vectors.shape[1] != self.width and found.counts.any():
            raise InputError(
                f"vectors of {self.modality!r} must have {self.width} dimensions, as they did where their encoding was "
                f"learned, but have {found.vectors.shape[1]} (first: row {int(np.flatnonzero(found.counts)[0]) + 1})."
            )
        return found.block(self.modality, self.width)

    def to_dict(self) -> dict[str, Any]:
        return {"view": self.view, "modality": self.modality, "columns": list(self.columns), "width": self.width}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TokensEncoding:
        return cls(data["modality"], tuple(data["columns"]), int(data["width"]))


def learn_tokens(modality: str, table: pa.Table) -> tuple[TokensEncoding, Block]:
    """The dimensions of a table's sequences, and the table as it is encoded.

    Parameters
    ----------
    table : one column of lists of vectors, and perhaps a second of lists of times

    Raises
    ------
    InputError
        Vectors that are missing, of different lengths or not finite, too many of them, or times that do not fit;
        named by row.
    """
    found = _read(table)
    encoding = TokensEncoding(modality, tuple(table.column_names), int(found.vectors.shape[1]))
    return encoding, found.block(modality, encoding.width)


def is_number(kind: Any) -> bool:
    """Whether an Arrow type is one of numbers."""
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def is_list(kind: Any) -> bool:
    """Whether an Arrow type is one of lists."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def is_sequence(kind: Any) -> bool:
    """Whether an Arrow type is one of lists of lists."""
    return is_list(kind) and is_list(kind.value_type)


@dataclass(frozen=True)
class _Sequences:
    """The vectors of all rows one after another, (tokens, d), their times, and how many each row has, (n,)."""

    counts: Ints
    vectors: NDArray[np.float32]
    times: NDArray[np.float64] | None

    def block(self, modality: str, width: int) -> Block:
        longest = max(int(self.counts.max(initial=0)), 1)
        mask = np.arange(longest) < self.counts[:, None]
        values = np.zeros((*mask.shape, width), dtype=np.float32)
        values[mask] = self.vectors if len(self.vectors) else values[mask]
        times = None
        if self.times is not None:
            times = np.zeros(mask.shape, dtype=np.float32)
            times[mask] = self.times
        return Block(modality, "tokens", values, self.counts > 0, {}, mask, times)


def _read(table: pa.Table) -> _Sequences:
    name, column = table.column_names[0], _whole(table[table.column_names[0]])
    counts = _counts(name, column)
    vectors = _vectors(name, column, counts)
    times = None
    if len(table.column_names) > 1:
        times = _times(table.column_names[1], _whole(table[table.column_names[1]]), name, counts)
    return _Sequences(counts, vectors, times)


def _whole(column: pa.ChunkedArray) -> Any:
    return column.combine_chunks()


def _counts(name: str, column: Any) -> Ints:
    """Vectors in each row, (n,); none where the cell is missing."""
    if pa.types.is_null(column.type):
        return np.zeros(len(column), dtype=np.int64)
    if not is_list(column.type):
        raise InputError(f"a sequence must be a column of lists of vectors, but {name!r} has type {column.type}.")
    counts = np.asarray(pc.fill_null(pc.list_value_length(column), 0), dtype=np.int64)
    if (longest := int(counts.max(initial=0))) > MOST_TOKENS:
        row = int(counts.argmax())
        raise InputError(
            f"a sequence must have at most {MOST_TOKENS} vectors, but {name!r} has {longest:,} in row {row + 1}. "
            f"Average every {-(-longest // MOST_TOKENS)} neighbours, or keep fewer of them."
        )
    return counts


def _vectors(name: str, column: Any, counts: Ints) -> NDArray[np.float32]:
    """The vectors of all rows, (tokens, d)."""
    if not counts.any():
        return np.zeros((0, 0), dtype=np.float32)
    vectors = pc.list_flatten(column.drop_null())
    if not (
        is_list(vectors.type) and (is_number(vectors.type.value_type) or pa.types.is_null(vectors.type.value_type))
    ):
        raise InputError(
            f"a sequence must be a column of lists of vectors of numbers, but {name!r} has type {column.type}."
        )
    if vectors.null_count:
        missing = np.asarray(vectors.is_null())
        raise InputError(
            f"a vector inside a sequence must not be missing, but {_place(name, counts, missing)} is. "
            "Leave it out of the list, or make the whole cell missing."
        )
    width = _width(name, vectors, counts)
    numbers = pc.list_flatten(vectors).cast(pa.float32(), safe=False)
    found = np.asarray(pc.fill_null(numbers, float("nan")), dtype=np.float32).reshape(-1, width)
    wrong = np.asarray(~np.isfinite(found).all(axis=1))
    if wrong.any():
        raise InputError(
            f"vectors of a sequence must be finite numbers of 32 bits, but {_place(name, counts, wrong)} is not. "
            "Leave it out of the list, or repair it."
        )
    return found


def _width(name: str, vectors: Any, counts: Ints) -> int:
    """The length that all vectors have."""
    lengths = np.asarray(pc.list_value_length(vectors), dtype=np.int64)
    width = max(int(lengths[0]), 1)
    odd = np.asarray(lengths != width)
    if odd.any():
        raise InputError(
            f"vectors of a sequence must have one length, of 1 or more, but {_place(name, counts, odd)} has "
            f"{int(lengths[odd][0])} numbers{f' where those before have {width}' if lengths[0] else ''}."
        )
    return width


def _times(name: str, column: Any, sequence: str, counts: Ints) -> NDArray[np.float64]:
    """When each of the vectors was taken, (tokens,)."""
    if not (pa.types.is_null(column.type) or (is_list(column.type) and _may_be_numbers(column.type.value_type))):
        raise InputError(f"times must be a column of lists of numbers, but {name!r} has type {column.type}.")
    known = np.zeros(len(column), dtype=np.int64)
    if not pa.types.is_null(column.type):
        known = np.asarray(pc.fill_null(pc.list_value_length(column), 0), dtype=np.int64)
    if (odd := np.flatnonzero((known != counts) & (counts > 0))).size:
        row = int(odd[0])
        raise InputError(
            f"times must be as many as vectors, but {name!r} has {known[row]:,} in row {row + 1} and {sequence!r} "
            f"has {counts[row]:,}."
        )
    if not counts.any():
        return np.zeros(0)
    flat = pc.list_flatten(column.filter(pa.array(counts > 0))).cast(pa.float64())
    times = np.asarray(pc.fill_null(flat, float("nan")), dtype=np.float64)
    _require_order(name, times, counts)
    return times


def _may_be_numbers(kind: Any) -> bool:
    return is_number(kind) or pa.types.is_null(kind)


def _require_order(name: str, times: NDArray[np.float64], counts: Ints) -> None:
    if (wrong := ~np.isfinite(times)).any():
        raise InputError(f"times must be finite numbers, but {_place(name, counts, wrong, 'time')} is not.")
    rows = np.repeat(np.arange(len(counts)), counts)
    back = np.zeros(len(times), dtype=bool)
    back[1:] = (np.diff(times) < 0) & (np.diff(rows) == 0)
    if back.any():
        at = int(np.flatnonzero(back)[0])
        raise InputError(
            f"times must not decrease within a row, but {_place(name, counts, back, 'time')} is {times[at]:g} after "
            f"{times[at - 1]:g}. Sort the vectors of each row by time."
        )
    starts = np.cumsum(counts)[counts > 0] - counts[counts > 0]
    first, last = times[starts], times[np.append(starts[1:], len(times)) - 1]
    lost = (last > first) & (last - first < FINEST * np.maximum(abs(first), abs(last)))
    if lost.any():
        row = int(np.flatnonzero(counts)[int(np.flatnonzero(lost)[0])])
        raise InputError(
            f"times must be counted from near the row's own beginning, but {name!r} begins at "
            f"{first[lost][0]:.10g} in row {row + 1} and lasts {(last - first)[lost][0]:g}. Subtract the row's first time."
        )


def _place(name: str, counts: Ints, wrong: NDArray[np.bool_], what: str = "vector") -> str:
    """Where the first wrong token stands, as "vector 3 of row 2 in 'frames'"."""
    token = int(np.flatnonzero(wrong)[0])
    row = int(np.searchsorted(np.cumsum(counts), token, side="right"))
    return f"{what} {token - int(counts[:row].sum()) + 1} of row {row + 1} in {name!r}"
