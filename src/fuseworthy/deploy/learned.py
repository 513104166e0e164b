"""Which rows a model learned from, as one number a row: so that no row is scored by what saw it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fuseworthy.errors import InputError

LEARNED = "learned-rows.bin"
"""The file of a model's folder that holds the digests, 8 bytes each, little-endian."""
SIZE = 8


@dataclass(frozen=True)
class LearnedRows:
    """Digests of the rows that a model was fitted on, each of all columns that it reads.

    Parameters
    ----------
    digests : (n,) uint64, ascending, each once

    Examples
    --------
    >>> learned = LearnedRows.of(pa.table({"a": [1, 2, 3], "b": ["x", "y", None]}), ["a", "b"])
    >>> learned.among(pa.table({"b": ["y", "x"], "a": [2.0, 2.0]}), ["b", "a"]).tolist()
    [True, False]
    """

    digests: NDArray[np.uint64]

    @classmethod
    def of(cls, table: pa.Table, columns: Iterable[str]) -> LearnedRows:
        """Those of a table."""
        return cls(np.unique(row_digests(table, columns)))

    def among(self, table: pa.Table, columns: Iterable[str]) -> NDArray[np.bool_]:
        """Which rows of another table were learned from, (n,)."""
        return self.holds(row_digests(table, columns))

    def holds(self, digests: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """The same of rows whose digests are known."""
        return np.isin(digests, self.digests)

    def to_bytes(self) -> bytes:
        return self.digests.astype("<u8").tobytes()

    @classmethod
    def from_bytes(cls, content: bytes) -> LearnedRows:
        """Raises InputError where they are not whole or not in order."""
        if len(content) % SIZE == 0:
            digests = np.frombuffer(content, dtype="<u8").astype(np.uint64)
            if (digests[1:] > digests[:-1]).all():
                return cls(digests)
        raise InputError(
            f"{LEARNED} must hold digests of {SIZE} bytes in ascending order, but does not. Save or fetch the model again."
        )


def row_digests(table: pa.Table, columns: Iterable[str]) -> NDArray[np.uint64]:
    """One number for what each row holds in these columns, (n,): the first 64 bits of BLAKE2b.

    Numbers of any type count as numbers of 64 bits, days as their first moment, an empty text as a missing cell; of a file
    its path counts.
    """
    cells = [_cells(table[name]) for name in sorted(set(columns))]
    found = np.empty(table.num_rows, dtype=np.uint64)
    for place, row in enumerate(zip(*cells, strict=True)):
        digest = hashlib.blake2b(digest_size=SIZE)
        for cell in row:
            digest.update(len(cell).to_bytes(SIZE, "little"))
            digest.update(cell)
        found[place] = int.from_bytes(digest.digest(), "little")
    return found


def _cells(column: pa.ChunkedArray | pa.Array) -> list[bytes]:
    """What each cell holds, as bytes that do not depend on how wide its type is; nothing where it is missing."""
    own = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    kind = own.type
    if _is_list(kind) and _is_number(kind.value_type):
        lengths = pc.fill_null(pc.list_value_length(own), 0).to_numpy(zero_copy_only=False)
        return _cut(_numbers(pc.list_flatten(own)), lengths)
    if _is_number(kind):
        return _cut(_numbers(own.drop_null()), own.is_valid().to_numpy(zero_copy_only=False))
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):  # days and moments of any unit alike
        moments = own.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False).cast(pa.int64())
        return _cut(_numbers(moments.drop_null()), own.is_valid().to_numpy(zero_copy_only=False))
    if pa.types.is_string(kind):
        return [b"" if cell is None else cell.encode() for cell in own.to_pylist()]
    return [b"" if cell is None else json.dumps(cell, default=str).encode() for cell in own.to_pylist()]


def _cut(numbers: NDArray[np.float64], lengths: NDArray[np.integer]) -> list[bytes]:
    stops = np.cumsum(lengths, dtype=np.int64) * SIZE
    content, start, found = (numbers + 0.0).tobytes(), 0, []  # a zero has no sign
    for stop in stops.tolist():
        found.append(content[start:stop])
        start = stop
    return found


def _numbers(values: pa.Array) -> NDArray[np.float64]:
    return np.asarray(pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))
