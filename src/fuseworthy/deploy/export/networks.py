"""Fusion networks: what torch exported of them, taken into the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fuseworthy.deploy.export.calibrating import calibrated_by_pattern
from fuseworthy.deploy.export.features import seen
from fuseworthy.deploy.export.graph import OPSET, Graph, Value
from fuseworthy.deploy.export.rows import Rows
from fuseworthy.deploy.export.traced import exported
from fuseworthy.errors import InputError, require
from fuseworthy.strategies.neural import AS_THEY_ARE

if TYPE_CHECKING:
    from fuseworthy.strategies.neural import NeuralPredictor


def answered(predictor: NeuralPredictor, rows: Rows) -> Value:
    """What a trained network answers, calibrated by what each row has, (n, width); the prior for nothing.

    Raises
    ------
    InputError
        The network trains its own encoder, or torch cannot export it.
    """
    graph, names = rows.graph, sorted(predictor.views)
    fed = _fed(predictor, rows)
    if id(predictor) not in rows.networks:
        rows.networks[id(predictor)] = exported(predictor, fed)
    raw = inlined(graph, rows.networks[id(predictor)], fed)
    present = [rows.present[m] for m in names]
    sets = ["+".join(m for i, m in enumerate(names) if n >> i & 1) for n in range(1 << len(names))]
    own = {n: predictor.calibrators[key] for n, key in enumerate(sets) if n and key in predictor.calibrators}
    found = calibrated_by_pattern(graph, raw, present, own, predictor.calibrators[AS_THEY_ARE])
    some = present[0]
    for other in present[1:]:
        some = graph.op("Or", some, other)
    return graph.op("Where", graph.column(some), found, np.asarray(predictor.prior)[None])


def _fed(predictor: NeuralPredictor, rows: Rows) -> dict[str, Value]:
    """What the networks are given, by role and the modality's number."""
    graph, found = rows.graph, {}
    for i, (m, view) in enumerate(sorted(predictor.views.items())):
        entry, features = rows.entry(m, view), predictor.features[m]
        if type(features).__name__ == "Untouched":
            raise InputError(
                f"a network to be exported must read frozen encoders, but trains that of {m!r}. Compare without "
                "tune_encoders, and deploy that."
            )
        values = graph.cast(graph.cast(seen(graph, features, entry), np.float32), np.float64)
        found[f"values{i}"], found[f"present{i}"] = values, rows.present[m]
        if entry.mask is not None:
            found[f"mask{i}"] = entry.mask
        if entry.times is not None:
            found[f"times{i}"] = graph.cast(entry.times, np.float64)
    return found


def inlined(graph: Graph, model: Any, fed: Mapping[str, Value]) -> Value:
    """The nodes of an exported model, with names of this graph; its output.

    Raises
    ------
    InputError
        It holds parts of another kind than plain operations of the versions that this graph has.
    """
    if len(model.functions):
        model = require("onnx.inliner", extra="onnx").inline_local_functions(model)
    versions = {own.domain: own.version for own in model.opset_import}
    if versions.get("", 0) != OPSET:
        raise InputError(
            f"torch must export version {OPSET} of ONNX, but exports {versions}. Install torch 2.6 or later."
        )
    own: dict[str, str] = {"": ""} | {name: fed[name] for name in fed}
    for tensor in model.graph.initializer:
        own[tensor.name] = graph.constant(graph.onnx.numpy_helper.to_array(tensor))
    double = graph.onnx.TensorProto.DOUBLE
    doubles = {v.name for v in model.graph.value_info if v.type.tensor_type.elem_type == double}
    for node in model.graph.node:
        _take(graph, node, own, doubles)
    return own[model.graph.output[0].name]


def _take(graph: Graph, node: Any, own: dict[str, str], doubles: set[str]) -> None:
    if any(attribute.g.node or attribute.graphs for attribute in node.attribute):
        raise InputError(
            f"a network to be exported must be free of branches and loops, but torch wrote one ({node.op_type}). "
            "Deploy another strategy."
        )
    inputs = [own[name] for name in node.input]
    attributes = {a.name: graph.onnx.helper.get_attribute_value(a) for a in node.attribute}
    double = bool(node.input) and node.input[0] in doubles
    if node.op_type == "Erf" and double:  # onnxruntime has it in 32 bits alone: 6e-8 away
        found = [graph.cast(graph.op("Erf", graph.cast(inputs[0], np.float32)), np.float64)]
    elif node.op_type == "Cos" and double:  # which onnxruntime before 1.24 has in 32 bits alone
        found = [graph.op("Sin", graph.op("Add", inputs[0], np.pi / 2))]
    else:
        found = graph.ops(node.op_type, *inputs, outputs=len(node.output), domain=node.domain, **attributes)
    own |= dict(zip(node.output, found, strict=True))
