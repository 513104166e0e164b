"""Rows of a table as requests give them, for the page: ``python -m`` of this module writes them as JSON."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from fuseworthy.deploy.serving.served import description_of
from fuseworthy.deploy.serving.wanted import Field, Wanted, wanted_of
from fuseworthy.errors import FuseworthyError, InputError
from fuseworthy.inputs.batches import read_batches
from fuseworthy.inputs.media.assets import open_cell
from fuseworthy.inputs.tables import home_of

MOST = 8
LARGEST_FILE = 1 << 20
"""Bytes of a file that an example brings; larger ones are left out of it."""


def examples(folder: Path, source: Any, root: Path | None = None) -> list[dict[str, Any]]:
    """The first rows of a table: ``row`` as a request gives it, and ``truth`` where the table has the target.

    Raises
    ------
    InputError
        The table cannot be read, or has no column of any modality.
    """
    description = description_of(folder)
    wanted = wanted_of(description)
    fields = [field for own in wanted.values() for field in own.fields]
    words = {f.column for f in fields if f.holds in ("text", "file") or (f.holds == "category" and not f.is_flag)}
    table = next(iter(read_batches(source, as_text=words)[0])).slice(0, MOST)
    if not any(field.column in table.column_names for field in fields):
        raise InputError(f"a table of examples must have columns of the model, but {source} has none.")
    home, target = root or home_of(source), description["target"]
    found = []
    for row in table.to_pylist():
        given = {name: value for name, own in wanted.items() if (value := _value(own, row, home)) is not None}
        if given:
            found.append({"row": given, "truth": _json(row.get(target))})
    return found


def _value(wanted: Wanted, row: Mapping[str, Any], home: Path | None) -> Any:
    """A modality of a row; None where it is missing."""
    cells = {field.column: _cell(field, row.get(field.column), home) for field in wanted.fields}
    if wanted.is_single:
        return cells[wanted.fields[0].column]
    return {column: cell for column, cell in cells.items() if cell is not None} or None


def _cell(field: Field, cell: Any, home: Path | None) -> Any:
    if cell is None or cell == "" or cell == []:
        return None
    if field.holds == "category":
        return ("true" if cell else "false") if isinstance(cell, bool) else str(cell)
    if field.holds not in ("file", "series") or isinstance(cell, list):
        return _json(cell)
    try:
        part: Any = (cell.get("bytes") or cell.get("path")) if isinstance(cell, dict) else cell
        with open_cell(part, home) as opened:
            content = opened.read(LARGEST_FILE + 1)
    except (OSError, FuseworthyError, ValueError):
        return None
    return None if len(content) > LARGEST_FILE else {"base64": base64.b64encode(content).decode()}


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value


if __name__ == "__main__":
    try:
        found = examples(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]) if len(sys.argv) > 3 else None)
        json.dump(found, sys.stdout)
    except (FuseworthyError, pa.ArrowException) as error:
        sys.exit(str(error))
