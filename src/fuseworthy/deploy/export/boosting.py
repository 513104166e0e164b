"""Histogram gradient boosting, with missing values and sets of categories.

A split on categories asks whether a row's is in a set, for which ONNX has no sound form. So a table by category says 0 or 1
for each set, NaN for a category that is missing or unknown, and the split asks for that number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.deploy.export.calibrating import both
from fuseworthy.deploy.export.graph import Graph, Value
from fuseworthy.deploy.export.rows import code_of
from fuseworthy.deploy.export.trees import Trees, add_stump


def boosted(graph: Graph, model: Any, x: Value) -> Value:
    """Histogram gradient boosting: (n, classes the model knows) or (n, 1)."""
    columns = _Columns.of(graph, model, x)
    trees = Trees()
    for tree in (tree for stage in model._predictors for tree in stage):
        _add_boosted(trees, tree, columns)
    width = int(model.n_trees_per_iteration_)
    by_class = np.tile(np.eye(width), (len(model._predictors), 1))
    raw = graph.op("MatMul", trees.held(graph, columns.whole()), by_class)
    raw = graph.op("Add", raw, np.asarray(model._baseline_prediction, dtype=np.float64).reshape(1, -1))
    if not hasattr(model, "classes_"):
        return raw
    return both(graph, graph.op("Sigmoid", raw)) if width == 1 else graph.op("Softmax", raw, axis=1)


def _add_boosted(trees: Trees, tree: Any, columns: _Columns) -> None:
    nodes = tree.nodes
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    place = {int(node): len(trees.feature) + i for i, node in enumerate(inner)}

    def way(node: int) -> tuple[int, bool]:
        return (place[node], False) if node in place else trees.leaf(float(nodes["value"][node]))

    if not len(inner):
        add_stump(trees, way(0))
        return
    trees.roots.append(place[0])
    for node in inner.tolist():
        own = nodes[node]
        low, high = way(int(own["left"])), way(int(own["right"]))
        column, threshold = int(own["feature_idx"]), float(own["num_threshold"])
        if own["is_categorical"]:  # a column that says 0 for the categories that go left
            column, threshold = columns.told(column, tree.raw_left_cat_bitsets[own["bitset_idx"]]), 0.5
        trees.split(column, threshold, bool(own["missing_go_to_left"]), low, high)


@dataclass
class _Columns:
    """What boosted trees split on: the columns in the model's order, and 0 or 1 for each set of categories asked for.

    Parameters
    ----------
    codes : column of the trees -> (n,) place among the categories of the model, its number where unknown
    sizes : column of the trees -> categories
    """

    graph: Graph
    x: Value
    width: int
    codes: dict[int, Value]
    sizes: dict[int, int]
    sets: dict[tuple[int, bytes], int] = field(default_factory=dict)
    asked: dict[int, list[NDArray[np.float64]]] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: Graph, model: Any, x: Value) -> _Columns:
        width = int(model.n_features_in_)
        if model._preprocessor is None:
            return cls(graph, x, width, {}, {})
        own = np.flatnonzero(model.is_categorical_)
        order = np.concatenate([own, np.flatnonzero(~np.asarray(model.is_categorical_))])
        known = model._preprocessor.named_transformers_["encoder"].categories_
        codes, sizes = {}, {}
        for place, (column, categories) in enumerate(zip(own, known, strict=True)):
            codes[place], sizes[place] = _places(graph, x, int(column), np.asarray(categories, dtype=np.float64))
        return cls(graph, graph.op("Gather", x, order, axis=1), width, codes, sizes)

    def told(self, column: int, bits: NDArray[Any]) -> int:
        """The column that says whether a category is not in a set; the same for the same set."""
        key = (column, bits.tobytes())
        if key not in self.sets:
            inside = [(int(bits[c // 32]) >> (c % 32)) & 1 for c in range(self.sizes[column])]
            self.sets[key] = len(self.sets)
            self.asked.setdefault(column, []).append(np.array([1.0 - bit for bit in inside] + [np.nan]))
        return self.width + self.sets[key]

    def whole(self) -> Value:
        """All columns that the trees ask for, (n, columns)."""
        if not self.sets:
            return self.x
        by_column = {c: self.graph.picked(np.column_stack(sets), self.codes[c]) for c, sets in self.asked.items()}
        found = self.graph.beside(list(by_column.values()))
        place = [self.width + i for i in np.argsort(self._grouped()).tolist()]
        return self.graph.op(
            "Gather", self.graph.beside([self.x, found]), np.array([*range(self.width), *place]), axis=1
        )

    def _grouped(self) -> list[int]:
        """Numbers of the sets in the order in which the columns' tables stand side by side."""
        return [number for c in self.asked for (column, _), number in self.sets.items() if column == c]


def _places(graph: Graph, x: Value, column: int, categories: NDArray[np.float64]) -> tuple[Value, int]:
    """The place of each row's code among sorted categories, (n,) int64, and how many there are; that for others."""
    known = categories[np.isfinite(categories)]
    own = graph.op("Gather", x, np.array([column]), axis=1)
    size = int(known.max()) + 1 if len(known) else 0
    table = np.full(size + 1, len(known))
    table[known.astype(int)] = np.arange(len(known))
    return graph.picked(table, code_of(graph, own, size)), len(known)
