"""Columns of paths, bytes or number lists to the parts of each row; files are named here, and opened elsewhere."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fuseworthy.durable import content_digest
from fuseworthy.errors import InputError
from fuseworthy.inputs.encoders.tokens import is_list, is_number
from fuseworthy.inputs.media.assets import Refused, Unreadable, digest_of, digest_of_reason, open_cell
from fuseworthy.inputs.media.checksums import Pinned, pinned, require_same
from fuseworthy.inputs.media.formats import HEAD, looks_like, may_be
from fuseworthy.inputs.recordings import Image, Recording, Series

Part = str | bytes | Pinned | NDArray[np.float64] | Unreadable
"""A path or the bytes of a file, with or without a checksum; a series (n, channels); or what is wrong with a cell."""
Row = tuple[Part, ...]
"""The parts of a row; none if it lacks the modality."""
MOST_PICTURES = 8
"""In a row: networks see 64 tokens of each."""


def rows_of(recording: Recording, table: pa.Table, first: int = 0) -> list[Row]:
    """The parts of each row of a table, or of a slice of one that begins at row ``first`` (from 0).

    Raises
    ------
    InputError
        Columns of another type than the kind reads, too many pictures in a row, or a checksum that is none.
    """
    columns = [_whole(table[name]) for name in recording.files]
    if isinstance(recording, Series) and any(_is_numbers(column.type) for column in columns):
        if recording.sha256 is not None:
            raise InputError(f"sha256= must be of files, but {recording.files[0]!r} holds number lists. Leave it out.")
        return _series_rows(recording, columns)
    if isinstance(recording, Series) and len(columns) > 1 and not all(pa.types.is_null(c.type) for c in columns):
        raise InputError(
            f"a series of several columns must hold number lists, but {recording.files[0]!r} has type "
            f"{columns[0].type}. Give one column of files."
        )
    found = [_cells(recording, name, column) for name, column in zip(recording.files, columns, strict=True)]
    rows: list[Row] = [tuple(part for cell in cells for part in cell) for cells in zip(*found, strict=True)]
    if isinstance(recording, Image) and (most := max(map(len, rows), default=0)) > MOST_PICTURES:
        row = first + next(i for i, parts in enumerate(rows) if len(parts) == most) + 1
        raise InputError(f"a row must have at most {MOST_PICTURES} pictures, but row {row} has {most}. Keep fewer.")
    return rows if recording.sha256 is None else pinned(rows, recording.sha256, _whole(table[recording.sha256]), first)


def open_part(part: str | bytes | Pinned, recording: Recording) -> BinaryIO:
    """The file of a part, which holds what its checksum says if it has one; see `open_cell`."""
    opened = open_cell(cell_of(part), None if recording.root is None else Path(recording.root))
    if isinstance(part, Pinned):
        require_same(opened, part)
    return opened


def cell_of(part: Any) -> Any:
    """A part without its checksum."""
    return part.cell if isinstance(part, Pinned) else part


def open_whole(part: Part, recording: Recording) -> None:
    """Raise `Unreadable` for a part that is not there, or begins as other files do; nothing is decoded."""
    if isinstance(part, Unreadable):
        raise part
    if not isinstance(part, np.ndarray):
        with open_part(part, recording) as opened:
            head = opened.read(HEAD)
        if not may_be(recording.kind, head):
            raise Unreadable(f"it is no {recording.kind} but looks like {looks_like(head)}")


def digest_part(part: Part, recording: Recording) -> str:
    """sha256 of what a part holds, or of why it cannot be read.

    Raises
    ------
    Refused
        A path that must not be opened.
    """
    if isinstance(part, np.ndarray):
        return hashlib.sha256(repr(part.shape).encode() + np.ascontiguousarray(part).tobytes()).hexdigest()
    if isinstance(part, Unreadable):
        return digest_of_reason(str(part))
    try:
        with open_part(part, recording) as opened:
            return digest_of(opened)
    except Unreadable as why:
        return digest_of_reason(str(why))
    except OSError as error:
        return digest_of_reason(error.strerror or "it cannot be read")


def digest_row(row: Row, recording: Recording) -> str | None:
    """What tells a row's content from others', or None if it lacks the modality."""
    digests = [digest_part(part, recording) for part in row]
    return None if not digests else digests[0] if len(digests) == 1 else content_digest(digests)


def refused(why: Refused, recording: Recording, row: int, item: str) -> InputError:
    """The error for a cell that must not be opened; ``row`` counts from 1."""
    if recording.root is None:
        return InputError(
            f"paths must have a folder that they are relative to, but {item} came in row {row} of "
            f"{', '.join(map(repr, recording.files[:3]))} and there is none. Pass root= (--root)."
        )
    return InputError(
        f"every path of {', '.join(map(repr, recording.files[:3]))} must lie under its root ({recording.root}), but "
        f"row {row} holds {item}: {why}. Correct the cell, or pass another root= (--root)."
    )


def name_of(part: Part) -> str:
    """How a message calls a part."""
    part = cell_of(part)
    if isinstance(part, str):
        return repr(part if len(part) <= 120 else part[:117] + "…")
    return f"{len(part):,} bytes" if isinstance(part, bytes) else "the cell"


def _whole(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _is_numbers(kind: Any) -> bool:
    return is_list(kind) and (is_number(kind.value_type) or _is_numbers(kind.value_type) or _is_null(kind.value_type))


def _is_null(kind: Any) -> bool:
    return bool(pa.types.is_null(kind))


def _is_bytes(kind: Any) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_binary_view(kind)
    )


def _cells(recording: Recording, name: str, column: Any) -> list[list[Part]]:
    """The parts that each cell of one column gives."""
    kind = column.type
    if _is_null(kind):
        return [[] for _ in range(len(column))]
    if is_list(kind) and isinstance(recording, Image):
        if recording.pool is None:
            raise InputError(
                f"an image must be one picture a row, but {name!r} holds lists of them. Pass pool='mean' to average them."
            )
        _require_files(recording, name, kind.value_type)
        return [[part for cell in cells or () for part in _parts(cell)] for cells in column.to_pylist()]
    _require_files(recording, name, kind)
    return [_parts(cell) for cell in column.to_pylist()]


def _require_files(recording: Recording, name: str, kind: Any) -> None:
    held = {kind.field(i).name for i in range(kind.num_fields)} if pa.types.is_struct(kind) else set()
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or _is_bytes(kind) or held & {"bytes", "path"}):
        lists = " or number lists" if isinstance(recording, Series) else ""
        raise InputError(
            f"a column of kind {recording.kind} must hold paths, bytes{lists}, but {name!r} has type {kind}."
        )


def _parts(cell: Any) -> list[Part]:
    """One part, or none of an empty cell."""
    if isinstance(cell, dict):
        held, path = cell.get("bytes"), cell.get("path")
        return [held] if held is not None else _parts(path)
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return []
    return [cell]


def _series_rows(recording: Series, columns: list[Any]) -> list[Row]:
    for name, column in zip(recording.columns, columns, strict=True):
        if not (_is_numbers(column.type) or _is_null(column.type)):
            raise InputError(f"a channel of a series must be a column of number lists, but {name!r} has {column.type}.")
        if len(columns) > 1 and is_list(column.type) and is_list(column.type.value_type):
            raise InputError(
                f"a series of lists of lists must be its only column, but {name!r} came with {len(columns) - 1} others."
            )
    return [_series_row(recording, cells) for cells in zip(*map(_arrays, columns), strict=True)]


def _series_row(recording: Series, cells: tuple[Any, ...]) -> Row:
    if all(cell is None or (not isinstance(cell, Unreadable) and len(cell) == 0) for cell in cells):
        return ()
    lengths = [0 if cell is None or isinstance(cell, Unreadable) else len(cell) for cell in cells]
    for cell in cells:
        if isinstance(cell, Unreadable):
            return (cell,)
    if len(set(lengths)) > 1:
        said = ", ".join(f"{n:,} of {c!r}" for c, n in zip(recording.columns, lengths, strict=True))
        return (Unreadable(f"its channels have different lengths: {said}"),)
    return (np.column_stack(cells),)


def _arrays(column: Any) -> list[Any]:
    """Each cell as (n,) or (n, channels), NaN where a number is missing; None where the cell is."""
    if _is_null(column.type):
        return [None] * len(column)
    if is_list(column.type.value_type):
        return [None if cell is None else _matrix(cell) for cell in column.to_pylist()]
    flat = pc.list_flatten(column.drop_null()).cast(pa.float64())
    numbers = np.asarray(pc.fill_null(flat, float("nan")), dtype=np.float64)
    known = np.asarray(pc.is_valid(column))
    lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0), dtype=np.int64)
    pieces = np.split(numbers, np.cumsum(lengths)[:-1])
    return [piece if here else None for piece, here in zip(pieces, known, strict=True)]


def _matrix(cell: list[Any]) -> Any:
    widths = {len(sample) if sample is not None else 0 for sample in cell}
    if len(widths) > 1:
        return Unreadable(f"its samples have {min(widths)} to {max(widths)} channels")
    return np.array(cell, dtype=np.float64).reshape(len(cell), -1)
