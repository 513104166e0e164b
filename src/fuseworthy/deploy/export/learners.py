"""A fitted learner's outputs, (n, width): see `fuseworthy.strategies.families.outputs`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fuseworthy.deploy.export.boosting import boosted
from fuseworthy.deploy.export.graph import Graph, Value
from fuseworthy.deploy.export.linear import logistic, ridge
from fuseworthy.deploy.export.neighbours import neighbours
from fuseworthy.deploy.export.trees import forest
from fuseworthy.errors import InputError
from fuseworthy.task import Task

UNKNOWN = 1e-6
"""The share of a class that the learner never saw, before all are brought to sum to one."""


def learned(graph: Graph, model: Any, x: Value, task: Task) -> Value:
    """Predictions of the model on its features.

    Raises
    ------
    InputError
        A model of a kind that has no form in ONNX here.
    """
    kind = type(model).__name__
    if kind == "BlockPenalised":
        return learned(graph, model.model, graph.op("Mul", x, np.asarray(model.scale, dtype=np.float64)), task)
    if kind not in LEARNERS or not type(model).__module__.startswith("sklearn."):
        raise InputError(
            f"a learner to be exported must be one of scikit-learn's {', '.join(sorted(LEARNERS))}, but {kind} came. "
            "Deploy a strategy of the catalogue, or convert it by yourself."
        )
    found = LEARNERS[kind](graph, model, x)
    if not task.is_classification or len(model.classes_) == task.width:
        return found
    places = np.zeros((len(model.classes_), task.width))
    places[np.arange(len(model.classes_)), np.asarray(model.classes_, dtype=int)] = 1.0
    rest = np.where(places.sum(axis=0) > 0, 0.0, UNKNOWN)[None]
    full = graph.op("Add", graph.op("MatMul", found, places), rest)
    return graph.op("Div", full, graph.sum(full, 1, keep=True))


def _one_class(graph: Graph, model: Any, x: Value) -> Value:
    """Certainty of the only class there was."""
    first = graph.op("Gather", x, np.array([0]), axis=1)
    return graph.cast(graph.op("Equal", graph.op("IsNaN", first), graph.op("IsNaN", first)), np.float64)


LEARNERS: dict[str, Callable[[Graph, Any, Value], Value]] = {
    "DummyClassifier": _one_class,
    "HistGradientBoostingClassifier": boosted,
    "HistGradientBoostingRegressor": boosted,
    "KNeighborsClassifier": neighbours,
    "KNeighborsRegressor": neighbours,
    "LogisticRegression": logistic,
    "RandomForestClassifier": forest,
    "RandomForestRegressor": forest,
    "Ridge": ridge,
}
"""Learners by the name of their class."""
