"""Modalities cut into cells, for the decomposition of information."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.evidence.decomposition import cells_for, decomposition_facts
from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.early import REDUCED
from fuseworthy.strategies.views import dense_view
from fuseworthy.task import Task


def decompose(blocks: Mapping[str, Mapping[str, Block]], y: NDArray[Any], task: Task) -> dict[str, Any]:
    """Redundant, unique and synergistic information of two modalities, or why that cannot be estimated."""
    names = sorted(blocks)

    def cannot(reason: str) -> dict[str, Any]:
        return {"estimable": False, "modalities": names, "parts": [], "sentence": f"Not estimable: {reason}."}

    if len(names) != 2:
        return cannot(f"a decomposition is of two modalities, and there are {len(names)}")
    if not task.is_classification or y.ndim > 1:
        return cannot("it needs one target with classes")
    both = np.flatnonzero(np.all([next(iter(blocks[m].values())).present for m in names], axis=0))
    count = cells_for(len(both), task.width)
    if count is None:
        return cannot(f"{len(both):,} rows are too few")
    x1, x2 = (_cells(blocks[m], both, count) for m in names)
    return decomposition_facts(x1, x2, y[both].astype(np.int64), (names[0], names[1]))


def _cells(views: Mapping[str, Block], rows: Ints, count: int) -> Ints:
    """k-means cells of the reduced features; missing cells of a table count as their column's mean."""
    from sklearn.cluster import KMeans

    block = views[dense_view(views)]
    x = np.asarray(REDUCED[block.form]().fit(block, rows, 0).transform(block, rows), dtype=np.float64)
    middle = np.nan_to_num(np.nanmean(x, axis=0)) if np.isfinite(x).any() else np.zeros(x.shape[1])
    x = np.where(np.isfinite(x), x, middle)
    spread = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    if block.form in ("vectors", "tokens", "counts"):  # components keep their weight
        x = x * spread
    distinct = len(np.unique(x, axis=0))
    labels = KMeans(min(count, distinct), n_init=3, random_state=0).fit_predict(x)
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)
