"""Nearest neighbours: all stored rows are in the graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from fuseworthy.deploy.export.graph import Graph, Value
from fuseworthy.errors import InputError

MOST_ROWS = 50_000
"""Stored rows; every row that is asked is compared with each."""


def neighbours(graph: Graph, model: Any, x: Value) -> Value:
    """Votes or values of the nearest, weighed by the inverse of their distance; (n, classes the model knows) or (n, 1).

    Raises
    ------
    InputError
        More rows are stored than a graph should hold, or distances are of another kind.
    """
    stored = model._fit_X
    if len_of(stored) > MOST_ROWS:
        raise InputError(
            f"nearest neighbours to be exported must have at most {MOST_ROWS:,} stored rows, but have {len_of(stored):,}, "
            "all of which would be read for every row that is asked. Deploy another strategy."
        )
    if model.weights != "distance" or model.effective_metric_ != "euclidean" or sparse.issparse(stored):
        raise InputError(
            "nearest neighbours to be exported must weigh dense rows by Euclidean distance, but these do by "
            f"{model.weights!r} and {model.effective_metric_!r}. Deploy another strategy."
        )
    rows = np.asarray(stored, dtype=np.float64)
    nearest = _nearest(graph, x, rows, int(model.n_neighbors))
    apart = graph.op("Sub", graph.picked(rows, nearest), graph.op("Unsqueeze", x, np.array([1])))
    distance = graph.op("Sqrt", graph.sum(graph.op("Mul", apart, apart), 2))
    weights = _weights(graph, distance)
    told = _told(model)
    votes = graph.op("MatMul", graph.op("Unsqueeze", weights, np.array([1])), graph.picked(told, nearest))
    total = graph.sum(weights, 1, keep=True)
    return graph.op("Div", graph.op("Squeeze", votes, np.array([1])), total)


def len_of(stored: Any) -> int:
    return int(stored.shape[0])


def _nearest(graph: Graph, x: Value, rows: Any, k: int) -> Value:
    """Numbers of the nearest stored rows, (n, k): by |r|² − 2 r·x, which orders as the distance does."""
    closeness = graph.op("Sub", graph.op("MatMul", x, 2 * rows.T), (rows**2).sum(axis=1)[None])
    return graph.ops("TopK", closeness, np.array([k]), outputs=2, axis=1, largest=1)[1]


def _weights(graph: Graph, distance: Value) -> Value:
    """1 / distance; where some are at no distance, those alone count."""
    zero = graph.op("Equal", distance, 0.0)
    same = graph.cast(zero, np.float64)
    some = graph.op("Greater", graph.sum(same, 1, keep=True), 0.0)
    return graph.op("Where", some, same, graph.op("Div", 1.0, graph.op("Where", zero, 1.0, distance)))


def _told(model: Any) -> Any:
    """What each stored row says, (rows, classes) or (rows, 1)."""
    said = np.asarray(model._y)
    if hasattr(model, "classes_"):
        return np.eye(len(model.classes_))[said.ravel().astype(int)]
    return said.reshape(len(said), -1).astype(np.float64)
