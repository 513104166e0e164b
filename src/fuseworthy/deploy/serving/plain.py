"""The requests that are asked most, rows of ready vectors and nothing else, read in one go.

Anything else, and whatever is wrong, is left to `fuseworthy.deploy.serving.reading`, which goes place by place.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.deploy.serving.served import Served
from fuseworthy.inputs.limits import LARGEST

MOST_ROWS = 256
"""Rows of a request."""


def plain_rows(served: Served, body: Any, colons: int) -> list[dict[str, Any]] | None:
    """The rows of ``{"rows": [{modality: [number, …], …}, …]}``; None where that is not all there is.

    Parameters
    ----------
    body : parsed JSON
    colons : in its text: a key that comes twice leaves its colon behind
    """
    if type(body) is not dict or len(body) != 1 or type(given := body.get("rows")) is not list:
        return None
    if not 1 <= len(given) <= MOST_ROWS:
        return None
    rows = []
    for own in given:
        row = _plain_row(served, own)
        if row is None:
            return None
        colons -= len(row)
        rows.append(row)
    return rows if colons == 1 else None


def may_hold_flags(numbers: NDArray[np.float64]) -> bool:
    """Whether true and false may be among them, which count as 1 and 0."""
    return bool(np.count_nonzero(numbers == numbers.astype(bool)))


def surely_within(numbers: NDArray[Any]) -> bool:
    """Whether all numbers are finite and not too large, as one look tells of most; where it does not they may be still."""
    return bool(np.vdot(numbers, numbers) <= LARGEST**2)


def _plain_row(served: Served, given: Any) -> dict[str, Any] | None:
    """A row of vectors whose numbers are all looked at together."""
    try:
        packed = {m: struct.pack(served.formats[m], *given[m]) for m in given}
    except (KeyError, TypeError, OverflowError, struct.error):
        return None
    numbers = np.frombuffer(b"".join(packed.values()))
    if not numbers.size or may_hold_flags(numbers) or not surely_within(numbers):
        return None
    return {m: np.frombuffer(own) for m, own in packed.items()}
