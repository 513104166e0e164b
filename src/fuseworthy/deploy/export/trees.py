"""Trees split by split in double precision, and forests of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from fuseworthy.deploy.export.graph import ML, Graph, Value
from fuseworthy.errors import InputError

MOST_LEAVES = 1 << 23
"""Their numbers stay exact in 32 bits, and the file within what a protocol buffer holds."""


@dataclass
class Trees:
    """Splits of many trees, and leaves that are numbered over all of them."""

    feature: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    low: list[tuple[int, bool]] = field(default_factory=list)
    high: list[tuple[int, bool]] = field(default_factory=list)
    roots: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def leaf(self, value: Any) -> tuple[int, bool]:
        """A leaf that holds this; where a split leads that ends there."""
        self.values.append(value)
        return len(self.values) - 1, True

    def split(
        self, feature: int, threshold: float, missing_low: bool, low: tuple[int, bool], high: tuple[int, bool]
    ) -> None:
        """A split, whose ways lead to a split or a leaf: its number, and whether it is a leaf."""
        self.feature.append(feature)
        self.threshold.append(threshold)
        self.missing.append(int(missing_low))
        self.low.append(low)
        self.high.append(high)

    def held(self, graph: Graph, x: Value) -> Value:
        """What each tree's leaf holds, (n, trees) or (n, trees, width).

        The operation adds up in 32 bits, so every tree is a sum of its own, of nothing but its leaf's number; a table
        holds the values in 64 bits. (Its successor, TreeEnsemble, answers wrong in onnxruntime before 1.24.)
        """
        if len(self.values) > MOST_LEAVES:
            raise InputError(
                f"trees to be exported must have at most {MOST_LEAVES:,} leaves, but have {len(self.values):,}. "
                "Deploy boosting, or a forest with larger leaves."
            )
        leaf = graph.op("TreeEnsembleRegressor", x, domain=ML, **self._listed(graph))
        return graph.picked(np.array(self.values, dtype=np.float64), graph.cast(leaf, np.int64))

    def _listed(self, graph: Graph) -> dict[str, Any]:
        """The attributes of TreeEnsembleRegressor: node by node, each tree's splits before its leaves."""
        nodes: dict[str, list[Any]] = {
            name: [] for name in ("tree", "node", "feature", "value", "mode", "low", "high", "missing")
        }
        leaves: dict[str, list[Any]] = {name: [] for name in ("tree", "node", "value")}
        for tree, (start, stop) in enumerate(pairwise([*self.roots, len(self.feature)])):
            ends: dict[int, int] = {}
            for i in range(start, stop):
                ways = [
                    ends.setdefault(number, stop - start + len(ends)) if leaf else number - start
                    for number, leaf in (self.low[i], self.high[i])
                ]
                own = (tree, i - start, self.feature[i], self.threshold[i], "BRANCH_LEQ", *ways, self.missing[i])
                for name, value in zip(nodes, own, strict=True):
                    nodes[name].append(value)
            for number, place in ends.items():
                for name, value in zip(nodes, (tree, place, 0, 0.0, "LEAF", 0, 0, 0), strict=True):
                    nodes[name].append(value)
                for name, value in zip(leaves, (tree, place, float(number)), strict=True):
                    leaves[name].append(value)
        array = graph.onnx.numpy_helper.from_array
        return {
            "nodes_treeids": nodes["tree"],
            "nodes_nodeids": nodes["node"],
            "nodes_featureids": nodes["feature"],
            "nodes_values_as_tensor": array(np.array(nodes["value"]), "splits"),
            "nodes_modes": nodes["mode"],
            "nodes_truenodeids": nodes["low"],
            "nodes_falsenodeids": nodes["high"],
            "nodes_missing_value_tracks_true": nodes["missing"],
            "target_treeids": leaves["tree"],
            "target_nodeids": leaves["node"],
            "target_ids": leaves["tree"],
            "target_weights_as_tensor": array(np.array(leaves["value"]), "leaves"),
            "n_targets": len(self.roots),
            "aggregate_function": "SUM",
            "post_transform": "NONE",
        }


def forest(graph: Graph, model: Any, x: Value) -> Value:
    """A random forest, (n, classes the model knows) or (n, 1); it reads its columns in 32 bits."""
    trees = Trees()
    for own in model.estimators_:
        _add_tree(trees, own.tree_, shares=hasattr(model, "classes_"))
    each = trees.held(graph, graph.cast(graph.cast(x, np.float32), np.float64))
    return graph.op("ReduceMean", each, np.array([1]), keepdims=0)


def _add_tree(trees: Trees, tree: Any, *, shares: bool) -> None:
    inner = np.flatnonzero(tree.children_left != -1)
    place = {int(node): len(trees.feature) + i for i, node in enumerate(inner)}

    def way(node: int) -> tuple[int, bool]:
        if node in place:
            return place[node], False
        value = tree.value[node, 0]
        return trees.leaf(value / value.sum() if shares else value)

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
