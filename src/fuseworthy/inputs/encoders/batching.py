"""Sequences of different lengths in batches of like length, so that little of a batch is padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

MOST_ROWS = 64
MOST_TOKENS = 4096
"""Rows, and tokens with padding, of a batch."""


def by_length(
    lengths: Sequence[int], *, most_rows: int = MOST_ROWS, most_tokens: int = MOST_TOKENS
) -> Iterator[NDArray[np.int64]]:
    """Places of sequences in batches, the shortest first.

    Examples
    --------
    >>> [batch.tolist() for batch in by_length([5, 1, 1, 4], most_tokens=8)]
    [[1, 2], [3], [0]]
    """
    order = np.argsort(lengths, kind="stable").astype(np.int64)
    start = 0
    while start < len(order):
        stop = min(start + most_rows, len(order))
        while stop > start + 1 and (stop - start) * lengths[int(order[stop - 1])] > most_tokens:
            stop -= 1
        yield order[start:stop]
        start = stop


def padded(rows: Sequence[Sequence[int]], fill: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of numbers side by side, (n, longest), and 1 where they are real.

    Examples
    --------
    >>> padded([[7, 8], [9]], 0)[0].tolist()
    [[7, 8], [9, 0]]
    """
    counts = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    mask = np.arange(counts.max(initial=1)) < counts[:, None]
    values = np.full(mask.shape, fill, dtype=np.int64)
    values[mask] = np.fromiter((token for row in rows for token in row), dtype=np.int64, count=int(counts.sum()))
    return values, mask.astype(np.int64)
