"""Messages between the server and its encoder process: a JSON head and named arrays and bytes, nothing that is run."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import orjson

SIZES = struct.Struct("<IQ")
"""Bytes of the head, and of what follows it."""


def packed(message: Any, arrays: Mapping[str, np.ndarray[Any, Any]] | None = None) -> bytes:
    """A message to bytes; bytes anywhere in it travel as they are."""
    blobs: list[bytes] = []

    def put(value: Any) -> Any:
        if isinstance(value, bytes):
            blobs.append(value)
            return {"\0bytes": len(value)}
        if isinstance(value, np.ndarray):
            return {"\0array": value.tolist()}
        if isinstance(value, Mapping):
            return {key: put(own) for key, own in value.items()}
        return [put(own) for own in value] if isinstance(value, list | tuple) and _holds_bytes(value) else value

    body = put(message)
    tables = []
    for name, array in (arrays or {}).items():
        array = np.ascontiguousarray(array)
        tables.append([name, array.dtype.str, list(array.shape)])
        blobs.append(array.tobytes())
    head = orjson.dumps({"message": body, "arrays": tables})
    return SIZES.pack(len(head), sum(map(len, blobs))) + head + b"".join(blobs)


def unpacked(head: bytes, blob: bytes) -> tuple[Any, dict[str, np.ndarray[Any, Any]]]:
    """What `packed` was given."""
    found, place = orjson.loads(head), 0

    def take(size: int) -> bytes:
        nonlocal place
        place += size
        return blob[place - size : place]

    def get(value: Any) -> Any:
        if isinstance(value, dict):
            if "\0bytes" in value:
                return take(value["\0bytes"])
            return value["\0array"] if "\0array" in value else {key: get(own) for key, own in value.items()}
        return (
            [get(own) for own in value] if isinstance(value, list) and value and isinstance(value[0], dict) else value
        )

    message = get(found["message"])
    arrays = {}
    for name, dtype, shape in found["arrays"]:
        kind = np.dtype(dtype)
        arrays[name] = np.frombuffer(take(kind.itemsize * int(np.prod(shape))), dtype=kind).reshape(shape)
    return message, arrays


def read(wanted: Callable[[int], bytes]) -> tuple[Any, dict[str, np.ndarray[Any, Any]]] | None:
    """The next message of a stream that gives so many bytes; None at its end."""
    start = wanted(SIZES.size)
    if len(start) < SIZES.size:
        return None
    head, blob = SIZES.unpack(start)
    return unpacked(wanted(head), wanted(blob))


def _holds_bytes(values: list[Any] | tuple[Any, ...]) -> bool:
    return any(isinstance(own, bytes | Mapping | np.ndarray | list) for own in values[:1])
