"""Calibrators of `fuseworthy.strategies.calibration`, whose slope and intercept may differ from row to row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fuseworthy.deploy.export.graph import Graph, Value
from fuseworthy.deploy.export.rows import pattern_number
from fuseworthy.strategies.calibration import FLOOR, Calibrator
from fuseworthy.task import Task


def calibrated(graph: Graph, outputs: Value, calibrator: Calibrator) -> Value:
    """(n, width) by one calibrator."""
    return _applied(graph, outputs, np.array([[calibrator.slope]]), np.array([[calibrator.intercept]]), calibrator.task)


def calibrated_by_pattern(
    graph: Graph, outputs: Value, present: Sequence[Value], own: Mapping[int, Calibrator], general: Calibrator
) -> Value:
    """(n, width), each row by the calibrator of what it has, or the general one.

    Parameters
    ----------
    present : (n,) bool of each member
    own : number of the pattern, as `pattern_number` counts, -> Calibrator
    """
    table = [own.get(number, general) for number in range(1 << len(present))]
    lines = np.array([[c.slope, c.intercept] for c in table])
    picked = graph.picked(lines, pattern_number(graph, list(present)))
    slope, intercept = graph.ops("Split", picked, outputs=2, axis=1, num_outputs=2)
    return _applied(graph, outputs, slope, intercept, general.task)


def _applied(graph: Graph, outputs: Value, slope: object, intercept: object, task: Task) -> Value:
    if not task.is_classification:
        return graph.op("Add", graph.op("Mul", outputs, slope), intercept)
    if task.kind == "binary":
        q = graph.op("Clip", graph.op("Gather", outputs, np.array([1]), axis=1), FLOOR, 1 - FLOOR)
        odds = graph.op("Sub", graph.op("Log", q), graph.op("Log", graph.op("Sub", 1.0, q)))
        return both(graph, graph.op("Sigmoid", graph.op("Add", graph.op("Mul", odds, slope), intercept)))
    logs = graph.op("Log", graph.op("Clip", outputs, FLOOR, 1.0))
    return graph.op("Softmax", graph.op("Mul", logs, slope), axis=1)


def both(graph: Graph, p: Value) -> Value:
    """The probabilities of two classes from that of the second, (n, 1)."""
    return graph.beside([graph.op("Sub", 1.0, p), p])
