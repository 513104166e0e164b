"""Predictors as parts of a graph: singles, pools of them, early fusions and networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fuseworthy.deploy.export.calibrating import calibrated
from fuseworthy.deploy.export.features import seen
from fuseworthy.deploy.export.graph import Graph, Value
from fuseworthy.deploy.export.learners import learned
from fuseworthy.deploy.export.pools import Voices, pooled
from fuseworthy.deploy.export.rows import Rows
from fuseworthy.errors import InputError
from fuseworthy.strategies.design import Layout


def said(predictor: Any, rows: Rows) -> Value:
    """What a predictor answers, calibrated, (n, width).

    Raises
    ------
    InputError
        It is of a kind that has no form in ONNX here.
    """
    kind = type(predictor).__name__
    if kind not in PREDICTORS:
        raise InputError(
            f"a strategy to be exported must leave one of {', '.join(sorted(PREDICTORS))}, but leaves a {kind}. "
            "Deploy a strategy of the catalogue, or export your own by yourself."
        )
    return PREDICTORS[kind](predictor, rows)


def _constant(predictor: Any, rows: Rows) -> Value:
    return rows.tile(predictor.prior)


def _single(predictor: Any, rows: Rows) -> Value:
    graph, entry = rows.graph, rows.entry(predictor.modality, predictor.view)
    raw = learned(graph, predictor.model, seen(graph, predictor.features, entry), predictor.task)
    own = calibrated(graph, raw, predictor.calibrator)
    return graph.op("Where", rows.column(predictor.modality), own, predictor.prior[None])


def _pooled(predictor: Any, rows: Rows) -> Value:
    members = predictor.members
    speaking = [said(member, rows) for member in members.values()]
    present = [rows.present[name.split("/")[0]] for name in members]
    return pooled(predictor.pool, Voices(rows.graph, speaking, present), rows.task)


def _joint(predictor: Any, rows: Rows) -> Value:
    x = side_by_side(predictor.layout, rows)
    return calibrated(rows.graph, learned(rows.graph, predictor.model, x, predictor.task), predictor.calibrator)


def _prior_for_nothing(predictor: Any, rows: Rows) -> Value:
    graph = rows.graph
    own, some = said(predictor.predictor, rows), rows.present[predictor.modalities[0]]
    for m in predictor.modalities[1:]:
        some = graph.op("Or", some, rows.present[m])
    return graph.op("Where", graph.column(some), own, predictor.prior[None])


def _network(predictor: Any, rows: Rows) -> Value:
    from fuseworthy.deploy.export.networks import answered

    return answered(predictor, rows)


PREDICTORS: dict[str, Callable[[Any, Rows], Value]] = {
    "Constant": _constant,
    "JointPredictor": _joint,
    "NeuralPredictor": _network,
    "PooledPredictor": _pooled,
    "PriorForNothing": _prior_for_nothing,
    "SinglePredictor": _single,
}
"""Predictors by the name of their class."""


def side_by_side(layout: Layout, rows: Rows) -> Value:
    """The features of all modalities, (n, columns): absent ones missing to trees, zeros and a flag to linear models."""
    graph: Graph = rows.graph
    hidden = np.nan if layout.kind == "trees" else 0.0
    parts = [
        graph.op("Where", rows.column(m), seen(graph, layout.features[m], rows.entry(m, view)), hidden)
        for m, view in layout.views.items()
    ]
    if layout.kind != "trees":
        parts += [graph.cast(graph.op("Not", rows.column(m)), np.float64) for m in layout.flagged]
    return graph.beside(parts)
