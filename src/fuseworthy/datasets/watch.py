"""watch: what a watch on the wrist measures; which exercise is done?"""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pyarrow as pa

from .packages import DatasetError, Package, fetch
from .row_ids import opaque_id

RATE = 50
"""Samples a second."""

_SHA256 = "eb122f23cdf06ef6bd6c6c5312958ec5cf9d038e2e6d457b8081662c75a42537"

PACKAGE = Package(
    name="seglearn",
    version="1.2.5",
    sha256="ec6b952c85c9627050102854b372d85951563d3b990df677d7c55547e87413dd",
    members=("seglearn/data/watch_dataset.npy",),
    byte_cap=32 * 2**20,
)


def load_watch(*, seconds: int = 1) -> pa.Table:
    """Load 140 recordings of shoulder exercises by ten people, cut into windows that do not overlap.

    Windows of one second are 4 817, of three 1 560; the rest of a recording that fills no window is left out. Rows of
    one person belong together: pass ``subject`` as group.

    Parameters
    ----------
    seconds : int, default=1
        Length of a window, at 50 samples a second.

    Returns
    -------
    pyarrow.Table
        ``id``, ``subject``, ``accelerometer`` and ``gyroscope`` (lists of 50 x ``seconds`` samples of x, y and z, in
        the units of the file), ``side`` (left or right wrist), ``exercise`` (of seven); sorted by ``id``.

    Raises
    ------
    DatasetError
        The file cannot be had, or is another one.

    References
    ----------
    D. Burns et al., Shoulder physiotherapy exercise recognition: machine learning the inertial signals from a
    smartwatch, Physiological Measurement 39(7), 2018.
    """
    path = fetch(PACKAGE) / "watch_dataset.npy"
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise DatasetError(f"{path} must have sha256 {_SHA256}, but has another, so it was not opened. Remove it.")
    # An array of objects can run code when it is read: this one file may, since its own hash is pinned and was checked.
    data = np.load(io.BytesIO(content), allow_pickle=True).item()
    if data["X_labels"] != ["ax", "ay", "az", "wx", "wy", "wz"]:
        raise DatasetError(f"{path.name} must hold ax … az, wx … wz, but holds {data['X_labels']}.")
    size = RATE * seconds
    found = [
        (opaque_id("watch", str(seconds), str(number), str(start)), number, signal[start : start + size])
        for number, signal in enumerate(data["X"])
        for start in range(0, len(signal) - size + 1, size)
    ]
    found.sort(key=lambda window: window[0])
    numbers = [number for _, number, _ in found]
    signals = np.stack([window for _, _, window in found]).astype(np.float32)
    return pa.table(
        {
            "id": [key for key, _, _ in found],
            "subject": [f"p{int(data['subject'][i]):02d}" for i in numbers],
            "accelerometer": _lists(signals[:, :, :3]),
            "gyroscope": _lists(signals[:, :, 3:]),
            "side": ["right" if data["side"][i] else "left" for i in numbers],
            "exercise": [data["y_labels"][int(data["y"][i])] for i in numbers],
        }
    )


def _lists(signals: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> pa.Array:
    """(rows, samples, axes) as a list of samples in each row."""
    rows, samples, axes = signals.shape
    inner = pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(signals).ravel()), axes)
    return pa.ListArray.from_arrays(pa.array(np.arange(rows + 1, dtype=np.int32) * samples), inner)
