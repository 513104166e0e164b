"""Fitted trees whose numbers are used as addresses: looked at before they answer anything."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.errors import InputError


def require_sound(predictor: Any, name: str) -> None:
    """Refuse trees that lead out of themselves or back.

    Raises
    ------
    InputError
    """
    for member in getattr(predictor, "members", {}).values():
        require_sound(member, name)
    model: Any = getattr(predictor, "model", None)
    for tree in _boosted(model):
        nodes = tree.nodes
        _require(_descends(nodes["left"], nodes["right"], nodes["is_leaf"].astype(bool)), name)
        splits = nodes[~nodes["is_leaf"].astype(bool) & nodes["is_categorical"].astype(bool)]
        for sets in (tree.raw_left_cat_bitsets, tree.binned_left_cat_bitsets):
            _require(bool((splits["bitset_idx"] < len(sets)).all()), name)
        _require(bool((nodes["feature_idx"] < model.n_features_in_).all()), name)
    for tree in _forest(model):
        _require(tree.max_n_classes >= 1 and len(tree.value) == tree.node_count, name)
        leaves = tree.children_left == -1
        _require(_descends(tree.children_left, tree.children_right, leaves), name)
        _require(bool(((tree.feature >= 0) | leaves).all() and (tree.feature < tree.n_features).all()), name)


def _boosted(model: Any) -> list[Any]:
    return [tree for stage in getattr(model, "_predictors", ()) for tree in stage]


def _forest(model: Any) -> list[Any]:
    return [own.tree_ for own in getattr(model, "estimators_", ()) if hasattr(own, "tree_")]


def _descends(left: NDArray[Any], right: NDArray[Any], leaves: NDArray[np.bool_]) -> bool:
    """Whether every inner node's children come after it, and are there."""
    own = np.arange(len(leaves), dtype=np.int64)[~leaves]
    children = np.stack([left[~leaves], right[~leaves]]).astype(np.int64)
    return bool(len(leaves) > 0 and (children > own).all() and (children < len(leaves)).all())


def _require(holds: bool, name: str) -> None:
    if not holds:
        raise InputError(f"{name} must hold trees whose branches end, but one leads out of itself or back.")
