"""Rows that are copies of each other: they must not be trained on and scored on at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from fuseworthy.folds import Ints
from fuseworthy.inputs.modality import Modality, Tabular


def duplicate_groups(table: pa.Table, modalities: Mapping[str, Modality]) -> Ints | None:
    """Group number of each row if some rows agree in every column used, else None.

    A table of a few categories repeats by nature; so copies are looked for only where a text or an embedding is among
    the modalities, and rows in which all of those are missing are no copies.
    """
    rich = [c for m in modalities.values() if not isinstance(m, Tabular) for c in m.columns]
    if not rich:
        return None
    columns = rich + [c for m in modalities.values() if isinstance(m, Tabular) for c in m.columns]
    codes = np.column_stack([cell_codes(table[c].combine_chunks()) for c in columns])
    empty = np.flatnonzero((codes[:, : len(rich)] < 0).all(axis=1))
    group = np.unique(codes, axis=0, return_inverse=True)[1].ravel().astype(np.int64)
    group[empty] = group.max() + 1 + np.arange(len(empty))
    group = np.unique(group, return_inverse=True)[1].astype(np.int64)
    return group if group.max() + 1 < len(group) else None


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
        cells = [None if cell is None else tuple(cell) for cell in column.to_pylist()]
        seen: dict[Any, int] = {}
        return np.array([-1 if cell is None else seen.setdefault(cell, len(seen)) for cell in cells], dtype=np.int64)
    codes = column.dictionary_encode().indices.fill_null(-1)
    return np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int64)
