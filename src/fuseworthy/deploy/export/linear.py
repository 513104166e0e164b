"""Linear models: logistic regression, ridge, and either with a scale for each column."""

from __future__ import annotations

from typing import Any

import numpy as np

from fuseworthy.deploy.export.calibrating import both
from fuseworthy.deploy.export.graph import Graph, Value


def logistic(graph: Graph, model: Any, x: Value) -> Value:
    """(n, classes the model knows)"""
    found = _decision(graph, x, model)
    return both(graph, graph.op("Sigmoid", found)) if len(model.classes_) == 2 else graph.op("Softmax", found, axis=1)


def ridge(graph: Graph, model: Any, x: Value) -> Value:
    """(n, 1)"""
    return _decision(graph, x, model)


def _decision(graph: Graph, x: Value, model: Any) -> Value:
    coef = np.atleast_2d(np.asarray(model.coef_, dtype=np.float64))
    return graph.op("Add", graph.op("MatMul", x, coef.T), np.atleast_1d(np.asarray(model.intercept_, dtype=np.float64)))
