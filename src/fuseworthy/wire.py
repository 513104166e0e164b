"""Messages between one process and another: JSON, with bytes and arrays anywhere in it, and nothing that is run."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

SIZES = struct.Struct("<QQ")
"""Bytes of the JSON, and of what follows it."""


def packed(message: Any) -> bytes:
    """A message to bytes. Keys are text, and tuples become lists.

    Raises
    ------
    TypeError
        Something in it is neither JSON nor bytes nor an array.

    Examples
    --------
    >>> import io
    >>> read(io.BytesIO(packed({"file": b"...", "row": (1, None)})).read)
    {'file': b'...', 'row': [1, None]}
    """
    blobs: list[bytes] = []

    def put(value: Any) -> Any:
        if isinstance(value, bytes):
            blobs.append(value)
            return {"\0bytes": len(value)}
        if isinstance(value, np.ndarray) and not value.dtype.hasobject:
            blobs.append(value.tobytes())
            return {"\0array": [value.dtype.str, value.shape]}
        raise TypeError(f"a message must hold JSON, bytes and arrays, but {type(value).__name__} came")

    head = json.dumps(message, default=put).encode()
    return b"".join((SIZES.pack(len(head), sum(map(len, blobs))), head, *blobs))


def unpacked(head: bytes, blob: bytes) -> Any:
    """What `packed` was given, from its JSON and what follows it."""
    rest, place = memoryview(blob), 0

    def take(size: int) -> memoryview:
        nonlocal place
        place += size
        return rest[place - size : place]

    def get(found: dict[str, Any]) -> Any:
        if "\0bytes" in found:
            return bytes(take(found["\0bytes"]))
        if "\0array" in found:
            kind, shape = np.dtype(found["\0array"][0]), found["\0array"][1]
            return np.frombuffer(take(kind.itemsize * math.prod(shape)), kind).reshape(shape).copy()
        return found

    return json.loads(head, object_hook=get)


def read(wanted: Callable[[int], bytes]) -> Any | None:
    """The next message of a stream that gives so many bytes; None at its end, or where it breaks off."""
    start = wanted(SIZES.size)
    if len(start) < SIZES.size:
        return None
    head, blob = SIZES.unpack(start)
    found, rest = wanted(head), wanted(blob)
    return unpacked(found, rest) if len(found) == head and len(rest) == blob else None
