"""A Block of any view as a few plain numbers a row: enough to compare modalities with, quick for 4 000 rows."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np
from scipy import sparse

from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.task import Floats

DIMENSIONS = 16
ROWS = 4_000
PIECES = 8
MOST_LEVELS = 12


def contiguous_rows(n: int, most: int = ROWS) -> list[Ints]:
    """All rows as one piece; of more than ``most``, eight pieces of neighbouring rows spread over the table.

    Examples
    --------
    >>> [len(piece) for piece in contiguous_rows(30)], len(contiguous_rows(100_000))
    ([30], 8)
    """
    if n <= most:
        return [np.arange(n)]
    size = most // PIECES
    return [np.arange(start, start + size) for start in np.linspace(0, n - size, PIECES).astype(np.int64)]


def reduced(block: Block, rows: Ints, without: Container[str] = ()) -> Floats:
    """Up to 16 principal components of the rows' features, (rows, d); rows that lack the modality are zero.

    Parameters
    ----------
    without : table columns that are left out
    """
    present = np.asarray(block.present[rows])
    out = np.zeros((len(rows), DIMENSIONS))
    if present.sum() < 2:
        return out
    values = block.pooled[rows[present]]
    features = _tokens(values) if sparse.issparse(values) else _numbers(block, values, without)
    out[present, : features.shape[1]] = features
    return out


def row_codes(block: Block, rows: Ints) -> Ints:
    """A number for each row, equal for equal values, (rows,)."""
    values = block.values[rows]
    if sparse.issparse(values):
        values = sparse.csr_array(values)
        parts = zip(values.indptr[:-1], values.indptr[1:], strict=True)
        keys = [values.indices[a:b].tobytes() + values.data[a:b].tobytes() for a, b in parts]
    else:
        keys = [row.tobytes() for row in np.ascontiguousarray(values) + 0.0]
    seen: dict[bytes, int] = {}
    return np.array([seen.setdefault(key, len(seen)) for key in keys], dtype=np.int64)


def _tokens(counts: Any) -> Floats:
    """Truncated SVD of sublinear, inverse-frequency weighted counts of unit length."""
    from sklearn.decomposition import TruncatedSVD

    weights = sparse.csr_array(counts, dtype=np.float64)
    often = np.bincount(weights.indices, minlength=weights.shape[1])
    kept = np.flatnonzero((often >= 2) & (often < weights.shape[0]))
    if len(kept) < 3:
        return np.zeros((weights.shape[0], 1))
    weights = sparse.csr_array(weights[:, kept])
    weights.data = np.log1p(weights.data) * np.log(weights.shape[0] / often[kept])[weights.indices]
    length = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=1)).ravel())
    weights = sparse.csr_array(sparse.diags_array(1 / np.where(length > 0, length, 1.0)) @ weights)
    size = min(DIMENSIONS, len(kept) - 1, weights.shape[0] - 1)
    return np.asarray(TruncatedSVD(size, n_iter=2, random_state=0).fit_transform(weights))


def _numbers(block: Block, values: Any, without: Container[str]) -> Floats:
    """Standardised numbers and common categories, by principal components where there are more than 16."""
    cells = np.asarray(values, dtype=np.float64)
    names, sizes = block.meta.get("features"), block.meta.get("categories", [0] * cells.shape[1])
    columns = []
    for place, size in enumerate(sizes):
        if names is not None and names[place].split(":")[0] in without:
            continue
        column = cells[:, place]
        if size:
            columns += [(column == level).astype(np.float64) for level in range(min(size, MOST_LEVELS))]
        else:
            known = np.isfinite(column)
            columns.append(np.where(known, column, np.median(column[known]) if known.any() else 0.0))
    if not columns:
        return np.zeros((len(cells), 1))
    x = np.column_stack(columns)
    spread = x.std(axis=0)
    x = ((x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0))[:, spread > 0]
    if x.shape[1] <= DIMENSIONS:
        return np.asarray(x)
    values_, directions = np.linalg.eigh(x.T @ x)
    return np.asarray(x @ directions[:, np.argsort(-values_)[:DIMENSIONS]])
