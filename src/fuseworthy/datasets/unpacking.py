"""A data set as a folder of files: the table, what it names, and a manifest by which the folder is known to be whole."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ..durable import file_digest, read_json, write_json
from ..errors import InputError
from .packages import DatasetError

if TYPE_CHECKING:
    from .known import KnownSet

TABLE, MANIFEST = "table.parquet", "dataset.json"


def write_set(name: str, known: KnownSet, folder: Path) -> Path:
    """Write the set into a folder beside, then move it into place; a whole one that is there stays.

    Raises
    ------
    InputError
        The folder holds something else.
    DatasetError
        A file of it has changed, or the set cannot be had.
    """
    if _is_there(name, folder):
        return folder / TABLE
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = folder.parent / f".{folder.name}.{secrets.token_hex(8)}.part"
    work.mkdir()
    try:
        _fill(name, known, work)
        if folder.is_dir():
            folder.rmdir()  # it is empty
        work.rename(folder)
    except OSError as error:
        if not _is_there(name, folder):  # otherwise another process was quicker
            raise DatasetError(f"{name} must be written to {folder}, but {error}. Pass another folder.") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folder / TABLE


def _fill(name: str, known: KnownSet, folder: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(known.loader(), folder / TABLE)
    for path, content in known.files() if known.files else ():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    files = {str(p.relative_to(folder).as_posix()): file_digest(p) for p in sorted(folder.rglob("*")) if p.is_file()}
    said = {"set": name, "description": known.description, "licence": known.licence, "targets": list(known.targets)}
    write_json(folder / MANIFEST, said | {"group": known.group, "modalities": list(known.modalities), "files": files})


def _is_there(name: str, folder: Path) -> bool:
    """Whether the folder holds the whole set; False if there is nothing yet."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"the folder for {name} must be a folder, but {folder} is a file. Pass another name.")
    if not folder.is_dir() or not any(folder.iterdir()):
        return False
    try:
        said = read_json(folder / MANIFEST)
        found, files = said["set"], dict(said["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"the folder for {name} must be new or empty, or hold {name} already, but {folder} holds something else. "
            "Pass another folder."
        ) from error
    if found != name:
        raise InputError(f"the folder for {name} must be its own, but {folder} holds {found}. Pass another folder.")
    if changed := [path for path, digest in files.items() if _digest(folder / path) != digest]:
        raise DatasetError(
            f"{folder} must hold {name} as it was written, but {len(changed)} of its files have changed or are gone "
            f"(first: {changed[0]}). Remove the folder to have it written again, or pass another."
        )
    return True


def _digest(path: Path) -> str | None:
    with contextlib.suppress(OSError):
        return file_digest(path)
    return None
