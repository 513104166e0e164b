"""Files that are either whole or absent: temp, fsync, rename, and a sha256 that is checked on reading; and where those lie
that can be made again."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from fuseworthy.errors import InputError


def cache_root() -> Path:
    """``$FUSEWORTHY_CACHE``, or the user's cache folder."""
    import platformdirs

    return Path(os.environ.get("FUSEWORTHY_CACHE") or platformdirs.user_cache_path("fuseworthy"))


def write_bytes(path: Path, content: bytes) -> str:
    """Write ``content`` to ``path`` atomically and durably; return its sha256."""
    return write_with(path, lambda handle: handle.write(content))


def write_with(path: Path, writer: Callable[[IO[bytes]], object]) -> str:
    """Let ``writer`` fill a temporary file, then move it to ``path``; return the sha256 of what was written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.name}.{secrets.token_hex(8)}.part"
    try:
        with temporary.open("xb") as handle:  # not mkstemp, whose files only their owner may read
            writer(handle)
            handle.flush()
            os.fsync(handle.fileno())
        digest = file_digest(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return digest


def require_new(folder: Path, what: str) -> None:
    """Refuse a folder that holds something.

    Raises
    ------
    InputError
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{what} must be a new or empty folder, but {folder} holds something. Choose another.")


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder beside it to fill, which becomes the folder (new or empty) if nothing fails, and is gone if something does."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        yield made
        made.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        made.replace(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def write_json(path: Path, data: Any) -> None:
    """Write JSON that carries its own sha256, so a torn or flipped file is recognised."""
    write_bytes(path, _body(json.loads(json.dumps(data))))


def read_json(path: Path) -> Any:
    """Read what `write_json` wrote.

    Raises
    ------
    ValueError
        The file is torn, flipped, or not ours.
    """
    body = path.read_bytes()
    try:
        content = json.loads(body)["content"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    if _body(content) != body:
        raise ValueError(f"{path} is damaged: its sha256 does not match its content")
    return content


def content_digest(data: Any) -> str:
    """sha256 of the canonical JSON of ``data``.

    Examples
    --------
    >>> content_digest({"b": 1, "a": 2}) == content_digest({"a": 2, "b": 1})
    True
    """
    return hashlib.sha256(
        json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    ).hexdigest()


def file_digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _body(content: Any) -> bytes:
    """The one way `write_json` writes this content; keys must be text, as JSON gives them back."""
    body = {"content": content, "sha256": content_digest(content)}
    return (json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
