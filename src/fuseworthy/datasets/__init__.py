"""Real data sets that ordinary packages carry (`load`), and tasks with a known optimum (`datasets.synthetic`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import InputError, nearest
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
]


@dataclass(frozen=True)
class KnownSet:
    """What one real data set is, and the function that loads it.

    Parameters
    ----------
    loader : callable
        Gives the table; fetches the package at the first call.
    description, licence : str
        A line each.
    targets : tuple of str
        Columns to predict, the usual one first.
    rows : int
        Rows of the loaded table.
    """

    loader: Callable[[], pa.Table]
    description: str
    licence: str
    targets: tuple[str, ...]
    rows: int


def _recipes() -> pa.Table:
    from .recipes import load_recipes

    return load_recipes()


def _reviews() -> pa.Table:
    from .reviews import load_reviews

    return load_reviews()


def _digits() -> pa.Table:
    from .digits import load_digits

    return load_digits()


SETS: dict[str, KnownSet] = {
    "recipes": KnownSet(
        loader=_recipes,
        description="dish names, cooking steps, ingredients and nutrition (English)",
        licence="MIT",
        targets=("meal", "calories"),
        rows=4407,
    ),
    "reviews": KnownSet(
        loader=_reviews,
        description="women's clothing reviews: title, text, customer and item",
        licence="package Apache-2.0 and MIT; the data is said to be CC0",
        targets=("recommended", "department", "rating"),
        rows=22642,
    ),
    "digits": KnownSet(
        loader=_digits,
        description="handwritten numerals through six sets of features (UCI multiple features)",
        licence="data CC BY 4.0; package MIT",
        targets=("digit",),
        rows=2000,
    ),
}


def load(name: str) -> pa.Table:
    """Load a real data set, the same table every time; the first call downloads it.

    Parameters
    ----------
    name : str
        A key of `SETS`.

    Returns
    -------
    pyarrow.Table
        With a unique ``id`` column, sorted by it.

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
    if name not in SETS:
        raise InputError(f"name must be a known data set, but {name!r} came: {nearest(name, SETS)}.")
    try:
        return SETS[name].loader()
    except PackageGoneError as error:
        others = " or ".join(repr(other) for other in SETS if other != name)
        raise PackageGoneError(f"{error} Here that is {others}.") from error
