"""Whether a column holds files, and of what kind: by endings of paths that exist, or by the first bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from fuseworthy.inputs.media.assets import Refused, Unreadable, open_cell
from fuseworthy.inputs.media.formats import ENDINGS, HEAD, kind_of

FILE_KINDS = tuple(ENDINGS)
LOOKED_AT, OPENED = 500, 20
"""Cells whose ending is looked at, and files of which one must be there."""


@dataclass(frozen=True)
class FileColumn:
    """The kind that a column's files are, or "" if they cannot be found, and why."""

    kind: str
    reason: str


def read_files(known: Any, root: Path | None) -> FileColumn | None:
    """What the files of a column's known cells are; None if it holds none.

    Parameters
    ----------
    known : Arrow array without missing cells
    root : the folder that paths are relative to, or None
    """
    kind = known.type
    held = {kind.field(i).name for i in range(kind.num_fields)} if pa.types.is_struct(kind) else set()
    if held and held <= {"bytes", "path"}:
        cells = [cell.get("bytes") or cell.get("path") for cell in known.slice(0, LOOKED_AT).to_pylist()]
        if binary := [cell for cell in cells if isinstance(cell, bytes)]:
            return _of_bytes(binary)
        return _of_paths([cell for cell in cells if cell], root)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return _of_bytes(known.slice(0, OPENED).to_pylist())
    return _of_paths(known.slice(0, LOOKED_AT).to_pylist(), root) if pa.types.is_string(kind) else None


def _of_bytes(cells: list[bytes]) -> FileColumn | None:
    kinds = [kind_of(cell[:HEAD]) for cell in cells if cell]
    found = next((kind for kind in FILE_KINDS if kinds and 2 * kinds.count(kind) > len(kinds)), "")
    reason = f"bytes that begin as those of {found} files do ({kinds.count(found)} of {len(kinds)} looked at)"
    return FileColumn(found, reason) if found else None


def _of_paths(cells: list[str], root: Path | None) -> FileColumn | None:
    endings = [PurePosixPath(cell.strip()).suffix.lower() for cell in cells if cell.strip()]
    found = next((kind for kind in FILE_KINDS if endings and set(endings) <= set(ENDINGS[kind])), "")
    if not found:
        return None
    shown = ", ".join(sorted(set(endings)))
    if root is None:
        return FileColumn("", f"paths of {found} files ({shown}), but no folder to look in: pass root= (--root)")
    tried = cells[:: max(1, len(cells) // OPENED)][:OPENED]
    there = sum(_is_there(cell, root) for cell in tried)
    if not there:
        why = f"paths of {found} files ({shown}), but none of {len(tried)} looked for is there: pass root= (--root)"
        return FileColumn("", why)
    return FileColumn(found, f"paths of {found} files ({shown}); {there} of {len(tried)} looked for are there")


def _is_there(cell: str, root: Path) -> bool:
    try:
        open_cell(cell, root).close()
    except (Refused, Unreadable, OSError):
        return False
    return True
