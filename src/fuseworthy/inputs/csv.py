"""CSV as it is: every cell read as text, then a whole column given a type only if every cell fits."""

from __future__ import annotations

import codecs
import csv as standard
import gzip
import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from fuseworthy.errors import InputError

ABSENT = ("", "NA", "N/A", "NaN", "nan", "null", "NULL")
"""Cells that mean "missing" in a column whose other cells are all numbers, flags or dates, or of which there are no others."""

INTEGER = r"^[+-]?(0|[1-9][0-9]{0,15})$"
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?(inf|Inf|INF|infinity|Infinity)$"
LEADING_ZERO = r"^[+-]?0[0-9]"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
EXACT = 2**53
LONGEST_ROW = 64 << 20
"""Bytes of a row that can surely be read."""


def read_csv(path: Path, as_text: Collection[str] = ()) -> tuple[pa.Table, list[str]]:
    """Read a CSV or TSV file, and say what was coerced.

    Parameters
    ----------
    as_text : columns whose cells are text whatever they look like

    Raises
    ------
    InputError
        A row with too many or too few cells, bytes that are not UTF-8 (with the row), or a header with duplicates.
    """
    delimiter, names = _header(path)
    try:
        table = csv.read_csv(
            path,
            read_options=csv.ReadOptions(
                use_threads=False, column_names=names, skip_rows=1, block_size=_block_size(path)
            ),
            parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.binary()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _explained(path, str(error)) from error
    notices: list[str] = []
    columns = {
        name: cells if name in as_text else _typed(name, cells, notices)
        for name, column in zip(names, table.itercolumns(), strict=True)
        for cells in [_decoded(name, column, path)]
    }
    return pa.table(columns), notices


def _block_size(path: Path) -> int:
    """Bytes read at a time: a row must lie within two such blocks, and a cell may hold megabytes of text."""
    size = LONGEST_ROW if path.suffix == ".gz" else path.stat().st_size
    return max(1 << 20, min(size, LONGEST_ROW))


def _explained(path: Path, message: str) -> InputError:
    """Arrow's message in our words: which row has too many or too few cells."""
    ragged = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", message)
    if ragged:
        row, expected, got = ragged.groups()
        return InputError(
            f"every row of {path} must have {expected} cells, but row {row} has {got}. "
            "Quote cells that hold the delimiter."
        )
    if "straddling" in message:
        return InputError(
            f"every row of {path} must be shorter than {LONGEST_ROW >> 20} MiB, but one is longer. Is a quote not closed?"
        )
    return InputError(f"{path} must be a readable CSV file, but: {message.splitlines()[0][:200]}")


def _header(path: Path) -> tuple[str, list[str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as handle:
        line = handle.readline(10_000_000)
    try:
        text = line.removeprefix(codecs.BOM_UTF8).decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} must be UTF-8, but its header (row 1) is not. Convert it to UTF-8.") from error
    delimiter = "\t" if ".tsv" in path.name else max(",;\t|", key=text.count)
    if delimiter not in text:
        delimiter = ","
    if "\r" in text or text.count('"') % 2:
        raise InputError(f"{path} must have its column names in row 1, but that row holds a line break.")
    try:
        names = next(standard.reader([text], delimiter=delimiter), [])
    except standard.Error as error:
        raise InputError(f"{path} must have a header of column names in row 1, but: {error}.") from error
    if not any(name.strip() for name in names):
        raise InputError(f"{path} must have its column names in row 1, but that row is empty.")
    if repeated := {name for name, count in Counter(names).items() if count > 1}:
        raise InputError(f"column names must be unique, but {min(repeated)!r} occurs more than once in {path}.")
    return delimiter, names


def _decoded(name: str, column: pa.ChunkedArray, path: Path) -> pa.Array:
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    try:
        return values.cast(pa.string())
    except pa.ArrowInvalid:
        for row, cell in enumerate(values.to_pylist()):
            try:
                (cell or b"").decode("utf-8")
            except UnicodeDecodeError as error:
                raise InputError(
                    f"{path} must be UTF-8, but column {name!r} of row {row + 2} is not. Convert it to UTF-8."
                ) from error
        raise


def _typed(name: str, cells: pa.Array, notices: list[str]) -> pa.Array:
    """The narrowest type that every cell fits; text where one does not."""
    trimmed = pc.utf8_trim_whitespace(cells)
    absent = pc.fill_null(pc.is_in(trimmed, value_set=pa.array(ABSENT)), True)
    known = trimmed.filter(pc.invert(absent))
    if len(known) == 0:
        _note_words(name, trimmed, absent, "", notices)
        return pa.nulls(len(cells))
    blanked = pc.if_else(absent, pa.scalar(None, pa.string()), trimmed)
    typed = _cast(blanked, known)
    if typed is None:
        _note_mixed(name, trimmed, known, absent, notices)
        return cells
    _note_words(name, trimmed, absent, " among numbers or dates", notices)
    return typed


def _note_words(name: str, cells: pa.Array, absent: pa.Array, where: str, notices: list[str]) -> None:
    """Cells that say in words that they are missing."""
    if words := pc.sum(pc.and_(absent, pc.is_valid(pc.if_else(pc.equal(cells, ""), None, cells)))).as_py():
        notices.append(f"column {name!r}: {words} cells such as 'NA' are read as missing{where}")


def _cast(blanked: pa.Array, known: pa.Array) -> pa.Array | None:
    def every(pattern: str) -> bool:
        return bool(pc.all(pc.match_substring_regex(known, pattern)).as_py())

    if every(INTEGER):
        integers = pc.replace_substring_regex(blanked, r"^\+", "").cast(pa.int64())
        largest = max(abs(pc.min(integers).as_py()), abs(pc.max(integers).as_py()))
        return integers if largest <= EXACT else None
    if every(NUMBER) and not pc.any(pc.match_substring_regex(known, LEADING_ZERO)).as_py():
        return blanked.cast(pa.float64())
    if every(r"^(?i:true|false)$"):
        return pc.equal(pc.utf8_lower(blanked), "true")
    if every(DATE):
        return _dates(blanked, known)
    return None


def _dates(blanked: pa.Array, known: pa.Array) -> pa.Array | None:
    zoned = pc.match_substring_regex(known, r"(Z|[+-][0-9]{2}:?[0-9]{2})$")
    short = pc.match_substring_regex(known, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    if pc.any(pc.and_(zoned, pc.invert(short))).as_py() and not pc.all(pc.and_(zoned, pc.invert(short))).as_py():
        return None
    zone = "UTC" if pc.any(pc.and_(zoned, pc.invert(short))).as_py() else None
    try:
        return blanked.cast(pa.timestamp("us", zone))
    except pa.ArrowInvalid:
        return None


def _note_mixed(name: str, cells: pa.Array, known: pa.Array, absent: pa.Array, notices: list[str]) -> None:
    """A column that is almost all numbers deserves a word about the cells that are not."""
    numeric = pc.match_substring_regex(cells, NUMBER)
    odd = pc.and_(pc.invert(pc.fill_null(numeric, False)), pc.invert(absent))
    count = pc.sum(odd).as_py() or 0
    if 0 < count <= 0.1 * len(known):
        row = pc.index(odd, pa.scalar(True)).as_py()
        notices.append(
            f"column {name!r} is read as text: {count} of {len(known)} cells are not numbers "
            f"(first: {cells[row].as_py()!r} in row {row + 2})"
        )


def looks_like_vector(cell: str) -> bool:
    """Whether a cell is a written list of numbers.

    Examples
    --------
    >>> looks_like_vector("[0.1, -2, 3e-4]"), looks_like_vector("[see note]")
    (True, False)
    """
    return bool(re.fullmatch(r"\[\s*[-+0-9.eE]+(\s*,\s*[-+0-9.eE]+)*\s*\]", cell.strip()))
