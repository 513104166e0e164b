"""Rows that are copies of each other: they must not be trained on and scored on at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fuseworthy.folds import Ints
from fuseworthy.inputs.encoders.tokens import is_list, is_number
from fuseworthy.inputs.modality import Modality, Tabular


def duplicate_groups(
    table: pa.Table, modalities: Mapping[str, Modality], contents: Mapping[str, Sequence[str | None]] | None = None
) -> Ints | None:
    """Group number of each row if some rows agree in every column used, else None.

    A table of a few categories repeats by nature; so copies are looked for only where a text, an embedding or a file is
    among the modalities, and rows in which all of those are missing are no copies.

    Parameters
    ----------
    contents : mapping of modality to n digests, optional
        What the files of its rows hold, which then decides rather than their names; None where missing.
    """
    contents = contents or {}
    rich = [
        c for name, m in modalities.items() if not isinstance(m, Tabular) and name not in contents for c in m.columns
    ]
    if not rich and not contents:
        return None
    cells = [c for m in modalities.values() if isinstance(m, Tabular) for c in m.columns]

    def codes(columns: list[str]) -> list[Ints]:
        return [cell_codes(table[c].combine_chunks()) for c in columns]

    held = [cell_codes(pa.array(digests, pa.string())) for digests in contents.values()]
    group = equal_rows([*codes(rich), *held], codes(cells), table.num_rows)
    return group if group.max() + 1 < len(group) else None


def equal_rows(rich: Sequence[Ints], cells: Sequence[Ints], n: int) -> Ints:
    """Number of each row's set of rows that agree in every code, (n,).

    Parameters
    ----------
    rich, cells : (n,) codes of each text or embedding, and of each table column; -1 where missing
        Rows that lack everything rich are in no set but their own; without anything rich every row counts.
    """
    group = np.zeros(n, dtype=np.int64)
    for codes in [*rich, *cells]:
        group = np.unique(group * (int(codes.max()) + 2) + codes + 1, return_inverse=True)[1].astype(np.int64)
    if rich:
        empty = np.flatnonzero((np.column_stack(rich) < 0).all(axis=1))
        group[empty] = group.max() + 1 + np.arange(len(empty))
    return np.unique(group, return_inverse=True)[1].astype(np.int64)


def merge_groups(first: Ints, second: Ints) -> Ints:
    """Groups that hold rows together if either does (connected components)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    a, b = np.unique(first, return_inverse=True)[1], np.unique(second, return_inverse=True)[1]
    size = int(a.max()) + 1
    links = coo_array((np.ones(len(a)), (a, size + b)), shape=(size + int(b.max()) + 1,) * 2)
    return np.asarray(connected_components(links, directed=False)[1][a], dtype=np.int64)


def cell_codes(column: Any) -> Ints:
    """A number for each cell, equal for equal cells, -1 for a missing one."""
    if pa.types.is_nested(column.type):
        return _vector_codes(column) if _holds_numbers(column.type) else _object_codes(column)
    codes = column.dictionary_encode().indices.fill_null(-1)
    return np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int64)


def _holds_numbers(kind: Any) -> bool:
    while is_list(kind):
        kind = kind.value_type
    return is_number(kind) or pa.types.is_null(kind)


def _object_codes(column: Any) -> Ints:
    """Codes of cells such as {bytes, path} and lists of them, told apart by how they are written."""
    seen: dict[str, int] = {}
    cells = ("" if cell is None else repr(cell) for cell in column.to_pylist())
    return np.array([seen.setdefault(cell, len(seen)) if cell else -1 for cell in cells], dtype=np.int64)


def _lengths(column: Any) -> Ints:
    """Elements of each list, (n,), none where it is missing."""
    return np.asarray(pc.fill_null(pc.list_value_length(column), 0), dtype=np.int64)


def _vector_codes(column: Any) -> Ints:
    """Codes of lists of numbers or of vectors, told apart by their bytes; an empty list is missing."""
    known = pc.is_valid(column).to_numpy(zero_copy_only=False)
    lengths = _lengths(column)
    flat = pc.list_flatten(column.drop_null())
    known = known & (lengths > 0)
    if pa.types.is_nested(flat.type):
        ends = np.concatenate([[0], np.cumsum(_lengths(flat))])
        lengths = np.diff(ends[np.concatenate([[0], np.cumsum(lengths)])])
        flat = pc.list_flatten(flat)
    numbers = pc.fill_null(flat.cast(pa.float64()), float("nan")).to_numpy(zero_copy_only=False) + 0.0  # -0.0 is 0.0
    stop = np.cumsum(lengths)
    seen: dict[bytes, int] = {}
    return np.array(
        [
            seen.setdefault(numbers[end - size : end].tobytes(), len(seen)) if here else -1
            for end, size, here in zip(stop.tolist(), lengths.tolist(), known.tolist(), strict=True)
        ],
        dtype=np.int64,
    )
