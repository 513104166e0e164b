"""Trees split by split in double precision, and forests of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        add_stump(trees, way(0))
        return
    trees.roots.append(place[0])
    missing = getattr(tree, "missing_go_to_left", None)
    for node in inner.tolist():
        low, high = way(int(tree.children_left[node])), way(int(tree.children_right[node]))
        to_left = missing is not None and bool(missing[node])
        trees.split(int(tree.feature[node]), float(tree.threshold[node]), to_left, low, high)


def add_stump(trees: Trees, leaf: tuple[int, bool]) -> None:
    """A tree that is one leaf."""
    trees.roots.append(len(trees.feature))
    trees.split(0, 0.0, False, leaf, leaf)
