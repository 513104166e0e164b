"""Fitted parts whose numbers are used as addresses or sizes: looked at before they answer anything.

What reads them is compiled, and trusts that they are as fitting left them; a file may say anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.errors import InputError

MOST_WIDTH = 65_536
"""Numbers in a row of features."""
PLAIN = (str, bytes, int, float, bool, type(None), np.generic)


def held_in(root: Any) -> Iterator[Any]:
    """Every object that can be reached from one, each once, itself first; numbers and texts left out."""
    seen: dict[int, Any] = {}
    waiting = [root]
    while waiting:
        own = waiting.pop()
        if isinstance(own, PLAIN) or id(own) in seen:
            continue
        seen[id(own)] = own
        yield own
        waiting += _inside(own)


def require_sound(predictor: Any, name: str) -> None:
    """Refuse what could lead compiled code out of its arrays, keep it for ever, or make it fill the memory.

    Raises
    ------
    InputError
    """
    parts = list(held_in(predictor))
    kinds = {type(own).__name__ for own in parts}
    owned = {id(vars(own).get("tree_")) for own in parts if _is_tree_estimator(own)}
    for own in parts:
        _require(not _shadows(own), name, "whose methods are their own")
        _require(getattr(own, "n_jobs", None) is None, name, "that ask for no threads")
        _require(not isinstance(own, np.ndarray) or own.ndim <= 2, name, "of lists and tables")
        _require(type(own).__name__ != "Tree" or id(own) in owned, name, "whose trees belong to an estimator")
    for kind, (holds, what) in _RULES.items():
        if kind in kinds:
            for own in parts:
                _require(type(own).__name__ != kind or holds(own), name, what)


def _inside(own: Any) -> list[Any]:
    if isinstance(own, type):
        return []
    if isinstance(own, Mapping):
        return list(own.values())
    if isinstance(own, list | tuple):
        return list(own)
    if isinstance(own, np.ndarray):
        return list(own.ravel().tolist()) if own.dtype.hasobject else []
    if isinstance(own, partial):
        return [own.func, own.args, own.keywords]
    return list(getattr(own, "__dict__", {}).values())


def _shadows(own: Any) -> bool:
    """Whether an object brings something under the name of one of its methods."""
    kind = type(own)
    return not isinstance(own, type) and any(
        callable(getattr(kind, name, None)) for name in getattr(own, "__dict__", ())
    )


def _is_tree_estimator(own: Any) -> bool:
    return type(own).__name__ in ("DecisionTreeClassifier", "DecisionTreeRegressor")


def _boosting(model: Any) -> bool:
    stages, categorical = model._predictors, model._bin_mapper.is_categorical_
    width = _width(model)
    trees = [tree for stage in stages for tree in stage]
    return (
        bool(trees)
        and all(len(stage) == model.n_trees_per_iteration_ for stage in stages)
        and categorical.dtype.kind in "bu"
        and categorical.ndim == 1
        and all(_boosted(tree, width, categorical) for tree in trees)
    )


def _width(model: Any) -> int:
    """Columns of what a boosting model's trees read."""
    wide, before = model.n_features_in_, model._preprocessor
    if not isinstance(wide, int) or not 0 < wide <= MOST_WIDTH:
        return 0
    if before is None:
        return wide
    return int(before.transform(np.zeros((1, wide))).shape[1]) if before.n_features_in_ == wide else 0


def _boosted(tree: Any, width: int, categorical: NDArray[Any]) -> bool:
    nodes, sets = tree.nodes, (tree.raw_left_cat_bitsets, tree.binned_left_cat_bitsets)
    leaves = nodes["is_leaf"].astype(bool)
    by_category = nodes[~leaves & nodes["is_categorical"].astype(bool)]
    known = np.append(np.flatnonzero(categorical), -1)
    return (
        nodes.ndim == 1
        and _descends(nodes["left"], nodes["right"], leaves)
        and bool(((nodes["feature_idx"] >= 0) & (nodes["feature_idx"] < width))[~leaves].all())
        and bool(np.isin(by_category["feature_idx"], known).all())
        and all(own.ndim == 2 and own.shape[1] == 8 for own in sets)
        and all(bool((by_category["bitset_idx"] < len(own)).all()) for own in sets)
    )


def _forest(model: Any) -> bool:
    trees = [own.tree_ for own in model.estimators_ if _is_tree_estimator(own)]
    classes = getattr(model, "n_classes_", 1)
    return (
        0 < len(trees) == len(model.estimators_)
        and model.n_outputs_ == 1
        and all(tree.max_n_classes == classes for tree in trees)
        and all(own.n_features_in_ == model.n_features_in_ for own in model.estimators_)
    )


def _tree_estimator(own: Any) -> bool:
    if not hasattr(own, "tree_"):
        return True  # what a forest was told to grow, without anything learned
    tree = own.tree_
    if type(tree).__name__ != "Tree" or not 0 < tree.node_count <= tree.capacity:
        return False
    leaves = tree.children_left == -1
    return (
        tree.n_outputs == own.n_outputs_ == 1
        and tree.max_n_classes >= 1
        and tree.n_features == own.n_features_in_
        and _descends(tree.children_left, tree.children_right, leaves)
        and bool(((tree.feature >= 0) & (tree.feature < tree.n_features) | leaves).all())
    )


def _neighbours(model: Any) -> bool:
    rows, classes = model._fit_X, getattr(model, "classes_", None)
    return (
        (classes is None or (model._y.dtype.kind == "i" and bool(((model._y >= 0) & (model._y < len(classes))).all())))
        and model.weights == "distance"
        and model.effective_metric_ == "euclidean"
        and not model.effective_metric_params_
        and model._fit_method in ("kd_tree", "brute")
        and rows.dtype == np.float64
        and rows.ndim == 2
        and rows.shape[1] == model.n_features_in_
        and len(rows) == len(model._y)
    )


def _one_class(model: Any) -> bool:
    return (
        model._strategy == "prior"
        and model.n_outputs_ == 1
        and not model.sparse_output_
        and np.shape(model.classes_) == (1,)
        and np.array_equal(model.class_prior_, [1.0])
    )


def _tokens(features: Any) -> bool:
    return isinstance(features.width_, int) and 0 < features.width_ <= MOST_WIDTH


def _function(transformer: Any) -> bool:
    func = transformer.func
    return func is None or (isinstance(func, partial) and getattr(func.func, "__name__", "") == "check_array")


def _descends(left: NDArray[Any], right: NDArray[Any], leaves: NDArray[np.bool_]) -> bool:
    """Whether every inner node's children come after it, and are there."""
    own = np.arange(len(leaves), dtype=np.int64)[~leaves]
    children = np.stack([left[~leaves], right[~leaves]]).astype(np.int64)
    return bool(len(leaves) > 0 and (children > own).all() and (children < len(leaves)).all())


_ENDS = "whose branches end, and read what there is"
_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "DecisionTreeClassifier": (_tree_estimator, _ENDS),
    "DecisionTreeRegressor": (_tree_estimator, _ENDS),
    "DummyClassifier": (_one_class, "that answer the one class there was"),
    "FunctionTransformer": (_function, "that transform by checking"),
    "HistGradientBoostingClassifier": (_boosting, _ENDS),
    "HistGradientBoostingRegressor": (_boosting, _ENDS),
    "KNeighborsClassifier": (_neighbours, "of neighbours in a space of one width, near by distance"),
    "KNeighborsRegressor": (_neighbours, "of neighbours in a space of one width, near by distance"),
    "RandomForestClassifier": (_forest, _ENDS),
    "RandomForestRegressor": (_forest, _ENDS),
    "TokenVectors": (_tokens, f"of at most {MOST_WIDTH:,} numbers a token"),
}


def _require(holds: bool, name: str, what: str) -> None:
    if not holds:
        raise InputError(f"{name} must hold parts {what}, but does not. Fetch the model again, from whom you trust.")
