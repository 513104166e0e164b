"""Files of measurements to (samples, channels)."""

from __future__ import annotations

import io
import math
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fuseworthy.inputs.media.assets import Unreadable, size_of
from fuseworthy.inputs.media.formats import HEAD, looks_like, sniff
from fuseworthy.inputs.media.images import reason_of

MOST_BYTES = 256 << 20
MOST_NUMBERS = 20_000_000
MOST_CHANNELS = 64
LARGEST = 1e15
"""Of a sample; the squares of larger ones, summed, leave the range of the statistics."""

Signal = NDArray[np.float64]


def read_signal(opened: BinaryIO) -> Signal:
    """Measurements of a CSV (a column a channel, names in row 1 or none), Parquet, NPY or WAV file, (n, channels).

    Raises
    ------
    Unreadable
        Another format, no samples, too many, cells that are no numbers, or NaN and infinite ones.
    """
    if (size := size_of(opened)) > MOST_BYTES:
        raise Unreadable(f"it has {size / 2**20:,.0f} MiB, more than {MOST_BYTES >> 20}")
    head = opened.read(HEAD)
    opened.seek(0)
    name = sniff(head) or "csv"
    try:
        if name == "npy":
            found = _read_npy(opened, size)
        elif name == "parquet":
            found = _read_parquet(opened)
        elif name == "wav":
            from fuseworthy.inputs.media.sounds import read_wave

            found = np.asarray(read_wave(opened, MOST_NUMBERS), dtype=np.float64)
        elif looks_like(head) == "text":
            found = _read_csv(opened)
        else:
            raise Unreadable(f"it is no series but looks like {looks_like(head)}")
    except Unreadable:
        raise
    except Exception as error:  # a damaged header of NPY is read as Python, and may fail in every way that can
        raise Unreadable(f"it is a damaged {name.upper()}: {reason_of(error)}") from None
    return checked(found)


def checked(signal: Signal) -> Signal:
    """The signal, (n, channels), if there is one and all of it is finite.

    Raises
    ------
    Unreadable
        No samples, too many channels, or a NaN, infinite or enormous sample, named by its place.
    """
    if signal.ndim != 2 or 0 in signal.shape:
        raise Unreadable("it has no samples")
    if signal.shape[1] > MOST_CHANNELS:
        raise Unreadable(f"it has {signal.shape[1]:,} channels, more than {MOST_CHANNELS}; are they its samples?")
    wrong = ~(np.abs(signal) <= LARGEST)
    if wrong.any():
        sample, channel = (int(i) for i in np.argwhere(wrong)[0])
        value = "missing or NaN" if np.isnan(signal[sample, channel]) else f"{signal[sample, channel]:g}"
        raise Unreadable(f"sample {sample + 1:,} of channel {channel + 1} is {value} (of {int(wrong.sum()):,} such)")
    return signal


def _read_npy(opened: BinaryIO, size: int) -> Signal:
    version = np.lib.format.read_magic(opened)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, kind = read(opened)
    if kind.hasobject or kind.kind not in "fiub":
        raise Unreadable(f"it is an array of {kind}, not of numbers")
    held = (size - opened.tell()) // max(kind.itemsize, 1)
    if math.prod(shape) != held:
        raise Unreadable(f"its header says {math.prod(shape):,} numbers, but {held:,} came")
    if len(shape) not in (1, 2):
        raise Unreadable(f"it is an array of {len(shape)} dimensions, not (samples, channels)")
    opened.seek(0)
    array = np.load(opened, allow_pickle=False).astype(np.float64)
    return np.asarray(array[:, None] if array.ndim == 1 else array)


def _read_parquet(opened: BinaryIO) -> Signal:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(opened)
    if (numbers := file.metadata.num_rows * file.metadata.num_columns) > MOST_NUMBERS:
        raise Unreadable(f"its header says {numbers:,} numbers, more than {MOST_NUMBERS:,}")
    return _channels(file.read())


def _read_csv(opened: BinaryIO) -> Signal:
    from pyarrow import csv

    content = opened.read().removeprefix(b"\xef\xbb\xbf")
    first = content.split(b"\n", 1)[0].decode("utf-8").strip()
    sign = max(",;\t", key=first.count)
    named = not all(_is_number(cell) for cell in first.split(sign))
    table = csv.read_csv(
        io.BytesIO(content),
        read_options=csv.ReadOptions(autogenerate_column_names=not named, use_threads=False),
        parse_options=csv.ParseOptions(delimiter=sign),
    )
    return _channels(table)


def _is_number(cell: str) -> bool:
    try:
        float(cell.strip('" '))
    except ValueError:
        return False
    return True


def _channels(table: Any) -> Signal:
    for name, kind in zip(table.column_names, table.schema.types, strict=True):
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind)):
            raise Unreadable(f"its column {name!r} holds {kind}, not numbers")
    columns = [pc.fill_null(table[c].cast(pa.float64()), float("nan")).to_numpy() for c in table.column_names]
    return np.column_stack(columns) if columns else np.zeros((0, 0))
