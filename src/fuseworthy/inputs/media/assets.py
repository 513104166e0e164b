"""Cells that name files, or hold them, to open files. Nothing outside the root is opened, and nothing that can block."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from fuseworthy.durable import content_digest

LONGEST_PATH, LONGEST_NAME = 4096, 255
"""Characters of a path, and bytes of one of its names: what file systems allow."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:(//|\\\\)|(?i:file|https?|ftp|data|javascript):")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_VARIABLE = re.compile(r"(^|[/\\])(\$\{?\w|%\w+%)|\$\{|\$\(")
_REASONS = {
    errno.ENOENT: "no such file",
    errno.ENOTDIR: "no such file",
    errno.EACCES: "no permission to read it",
    errno.EPERM: "no permission to read it",
    errno.ELOOP: "its symbolic links go in a circle",
}


class Unreadable(Exception):
    """A file that cannot be used, and why: its row lacks the modality."""


class Refused(Exception):
    """A cell that must not be opened at all, and why: the table is wrong, or hostile."""


def locate(cell: str, root: Path) -> Path:
    """Where a cell's file lies, by the file system's own reading of it, certainly under the root.

    Nothing is expanded (``~``, ``$HOME``) and nothing fetched; a cell that asks for it is refused.

    Raises
    ------
    Refused
        It names an address, a variable, a home folder or a place outside the root, or is no possible path.

    Examples
    --------
    >>> locate("../../etc/passwd", Path("/data"))
    Traceback (most recent call last):
    ...
    fuseworthy.inputs.media.assets.Refused: it leads out of the folder
    """
    if why := _impossible(cell):
        raise Refused(why)
    home = os.path.realpath(root)
    for start in {os.path.abspath(root), home}:  # noqa: PTH100 - `Path.resolve` would follow links
        plain = os.path.normpath(os.path.join(start, cell))  # noqa: PTH118
        if _inside(plain, start) and ".." not in re.split(r"[\\]", cell):
            break
    else:
        raise Refused("it leads out of the folder")
    real = os.path.realpath(os.path.join(home, os.path.relpath(plain, start)))  # noqa: PTH118
    if not _inside(real, home):
        raise Refused("a symbolic link leads it out of the folder")
    return Path(real)


def open_file(path: Path) -> BinaryIO:
    """A regular file, opened to read; never waits for a pipe or a device.

    Raises
    ------
    Unreadable
    """
    try:
        if why := _odd(path.stat().st_mode):
            raise Unreadable(why)
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(path, flags)
    except OSError as error:
        raise Unreadable(_REASONS.get(error.errno or 0, error.strerror or type(error).__name__)) from None
    if why := _odd(os.fstat(handle).st_mode):  # it may have been changed since it was looked at
        os.close(handle)
        raise Unreadable(why)
    return os.fdopen(handle, "rb")


def open_cell(cell: str | bytes, root: Path | None) -> BinaryIO:
    """What a cell names or holds, as an open file.

    Raises
    ------
    Refused
        See `locate`.
    Unreadable
        No such file, no permission, no regular file, no bytes.
    """
    if isinstance(cell, bytes):
        opened: BinaryIO = BytesIO(cell)
    elif root is None:
        raise Refused("there is no folder that it is relative to")
    else:
        opened = open_file(locate(cell, root))
    if size_of(opened) == 0:
        opened.close()
        raise Unreadable("it has 0 bytes")
    return opened


def size_of(opened: BinaryIO) -> int:
    """Bytes of an open file; it is read from the beginning afterwards."""
    size = opened.seek(0, os.SEEK_END)
    opened.seek(0)
    return size


def digest_of(opened: BinaryIO) -> str:
    """sha256 of an open file; it is read from the beginning afterwards."""
    digest = hashlib.file_digest(opened, "sha256").hexdigest()  # type: ignore[arg-type]
    opened.seek(0)
    return digest


def digest_of_reason(why: str) -> str:
    """What stands for the content of a file that has none that can be read."""
    return content_digest({"unreadable": why})


def _impossible(cell: str) -> str:
    if "\0" in cell:
        return "it holds a NUL"
    if len(cell) > LONGEST_PATH or any(len(name.encode("utf-8", "replace")) > LONGEST_NAME for name in cell.split("/")):
        return "it is longer than a path can be"
    if _ADDRESS.match(cell.strip()):
        return "it is an address, and nothing is fetched"
    if cell.startswith(("\\\\", "//")) or _DRIVE.match(cell):
        return "it is a place on another machine or drive"
    if cell.startswith("~"):
        return "it asks for a home folder, and nothing is expanded"
    return "it asks for a variable, and nothing is expanded" if _VARIABLE.search(cell) else ""


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _odd(mode: int) -> str:
    if stat.S_ISREG(mode):
        return ""
    return "it is a folder" if stat.S_ISDIR(mode) else "it is no regular file"
