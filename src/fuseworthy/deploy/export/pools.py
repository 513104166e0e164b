"""Pools of the singles' predictions: see `fuseworthy.strategies.pools` and `fuseworthy.strategies.patterns`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fuseworthy.deploy.export.calibrating import both, calibrated_by_pattern
from fuseworthy.deploy.export.graph import Graph, Value
from fuseworthy.deploy.export.rows import pattern_number
from fuseworthy.errors import InputError
from fuseworthy.task import Task

MOST_MEMBERS = 12
"""A table of every set of members is kept."""


@dataclass(frozen=True)
class Voices:
    """What members say, (n, width) each, and whether they may, (n,) bool."""

    graph: Graph
    said: Sequence[Value]
    present: Sequence[Value]

    def columns(self) -> list[Value]:
        """Presence as (n, 1) numbers."""
        return [self.graph.cast(self.graph.column(own), np.float64) for own in self.present]


def pooled(pool: Any, voices: Voices, task: Task) -> Value:
    """(n, width)

    Raises
    ------
    InputError
        A pool of a kind that has no form in ONNX here, or of more members than a table should have.
    """
    if len(voices.said) > MOST_MEMBERS:
        raise InputError(
            f"a pool to be exported must have at most {MOST_MEMBERS} members, but has {len(voices.said)}: it holds a table "
            "of every set of them. Deploy early fusion, or fewer modalities."
        )
    kind = type(pool).__name__
    if kind not in POOLS:
        raise InputError(f"a pool to be exported must be among {', '.join(sorted(POOLS))}, but {kind} came.")
    return POOLS[kind](pool, voices, task)


def _weighted(pool: Any, voices: Voices, task: Task) -> Value:
    graph = voices.graph
    weights = [graph.op("Mul", own, float(w)) for own, w in zip(voices.columns(), pool.weights, strict=True)]
    total = _added(graph, weights)
    whole = _added(graph, [graph.op("Mul", w, p) for w, p in zip(weights, voices.said, strict=True)])
    some = graph.op("Greater", total, 0.0)
    return graph.op("Where", some, graph.op("Div", whole, graph.op("Where", some, total, 1.0)), pool.prior[None])


def _logarithmic(pool: Any, voices: Voices, task: Task) -> Value:
    graph, columns = voices.graph, voices.columns()
    count = _added(graph, columns)
    logs = [
        graph.op("Mul", here, graph.op("Log", graph.op("Clip", p, 1e-6, 1.0)))
        for here, p in zip(columns, voices.said, strict=True)
    ]
    mean = graph.op("Div", _added(graph, logs), graph.op("Max", count, 1.0))
    return graph.op("Where", graph.op("Greater", count, 0.0), graph.op("Softmax", mean, axis=1), pool.prior[None])


def _calibrated(pool: Any, voices: Voices, task: Task) -> Value:
    graph, names = voices.graph, sorted(set(pool.modalities))
    here = []
    for name in names:
        own = [p for m, p in zip(pool.modalities, voices.present, strict=True) if m == name]
        found = own[0]
        for other in own[1:]:
            found = graph.op("Or", found, other)
        here.append(found)
    by_number = {number_of(key): calibrator for key, calibrator in pool.own.items()}
    return calibrated_by_pattern(graph, pooled(pool.pool, voices, task), here, by_number, pool.general)


def number_of(key: str) -> int:
    """The number of a pattern that is written as ``101``, the first member first.

    Examples
    --------
    >>> number_of("110")
    3
    """
    return sum(1 << i for i, mark in enumerate(key) if mark == "1")


def _stacked(pool: Any, voices: Voices, task: Task) -> Value:
    """Every set of members has its own row of coefficients, which takes up the scales."""
    graph, general = voices.graph, getattr(pool, "general_", pool)
    coefficients, intercepts = _table(general, getattr(pool, "own_", {}), len(voices.said), task)
    parts = [
        _evidence(graph, p, here, general.prior, task) for p, here in zip(voices.said, voices.present, strict=True)
    ]
    parts += [
        graph.cast(graph.op("Not", graph.column(voices.present[m])), np.float64) for m in general.flagged_.tolist()
    ]
    x = graph.op("Unsqueeze", graph.beside(parts), np.array([1]))
    number = pattern_number(graph, list(voices.present))
    raw = graph.op("Squeeze", graph.op("MatMul", x, graph.picked(coefficients, number)), np.array([1]))
    raw = graph.op("Add", raw, graph.picked(intercepts, number))
    if not task.is_classification:
        return raw
    return both(graph, graph.op("Sigmoid", raw)) if task.width == 2 else graph.op("Softmax", raw, axis=1)


def _evidence(graph: Graph, p: Value, here: Value, prior: Any, task: Task) -> Value:
    """A member's log-odds (log-probabilities, or value) minus the prior's, zero where it is absent."""
    if not task.is_classification:
        found = graph.op("Sub", p, prior[None])
    else:
        found = graph.op("Sub", graph.op("Log", graph.op("Clip", p, 1e-6, 1.0)), np.log(prior)[None])
        if task.kind == "binary":
            found = graph.op("MatMul", found, np.array([[-1.0], [1.0]]))
        else:
            found = graph.op("Sub", found, graph.op("ReduceMean", found, np.array([1]), keepdims=1))
    return graph.op("Where", graph.column(here), found, 0.0)


def _table(general: Any, own: Any, members: int, task: Task) -> tuple[Any, Any]:
    """Coefficients (sets, columns, outputs) and intercepts (sets, outputs)."""
    each = task.width if task.kind == "multiclass" else 1
    width = members * each + len(general.flagged_)
    coefficients = np.tile(_coefficients(general, task), (1 << members, 1, 1))
    intercepts = np.tile(np.atleast_1d(general.model_.intercept_).astype(np.float64), (1 << members, 1))
    for key, stacker in own.items():
        speaking = [m for m, mark in enumerate(key) if mark == "1"]
        columns = [m * each + c for m in speaking for c in range(each)]
        found = np.zeros((width, coefficients.shape[2]))
        found[columns] = _coefficients(stacker, task)
        coefficients[number_of(key)] = found
        intercepts[number_of(key)] = np.atleast_1d(stacker.model_.intercept_)
    return coefficients, intercepts


def _coefficients(stacker: Any, task: Task) -> Any:
    """(columns, outputs), for evidence that is not scaled."""
    model = stacker.model_
    if not hasattr(model, "coef_") or (task.is_classification and len(model.classes_) != task.width):
        raise InputError(
            "stacking to be exported must have seen every class, but has not. Deploy another strategy, or add rows."
        )
    return (np.atleast_2d(model.coef_) / stacker.scale_).T.astype(np.float64)


def _added(graph: Graph, values: list[Value]) -> Value:
    found = values[0]
    for value in values[1:]:
        found = graph.op("Add", found, value)
    return found


POOLS: dict[str, Callable[[Any, Voices, Task], Value]] = {
    "CalibratedPool": _calibrated,
    "LogPool": _logarithmic,
    "PatternStacker": _stacked,
    "Stacker": _stacked,
    "WeightedPool": _weighted,
}
"""Pools by the name of their class."""
