"""A shared store of encoded blocks, keyed by content and encoder. Safe for several processes: whole folders are renamed
into place, damaged entries are set aside and made again."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from fuseworthy.durable import content_digest
from fuseworthy.inputs.blocks import Block, load_block, save_block


def table_digest(table: pa.Table) -> str:
    """sha256 of names, types and cells, in order."""
    sink = hashlib.sha256()

    class Sink:
        closed = False

        def write(self, data: object) -> int:
            view = memoryview(data)  # type: ignore[arg-type]
            sink.update(view)
            return view.nbytes

        def flush(self) -> None: ...

        def close(self) -> None: ...

        def writable(self) -> bool:
            return True

        def readable(self) -> bool:
            return False

        def seekable(self) -> bool:
            return False

    plain = table.replace_schema_metadata(None)
    with pa.ipc.new_stream(pa.PythonFile(Sink(), mode="w"), plain.schema) as writer:
        writer.write_table(plain, max_chunksize=1 << 16)
    return sink.hexdigest()


def is_cached(key: Mapping[str, Any], root: Path) -> bool:
    """Whether the store has a block for this key, whole or damaged."""
    return _folder(key, root).exists()


def cached_block(
    key: Mapping[str, Any],
    modality: str,
    make: Callable[[], Block],
    root: Path,
    say: Callable[[str], None] | None = None,
) -> tuple[Block, Path]:
    """The block for this key, from the store or made now, and the folder it lies in.

    Parameters
    ----------
    say : callable (notice), optional
        Told of a damaged entry, which is set aside and made again.

    Raises
    ------
    OSError
        The store cannot be written.
    """
    folder = _folder(key, root)
    if folder.exists():
        try:
            return load_block(folder, modality, folder.name), folder
        except (ValueError, OSError):
            spot = _set_aside(folder)
            if say is not None:
                say(
                    f"modality {modality!r}: its cached block was damaged; it is made again, and the old one kept in {spot}"
                )
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".making-"))
    try:
        save_block(make(), temporary, folder.name)
        try:
            temporary.rename(folder)
        except OSError:
            if not folder.exists():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return load_block(folder, modality, folder.name), folder


def _folder(key: Mapping[str, Any], root: Path) -> Path:
    return root / "blocks" / content_digest(key)


def _set_aside(folder: Path) -> Path:
    spot = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".damaged-"))
    folder.rename(spot / folder.name)
    return spot
