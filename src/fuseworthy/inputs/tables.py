"""Files and data frames to one Arrow table. No cell is guessed at, no row is dropped."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fuseworthy.errors import InputError, first_line, nearest
from fuseworthy.inputs.csv import read_csv

PARQUET = (".parquet", ".pq", ".parquet.brotli")
ARROW = (".arrow", ".feather", ".ipc")
JSON = (".jsonl", ".ndjson", ".json")
CSV = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz")


def read_table(
    source: Any, as_text: Collection[str] = (), only: Collection[str] | None = None
) -> tuple[pa.Table, list[str]]:
    """An Arrow table from a path or a pandas, polars or Arrow frame, and notices of what was coerced.

    Parameters
    ----------
    as_text : columns of a CSV file whose cells are text whatever they look like; what others are, all of their cells tell
    only : columns that are wanted, where others need not be readable; all if the table has none of these

    Raises
    ------
    InputError
        Missing file, unknown format, unreadable row (named by its number), duplicate column names, no rows.
    """
    notices: list[str] = []
    if isinstance(source, (str, Path)):
        table, notices = _read_path(Path(source), as_text)
    elif isinstance(source, pa.Table):
        table = source
    else:
        table = _from_frame(source)
    return checked_table(table, only), notices


def home_of(source: Any) -> Path | None:
    """The folder of a table's file, which paths in it are relative to; None of a data frame."""
    return Path(source).absolute().parent if isinstance(source, (str, Path)) else None


def source_name(source: Any) -> str:
    """How a report calls the table."""
    return Path(source).name if isinstance(source, (str, Path)) else f"a {type(source).__module__.split('.')[0]} table"


def require_columns(table: pa.Table, names: tuple[str, ...] | list[str], role: str) -> None:
    """Raise `InputError` with the nearest name for a column that is not there."""
    for name in names:
        if name not in table.column_names:
            raise InputError(
                f"{role} must be a column of the table, but {name!r} is not: {nearest(name, table.column_names)}."
            )


def _read_path(path: Path, as_text: Collection[str]) -> tuple[pa.Table, list[str]]:
    if not path.exists():
        folder = path.parent if path.parent.is_dir() else Path()
        here = [p.name for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")]
        hint = f": {nearest(path.name, here)}" if here else ""
        raise InputError(f"the table must be a file that exists, but {path} does not{hint}.")
    if not path.is_file():
        raise InputError(f"the table must be a regular file, but {path} is not one.")
    if path.stat().st_size == 0:
        raise InputError(f"the table must have rows, but {path} is empty.")
    readers: list[tuple[tuple[str, ...], Callable[[Path], tuple[pa.Table, list[str]]]]] = [
        (PARQUET, _read_parquet),
        (ARROW, _read_arrow),
        (JSON, _read_json),
        (CSV, partial(read_csv, as_text=as_text)),
    ]
    for endings, reader in readers:
        if path.name.lower().endswith(endings):
            return reader(path)
    known = ", ".join((*CSV[:2], PARQUET[0], JSON[0], *ARROW[:2]))
    raise InputError(f"the table's format must be told by its ending ({known}), but {path.name} came.")


def _read_parquet(path: Path) -> tuple[pa.Table, list[str]]:
    import pyarrow.parquet as pq

    try:
        return _whole(pq.read_table(path)), []
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} must be a readable Parquet file, but it is damaged: {first_line(error)}") from error


def _read_arrow(path: Path) -> tuple[pa.Table, list[str]]:
    try:
        with pa.memory_map(str(path)) as handle:
            try:
                table = pa.ipc.open_file(handle).read_all()
            except pa.ArrowInvalid:
                handle.seek(0)
                table = pa.ipc.open_stream(handle).read_all()
            return _whole(table), []
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} must be a readable Arrow file, but it is damaged: {first_line(error)}") from error


def _whole(table: pa.Table) -> pa.Table:
    """The table, if its offsets, codes and texts are what they must be; a damaged one would end the process when it is used."""
    table.validate(full=True)
    if not (table.column_names and str(table.schema)):  # both raise where names are not UTF-8
        raise pa.ArrowInvalid("it has no columns")
    return table


def _read_json(path: Path) -> tuple[pa.Table, list[str]]:
    records = _records(path)
    names: dict[str, None] = {}
    for record in records:
        names.update(dict.fromkeys(record))
    return pa.table({name: _column(name, [r.get(name) for r in records], path) for name in names}), []


def _records(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise InputError(f"{path} must be UTF-8, but line {line} is not. Convert it to UTF-8.") from error
    if text.lstrip().startswith("["):
        try:
            records = json.loads(text)
        except ValueError as error:
            raise InputError(f"{path} must be a JSON array of objects, but: {error}.") from error
        numbered = list(enumerate(records, start=1))
    else:
        numbered = []
        for number, words in enumerate(text.split("\n"), start=1):
            if words.strip():
                try:
                    numbered.append((number, json.loads(words)))
                except ValueError as error:
                    raise InputError(f"{path} must hold one JSON object a line, but line {number}: {error}.") from error
    for number, record in numbered:
        if not isinstance(record, dict):
            raise InputError(f"{path} must hold JSON objects, but row {number} is a {type(record).__name__}.")
    return [record for _, record in numbered]


def _column(name: str, values: list[Any], path: Path) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError):
        kinds = [type(v).__name__ for v in values if v is not None]
        row = next((i for i, v in enumerate(values) if v is not None and type(v).__name__ != kinds[0]), None)
        if row is None:
            raise InputError(
                f"column {name!r} of {path} must hold one type of ordinary values, but its {kinds[0]} cells differ inside "
                "or are too large. Make them text, or lists of numbers of one length."
            ) from None
        raise InputError(
            f"column {name!r} of {path} must hold one type, but row {row + 1} is {type(values[row]).__name__} "
            f"where rows before are {kinds[0]}."
        ) from None


def _from_frame(source: Any) -> pa.Table:
    import narwhals as nw

    try:
        frame = nw.from_native(source, eager_only=True)
    except TypeError as error:
        raise InputError(
            "a table must be a path, or a pandas, polars or Arrow table, "
            f"but {type(source).__name__} came. Pass a data frame or the path of a file."
        ) from error
    names = [str(name) for name in frame.columns]
    if repeated := {name for name, count in Counter(names).items() if count > 1}:
        raise InputError(f"column names must be unique, but {min(repeated)!r} occurs more than once.")
    try:
        try:
            return frame.to_arrow()
        except pa.ArrowException:
            return nw.from_native(_with_lists(nw.to_native(frame)), eager_only=True).to_arrow()
    except (pa.ArrowException, TypeError) as error:
        raise InputError(f"every column must hold one type, but: {first_line(error)}") from error


def _with_lists(frame: Any) -> Any:
    """A pandas frame with lists of vectors where cells are 2-D arrays, which Arrow does not read."""
    for name in [c for c, kind in frame.dtypes.items() if kind.kind == "O"] if hasattr(frame, "assign") else []:
        if any(getattr(cell, "ndim", 0) == 2 for cell in frame[name]):
            cells = [list(cell) if getattr(cell, "ndim", 0) == 2 else cell for cell in frame[name]]
            frame = frame.assign(**{name: frame[name].__class__(cells, index=frame.index, dtype=object)})
    return frame


def checked_table(table: pa.Table, only: Collection[str] | None = None) -> pa.Table:
    """A table of ordinary columns with unique names and rows, NaN as missing; see `read_table`.

    Raises
    ------
    InputError
    """
    names = table.column_names
    if repeated := {name for name, count in Counter(names).items() if count > 1}:
        raise InputError(f"column names must be unique, but {min(repeated)!r} occurs more than once.")
    if table.num_rows == 0:
        raise InputError("the table must have rows, but it has none.")
    if "__index_level_0__" in names:
        table = table.drop_columns(["__index_level_0__"])
    if wanted := [name for name in table.column_names if name in (only or ())]:
        table = table.select(wanted)
    return pa.table(
        {name: _plain(name, column) for name, column in zip(table.column_names, table.columns, strict=True)}
    )


def _plain(name: str, column: pa.ChunkedArray) -> pa.Array:
    """One contiguous array of an ordinary type; dictionaries decoded, extension types refused."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        raise InputError(f"column {name!r} must have an ordinary type, but has the extension type {kind}.")
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)  # NaN is a missing cell
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
