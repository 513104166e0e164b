"""The learner families of each view: what they see, what they fit, and the settings they are tuned over.

Every family has the same number of settings, so no modality gets a larger tuning budget than another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fuseworthy.strategies.features import (
    Features,
    ReducedVectors,
    ScaledVectors,
    TableCells,
    TableDesign,
    TokenTopics,
    TokenWeights,
)
from fuseworthy.task import Floats, Task

Setting = Mapping[str, Any]


@dataclass(frozen=True)
class Family:
    """One way to learn from one view of a modality.

    Parameters
    ----------
    name, title : str
    view : str
        The Block view it reads; in `FAMILIES` the form of view that it can read.
    features : callable
        Makes the `Features` that are fitted on the training rows.
    estimator : callable (task, setting, seed, categorical columns) -> scikit-learn estimator
    settings : tuple of mappings
    rank : int
        Complexity among singles.
    ridge : callable setting -> penalty, a number or (columns,), optional
        For a family that is ridge regression where the target is a number: its settings are then tuned from sufficient
        statistics, without a fit each.
    """

    name: str
    title: str
    view: str
    features: Callable[[], Features]
    estimator: Callable[[Task, Setting, int, list[int]], Any]
    settings: tuple[Setting, ...]
    rank: int = 0
    ridge: Callable[[Setting], Floats | float] | None = None


def linear(task: Task, setting: Setting, seed: int, categorical: list[int]) -> Any:
    """Logistic regression, or ridge with alpha = 1/C."""
    from sklearn.linear_model import LogisticRegression, Ridge

    return LogisticRegression(C=setting["C"], max_iter=300) if task.is_classification else Ridge(alpha=1 / setting["C"])


def inverse_of_c(setting: Setting) -> float:
    """The ridge penalty of a setting."""
    return 1 / float(setting["C"])


def sparse_linear(task: Task, setting: Setting, seed: int, categorical: list[int]) -> Any:
    """The same for sparse features, by the solvers that are quickest there: Newton, or dual coordinate descent."""
    from sklearn.linear_model import LogisticRegression

    if task.kind == "regression":
        return linear(task, setting, seed, categorical)
    if task.kind == "multiclass":
        return LogisticRegression(C=setting["C"], solver="newton-cg", tol=1e-3, max_iter=50)
    return LogisticRegression(C=setting["C"], solver="liblinear", dual=True, tol=0.01, random_state=seed)


LINEAR = (linear, sparse_linear)


def boosting(task: Task, setting: Setting, seed: int, categorical: list[int]) -> Any:
    """Histogram gradient boosting; with many classes fewer rounds, as each grows a tree a class."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if task.is_classification else HistGradientBoostingRegressor
    rounds = int(setting["rounds"] * min(1.0, 3 / max(task.width, 1)))
    return kind(
        max_iter=max(rounds, 25),
        learning_rate=setting["rate"],
        max_leaf_nodes=setting["leaves"],
        l2_regularization=setting.get("l2", 1.0),
        min_samples_leaf=setting.get("smallest", 10),
        early_stopping=False,
        random_state=seed,
        categorical_features=categorical or None,
        max_bins=setting.get("bins", 255),
    )


def coarse_boosting(task: Task, setting: Setting, seed: int, categorical: list[int]) -> Any:
    """Boosting on 63 bins instead of 255: cheaper on many dense dimensions, at the price of coarser splits."""
    return boosting(task, {**setting, "bins": 63}, seed, categorical)


def forest(task: Task, setting: Setting, seed: int, categorical: list[int]) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestClassifier if task.is_classification else RandomForestRegressor
    return kind(n_estimators=60, min_samples_leaf=setting["leaf"], max_features=setting["share"], random_state=seed)


def neighbours(task: Task, setting: Setting, seed: int, categorical: list[int]) -> Any:
    """Nearest neighbours, all distances taken: of rows as near as each other a tree would find any, this the first."""
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    kind = KNeighborsClassifier if task.is_classification else KNeighborsRegressor
    return kind(n_neighbors=setting["k"], weights="distance", algorithm="brute")


BOOSTING = (
    {"rounds": 50, "rate": 0.1, "leaves": 4},
    {"rounds": 80, "rate": 0.1, "leaves": 6},
    {"rounds": 80, "rate": 0.1, "leaves": 15},
    {"rounds": 100, "rate": 0.1, "leaves": 31},
    {"rounds": 60, "rate": 0.06, "leaves": 15, "l2": 20.0, "smallest": 30},
)
FOREST = (
    {"leaf": 1, "share": "sqrt"},
    {"leaf": 4, "share": "sqrt"},
    {"leaf": 15, "share": "sqrt"},
    {"leaf": 4, "share": 1.0},
    {"leaf": 40, "share": 1.0},
)
FAMILIES: dict[str, tuple[Family, ...]] = {
    "counts": (
        Family(
            "linear",
            "word + character TF-IDF, linear",
            "counts",
            TokenWeights,
            sparse_linear,
            tuple({"C": c} for c in (1.0, 3.0, 10.0, 30.0, 100.0)),
        ),
        Family("boosting", "TF-IDF, SVD, gradient boosting", "counts", TokenTopics, coarse_boosting, BOOSTING, 2),
    ),
    "cells": (
        Family(
            "linear",
            "one-hot and scaled cells, linear",
            "cells",
            TableDesign,
            linear,
            tuple({"C": c} for c in (0.001, 0.01, 0.1, 1.0, 10.0)),
            ridge=inverse_of_c,
        ),
        Family("boosting", "gradient boosting", "cells", TableCells, boosting, BOOSTING, 2),
        Family("forest", "random forest", "cells", TableCells, forest, FOREST, 2),
    ),
    "vectors": (
        Family(
            "linear",
            "scaled vectors, linear",
            "vectors",
            ScaledVectors,
            linear,
            tuple({"C": c} for c in (0.01, 0.1, 1.0, 10.0, 100.0)),
            ridge=inverse_of_c,
        ),
        Family(
            "neighbours",
            "nearest neighbours",
            "vectors",
            ScaledVectors,
            neighbours,
            tuple({"k": k} for k in (3, 7, 15, 40, 100)),
            1,
        ),
        Family("boosting", "gradient boosting", "vectors", ReducedVectors, coarse_boosting, BOOSTING, 2),
    ),
}
FAMILIES["tokens"] = tuple(
    replace(family, view="tokens", title=f"mean and maximum of the sequence, {family.title}")
    for family in FAMILIES["vectors"]
)


FURTHER = tuple({"C": c} for c in (0.1, 1.0, 10.0, 100.0, 1000.0))


def families_for(forms: Mapping[str, str]) -> list[Family]:
    """The learner families of a modality: all of its first view, and a linear one of each further encoder.

    Parameters
    ----------
    forms : view -> form (see `fuseworthy.inputs.blocks.Block.form`), the floor first

    Examples
    --------
    >>> [family.name for family in families_for({"counts": "counts", "minilm": "vectors"})]
    ['linear', 'boosting', 'minilm']
    """
    first, *others = forms
    found = [replace(family, view=first) for family in FAMILIES[forms[first]]]
    for view in others:
        plain = FAMILIES[forms[view]][0]
        settings = FURTHER if forms[view] == "vectors" else plain.settings
        found.append(replace(plain, name=view, title=f"{view}: {plain.title}", view=view, settings=settings, rank=1))
    return found


def sized(setting: Setting, rows: int) -> Setting:
    """A setting cut to the rows there are: no more neighbours than rows, no more boosting rounds than an eighth of them.

    Examples
    --------
    >>> sized({"rounds": 80, "rate": 0.1}, 200)
    {'rounds': 25, 'rate': 0.1}
    """
    if "k" in setting:
        return {**setting, "k": min(setting["k"], rows)}
    if "rounds" in setting:
        return {**setting, "rounds": min(setting["rounds"], max(20, rows // 8))}
    return setting


def outputs(model: Any, x: Any, task: Task) -> Floats:
    """Predictions as (n, width); a class the model never saw gets a very small probability."""
    if not task.is_classification:
        return np.asarray(model.predict(x), dtype=np.float64).reshape(-1, 1)
    known = np.asarray(model.predict_proba(x), dtype=np.float64)
    if known.shape[1] == task.width:
        return known
    full = np.full((len(known), task.width), 1e-6)
    full[:, np.asarray(model.classes_, dtype=int)] = known
    return np.asarray(full / full.sum(axis=1, keepdims=True))


def count_parameters(model: Any) -> int:
    """Numbers a fitted model keeps: coefficients, tree nodes, or stored rows."""
    if hasattr(model, "coef_"):
        return int(np.size(model.coef_) + np.size(model.intercept_))
    if hasattr(model, "estimators_"):
        return int(sum(tree.tree_.node_count for tree in model.estimators_))
    if hasattr(model, "_predictors"):
        return int(sum(len(tree.nodes) for stage in model._predictors for tree in stage))
    return int(np.prod(model._fit_X.shape)) if hasattr(model, "_fit_X") else 0
