"""Ready embeddings to a Block of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fuseworthy.errors import InputError
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.csv import looks_like_vector
from fuseworthy.task import Floats


def encode_vectors(modality: str, table: pa.Table) -> Block:
    """One column of lists, or several number columns, as (n, d) float64; absent rows are zero and marked absent.

    Raises
    ------
    InputError
        Vectors of different lengths, NaN or infinite entries, or cells that are no vector, named by row.
    """
    if len(table.column_names) == 1 and not _is_number(table.schema.types[0]):
        values, present = _from_lists(table.column_names[0], table[table.column_names[0]].combine_chunks())
    else:
        values, present = _from_numbers(table)
    wrong = present & ~np.isfinite(values).all(axis=1)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"embeddings must be finite, but {modality!r} has NaN or infinite entries in {int(wrong.sum())} rows "
            f"(first: row {row + 1}). Make the whole vector missing in such rows, or repair it."
        )
    return Block(modality, "vectors", np.where(present[:, None], values, 0.0), present, {})


def _is_number(kind: Any) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _from_lists(name: str, column: Any) -> tuple[Floats, Any]:
    if pa.types.is_string(column.type):
        column = _parsed(name, column)
    if not (
        pa.types.is_list(column.type) or pa.types.is_large_list(column.type) or pa.types.is_fixed_size_list(column.type)
    ):
        raise InputError(f"an embedding must be a column of number lists, but {name!r} has type {column.type}.")
    present = pc.is_valid(column).to_numpy(zero_copy_only=False)
    lengths = pc.list_value_length(column).to_numpy(zero_copy_only=False)
    known = lengths[present].astype(np.int64)
    if len(known) and (known != known[0]).any():
        row = int(np.flatnonzero(present)[int(np.flatnonzero(known != known[0])[0])])
        raise InputError(
            f"vectors of an embedding must have one length, but {name!r} has {int(lengths[row])} in row {row + 1} "
            f"where rows before have {known[0]}."
        )
    width = int(known[0]) if len(known) else 0
    flat = pc.list_flatten(column.drop_null())
    values = np.zeros((len(column), width))
    values[present] = (
        pc.fill_null(flat.cast(pa.float64()), float("nan")).to_numpy(zero_copy_only=False).reshape(-1, width)
    )
    return values, present


def _parsed(name: str, column: Any) -> Any:
    cells = column.to_pylist()
    for row, cell in enumerate(cells):
        if cell and not looks_like_vector(cell):
            raise InputError(
                f"an embedding cell must be a list such as [0.1, 0.2], but {name!r} has {cell[:40]!r} in row {row + 1}."
            )
    try:
        vectors = [[float(x) for x in cell.strip()[1:-1].split(",")] if cell else None for cell in cells]
    except ValueError as error:
        raise InputError(
            f"an embedding cell must be a list of numbers such as [0.1, 0.2], but in {name!r} {error}."
        ) from None
    return pa.array(vectors, pa.list_(pa.float64()))


def _from_numbers(table: pa.Table) -> tuple[Floats, Any]:
    for name, kind in zip(table.column_names, table.schema.types, strict=True):
        if not _is_number(kind):
            raise InputError(f"an embedding of several columns must hold numbers, but {name!r} has type {kind}.")
    columns = [
        np.asarray(
            pc.fill_null(table[name].combine_chunks().cast(pa.float64()), float("nan")).to_numpy(zero_copy_only=False)
        )
        for name in table.column_names
    ]
    values = np.column_stack(columns)
    return values, ~np.isnan(values).all(axis=1)
