"""Boosted trees and forests, split by split in double precision."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.deploy.export.calibrating import both
from fuseworthy.deploy.export.graph import ML, Graph, Value
from fuseworthy.errors import InputError

MOST_LEAVES = 1 << 23
"""Numbers of leaves stay exact in any precision, and the file within what a protocol buffer holds."""


@dataclass
class Trees:
    """Splits and leaves of many trees, as the operation TreeEnsemble lists them."""

    feature: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    low: list[int] = field(default_factory=list)
    low_leaf: list[int] = field(default_factory=list)
    high: list[int] = field(default_factory=list)
    high_leaf: list[int] = field(default_factory=list)
    roots: list[int] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def leaf(self, target: int, weight: float) -> int:
        self.targets.append(target)
        self.weights.append(weight)
        return len(self.weights) - 1

    def split(
        self, feature: int, threshold: float, missing_low: bool, low: tuple[int, bool], high: tuple[int, bool]
    ) -> None:
        """A split whose ways lead to a split or a leaf (number, whether it is a leaf)."""
        self.feature.append(feature)
        self.threshold.append(threshold)
        self.missing.append(int(missing_low))
        for (number, leaf), numbers, leaves in ((low, self.low, self.low_leaf), (high, self.high, self.high_leaf)):
            numbers.append(number)
            leaves.append(int(leaf))

    def summed(self, graph: Graph, x: Value, targets: int) -> Value:
        """Each tree's leaf, added up by target, (n, targets)."""
        if len(self.weights) > MOST_LEAVES:
            raise InputError(
                f"trees to be exported must have at most {MOST_LEAVES:,} leaves, but have {len(self.weights):,}. "
                "Deploy boosting, or a forest with larger leaves."
            )
        array = graph.onnx.numpy_helper.from_array
        return graph.op(
            "TreeEnsemble",
            x,
            domain=ML,
            nodes_featureids=self.feature,
            nodes_splits=array(np.array(self.threshold)),
            nodes_modes=array(np.zeros(len(self.feature), dtype=np.uint8)),
            nodes_missing_value_tracks_true=self.missing,
            nodes_truenodeids=self.low,
            nodes_trueleafs=self.low_leaf,
            nodes_falsenodeids=self.high,
            nodes_falseleafs=self.high_leaf,
            leaf_targetids=self.targets,
            leaf_weights=array(np.array(self.weights)),
            tree_roots=self.roots,
            n_targets=targets,
            aggregate_function=1,
            post_transform=0,
        )


def boosted(graph: Graph, model: Any, x: Value) -> Value:
    """Histogram gradient boosting: (n, classes the model knows) or (n, 1)."""
    columns = _Columns.of(graph, model, x)
    trees = Trees()
    for stage in model._predictors:
        for target, tree in enumerate(stage):
            _add_boosted(trees, tree, target, columns)
    width = int(model.n_trees_per_iteration_)
    raw = trees.summed(graph, columns.whole(), width)
    raw = graph.op("Add", raw, np.asarray(model._baseline_prediction, dtype=np.float64).reshape(1, -1))
    if not hasattr(model, "classes_"):
        return raw
    return both(graph, graph.op("Sigmoid", raw)) if width == 1 else graph.op("Softmax", raw, axis=1)


def forest(graph: Graph, model: Any, x: Value) -> Value:
    """A random forest: every tree gives the number of its leaf, a table what is in it, (n, classes) or (n, 1)."""
    trees, before = Trees(), 0
    held: list[NDArray[Any]] = []
    for number, own in enumerate(model.estimators_):
        _add_tree(trees, own.tree_, number, before)
        held.append(own.tree_.value[:, 0, :])
        before += own.tree_.node_count
    where = trees.summed(graph, graph.cast(graph.cast(x, np.float32), np.float64), len(model.estimators_))
    values = np.concatenate(held).astype(np.float64)
    if hasattr(model, "classes_"):
        values = values / values.sum(axis=1, keepdims=True)
    each = graph.picked(values, graph.cast(graph.op("Round", where), np.int64))
    return graph.op("ReduceMean", each, np.array([1]), keepdims=0)


def _add_tree(trees: Trees, tree: Any, target: int, before: int) -> None:
    """A tree whose leaves hold their own numbers, counted on from ``before``."""
    inner = np.flatnonzero(tree.children_left != -1)
    place = {int(node): len(trees.feature) + i for i, node in enumerate(inner)}

    def way(node: int) -> tuple[int, bool]:
        return (place[node], False) if node in place else (trees.leaf(target, float(before + node)), True)

    if not len(inner):
        _add_stump(trees, way(0))
        return
    trees.roots.append(place[0])
    missing = getattr(tree, "missing_go_to_left", None)
    for node in inner.tolist():
        low, high = way(int(tree.children_left[node])), way(int(tree.children_right[node]))
        to_left = missing is not None and bool(missing[node])
        trees.split(int(tree.feature[node]), float(tree.threshold[node]), to_left, low, high)


def _add_boosted(trees: Trees, tree: Any, target: int, columns: _Columns) -> None:
    nodes = tree.nodes
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    place = {int(node): len(trees.feature) + i for i, node in enumerate(inner)}

    def way(node: int) -> tuple[int, bool]:
        return (place[node], False) if node in place else (trees.leaf(target, float(nodes["value"][node])), True)

    if not len(inner):
        _add_stump(trees, way(0))
        return
    trees.roots.append(place[0])
    for node in inner.tolist():
        own = nodes[node]
        low, high = way(int(own["left"])), way(int(own["right"]))
        column, threshold = int(own["feature_idx"]), float(own["num_threshold"])
        if own["is_categorical"]:  # a column that says 0 for the categories that go left
            column, threshold = columns.told(column, tree.raw_left_cat_bitsets[own["bitset_idx"]]), 0.5
        trees.split(column, threshold, bool(own["missing_go_to_left"]), low, high)


def _add_stump(trees: Trees, leaf: tuple[int, bool]) -> None:
    trees.roots.append(len(trees.feature))
    trees.split(0, 0.0, False, leaf, leaf)


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
        # numbered by column first, so that a column's sets can be looked up together
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


def code_of(graph: Graph, column: Value, size: int) -> Value:
    """Codes (n, 1) as whole numbers (n,) below ``size``; that itself for NaN and what is no code."""
    flat = graph.op("Squeeze", column, np.array([1]))
    inside = graph.op("And", graph.op("GreaterOrEqual", flat, 0.0), graph.op("Less", flat, float(size)))
    return graph.cast(graph.op("Where", inside, flat, float(size)), np.int64)
