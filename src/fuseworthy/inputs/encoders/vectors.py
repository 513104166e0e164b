"""Ready embeddings to a Block of vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fuseworthy.errors import InputError
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.csv import looks_like_vector
from fuseworthy.inputs.encoders.tokens import is_list, is_number
from fuseworthy.inputs.limits import LARGEST
from fuseworthy.task import Floats


@dataclass(frozen=True)
class VectorsEncoding:
    """The columns that hold an embedding, and its dimensions."""

    modality: str
    columns: tuple[str, ...]
    width: int
    view: ClassVar[str] = "vectors"

    def encode(self, table: pa.Table) -> Block:
        """Vectors, (n, d) float64; absent rows are zero and marked absent.

        Raises
        ------
        InputError
            Other dimensions than were learned, NaN or infinite entries, or cells that are no vector, named by row.
        """
        values, present = _read(table.select(list(self.columns)))
        if not present.any():
            values = np.zeros((table.num_rows, self.width))
        if values.shape[1] != self.width:
            raise InputError(
                f"vectors of {self.modality!r} must have {self.width} dimensions, as they did where their encoding was "
                f"learned, but have {values.shape[1]} (first: row {int(np.flatnonzero(present)[0]) + 1})."
            )
        return _block(self.modality, values, present)

    def to_dict(self) -> dict[str, Any]:
        return {"view": self.view, "modality": self.modality, "columns": list(self.columns), "width": self.width}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> VectorsEncoding:
        return cls(data["modality"], tuple(data["columns"]), int(data["width"]))


def learn_vectors(modality: str, table: pa.Table) -> tuple[VectorsEncoding, Block]:
    """The dimensions of a table's vectors, and the table as it is encoded.

    One column of lists, or several number columns, are read.

    Raises
    ------
    InputError
        Vectors of different lengths, NaN or infinite entries, or cells that are no vector, named by row.
    """
    values, present = _read(table)
    encoding = VectorsEncoding(modality, tuple(table.column_names), int(values.shape[1]))
    return encoding, _block(modality, values, present)


def encode_vectors(modality: str, table: pa.Table) -> Block:
    """The vectors of a table; see `learn_vectors`."""
    return learn_vectors(modality, table)[1]


def _block(modality: str, values: Floats, present: NDArray[np.bool_]) -> Block:
    wrong = present & ~(np.abs(values) <= LARGEST).all(axis=1)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        what = "NaN or infinite entries" if not np.isfinite(values[row]).all() else f"entries beyond {LARGEST:g}"
        raise InputError(
            f"embeddings must be finite, but {modality!r} has {what} in {int(wrong.sum())} rows "
            f"(first: row {row + 1}). Make the whole vector missing in such rows, or repair it."
        )
    return Block(modality, "vectors", np.where(present[:, None], values, 0.0), present, {})


def _read(table: pa.Table) -> tuple[Floats, NDArray[np.bool_]]:
    if len(table.column_names) == 1 and not is_number(table.schema.types[0]):
        return _from_lists(table.column_names[0], table[table.column_names[0]].combine_chunks())
    return _from_numbers(table)


def _from_lists(name: str, column: Any) -> tuple[Floats, Any]:
    if pa.types.is_null(column.type):
        return np.zeros((len(column), 0)), np.zeros(len(column), dtype=bool)
    if pa.types.is_string(column.type):
        column = _parsed(name, column)
    if not is_list(column.type) or not _is_entry(column.type.value_type):
        raise InputError(f"an embedding must be a column of number lists, but {name!r} has type {column.type}.")
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    present = lengths > 0
    if not present.any():
        return np.zeros((len(column), 0)), present
    known = lengths[present].astype(np.int64)
    if (known != known[0]).any():
        row = int(np.flatnonzero(present)[int(np.flatnonzero(known != known[0])[0])])
        raise InputError(
            f"vectors of an embedding must have one length, but {name!r} has {int(lengths[row])} in row {row + 1} "
            f"where rows before have {known[0]}. If the column holds times of a sequence, pass it as times= of that one."
        )
    width = int(known[0])
    flat = pc.list_flatten(column.drop_null())
    values = np.zeros((len(column), width))
    values[present] = (
        pc.fill_null(flat.cast(pa.float64()), float("nan")).to_numpy(zero_copy_only=False).reshape(-1, width)
    )
    return values, present


def _is_entry(kind: Any) -> bool:
    return is_number(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind)


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
        if not (is_number(kind) or pa.types.is_null(kind)):
            raise InputError(f"an embedding of several columns must hold numbers, but {name!r} has type {kind}.")
    columns = [
        np.asarray(
            pc.fill_null(table[name].combine_chunks().cast(pa.float64()), float("nan")).to_numpy(zero_copy_only=False)
        )
        for name in table.column_names
    ]
    values = np.column_stack(columns)
    return values, ~np.isnan(values).all(axis=1)
