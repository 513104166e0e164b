"""What a learner sees of a view, by what `fuseworthy.strategies.features` learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fuseworthy.deploy.export.graph import Graph, Value
from fuseworthy.deploy.export.rows import Entry, code_of
from fuseworthy.errors import InputError


def seen(graph: Graph, features: Any, entry: Entry) -> Value:
    """Features of every row, (n, columns), or (n, t, columns) of a sequence; float64 but for networks.

    Raises
    ------
    InputError
        Features of a kind that has no form in ONNX.
    """
    kind = type(features).__name__
    if kind not in FEATURES:
        raise InputError(
            f"features to be exported must be among {', '.join(sorted(FEATURES))}, but {kind} came. Deploy another strategy."
        )
    return FEATURES[kind](graph, features, entry)


def pooled(graph: Graph, entry: Entry) -> Value:
    """One list of numbers a row: the values, or mean and maximum of each dimension of a sequence, float64."""
    values = graph.cast(entry.values, np.float64)
    if entry.mask is None:
        return values
    real = graph.op("Unsqueeze", entry.mask, np.array([2]))
    count = graph.sum(graph.cast(real, np.float64), 1)
    mean = graph.op("Div", graph.sum(values, 1), graph.op("Max", count, 1.0))
    highest = graph.op("ReduceMax", graph.op("Where", real, values, -np.inf), np.array([1]), keepdims=0)
    return graph.beside([mean, graph.op("Where", graph.op("Greater", count, 0.0), highest, 0.0)])


def _scaled(graph: Graph, own: Any, values: Value) -> Value:
    """Centred in the precision that it was learned in, as rounding would move a row across a split."""
    if np.asarray(own.mean_).dtype == np.float32:
        values = graph.cast(values, np.float32)
    middle = graph.cast(graph.op("Sub", values, own.mean_), np.float64)
    return graph.op("Div", middle, np.asarray(own.scale_, dtype=np.float64))


def _components(graph: Graph, pca: Any, x: Value) -> Value:
    if pca is None:
        return x
    axes = np.asarray(pca.components_, dtype=np.float64)
    return graph.op("Sub", graph.op("MatMul", x, axes.T), np.asarray(pca.mean_, dtype=np.float64)[None] @ axes.T)


def _scaled_vectors(graph: Graph, own: Any, entry: Entry) -> Value:
    return _scaled(graph, own, pooled(graph, entry))


def _reduced_vectors(graph: Graph, own: Any, entry: Entry) -> Value:
    return _components(graph, own.pca_, _scaled(graph, own.scaling_, pooled(graph, entry)))


def _wide_vectors(graph: Graph, own: Any, entry: Entry) -> Value:
    return _components(graph, own.pca_, _scaled(graph, own, pooled(graph, entry)))


def _token_vectors(graph: Graph, own: Any, entry: Entry) -> Value:
    """Every vector by itself, in 32 bits; zero in padding."""
    values = _scaled(graph, own.vectors_, graph.cast(entry.values, np.float64))
    found = graph.cast(_components(graph, own.vectors_.pca_, values), np.float32)
    return graph.op("Where", graph.op("Unsqueeze", entry.mask, np.array([2])), found, np.float32(0))


def _token_weights(graph: Graph, own: Any, entry: Entry) -> Value:
    """TF-IDF by segment, dense."""
    counts = graph.cast(entry.values, np.float64)
    if not own.segments_:
        return graph.op("Mul", graph.op("Gather", counts, np.array([0]), axis=1), 0.0)
    parts = []
    for kept, idf, weight in own.segments_:
        found = graph.op("Gather", counts, np.asarray(kept, dtype=np.int64), axis=1)
        damped = graph.op("Add", graph.op("Log", graph.op("Max", found, 1.0)), 1.0)
        weighed = graph.op("Mul", graph.op("Where", graph.op("Greater", found, 0.0), damped, 0.0), _float64(idf.idf_))
        length = graph.op("Sqrt", graph.sum(graph.op("Mul", weighed, weighed), 1, keep=True))
        length = graph.op("Where", graph.op("Greater", length, 0.0), length, 1.0)
        parts.append(graph.op("Mul", graph.op("Div", weighed, length), float(weight)))
    return graph.beside(parts)


def _token_topics(graph: Graph, own: Any, entry: Entry) -> Value:
    weights = _token_weights(graph, own.tokens_, entry)
    return weights if own.svd_ is None else graph.op("MatMul", weights, _float64(own.svd_.components_).T)


def _table_design(graph: Graph, own: Any, entry: Entry) -> Value:
    """Scaled numbers, flags of missing ones, one column a category."""
    cells, parts = graph.cast(entry.values, np.float64), []
    if len(own.numbers_):
        numbers = graph.op("Gather", cells, np.asarray(own.numbers_, dtype=np.int64), axis=1)
        known = graph.op("Not", graph.op("IsNaN", numbers))
        filled = graph.op("Where", known, numbers, _float64(own.middle_))
        scaled = graph.op("Div", graph.op("Sub", filled, _float64(own.mean_)), _float64(own.scale_))
        parts.append(graph.op("Clip", scaled, -10.0, 10.0))
        if len(own.flagged_):
            flags = graph.op("Gather", known, np.asarray(own.flagged_, dtype=np.int64), axis=1)
            parts.append(graph.cast(graph.op("Not", flags), np.float64))
    for column, levels in own.levels_:
        if len(levels):
            codes = graph.op("Gather", cells, np.array([column]), axis=1)
            parts.append(graph.cast(graph.op("Equal", codes, _float64(levels)[None]), np.float64))
    nothing = graph.op(
        "Mul", graph.cast(graph.op("IsNaN", graph.op("Gather", cells, np.array([0]), axis=1)), np.float64), 0.0
    )
    return graph.beside(parts) if parts else nothing


def _table_cells(graph: Graph, own: Any, entry: Entry) -> Value:
    """Numbers as they are, categories by frequency; a code that is none is missing."""
    cells = graph.cast(entry.values, np.float64)
    if not own.codes_:
        return cells
    wide = int(entry.shape.values.shape[-1])
    columns = [graph.op("Gather", cells, np.array([c]), axis=1) for c in range(wide)]
    for column, ranks in own.codes_.items():
        table = np.append(_float64(ranks), np.nan)
        columns[column] = graph.column(graph.picked(table, code_of(graph, columns[column], len(ranks))))
    return graph.beside(columns)


def _leveled(graph: Graph, own: Any, entry: Entry) -> Value:
    found, middle = seen(graph, own.features, entry), np.asarray(own.middle_)
    found = graph.cast(found, middle.dtype)
    return graph.op("Div", graph.op("Sub", found, middle), middle.dtype.type(own.level_))


def _float64(numbers: Any) -> Any:
    return np.asarray(numbers, dtype=np.float64)


FEATURES: dict[str, Callable[[Graph, Any, Entry], Value]] = {
    "Leveled": _leveled,
    "ReducedVectors": _reduced_vectors,
    "ScaledVectors": _scaled_vectors,
    "TableCells": _table_cells,
    "TableDesign": _table_design,
    "TokenTopics": _token_topics,
    "TokenVectors": _token_vectors,
    "TokenWeights": _token_weights,
    "WideVectors": _wide_vectors,
}
"""Every kind of features that has a form in ONNX, by the name of its class."""
