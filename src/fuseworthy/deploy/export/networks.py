"""Fusion networks: exported by torch in double precision, and taken into the graph."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from fuseworthy.deploy.export.calibrating import calibrated_by_pattern
from fuseworthy.deploy.export.features import seen
from fuseworthy.deploy.export.graph import OPSET, Graph, Value
from fuseworthy.deploy.export.rows import Rows
from fuseworthy.errors import InputError, require
from fuseworthy.strategies.neural import AS_THEY_ARE

if TYPE_CHECKING:
    from fuseworthy.strategies.neural import NeuralPredictor

MOST_MODALITIES = 12
STEPS = 2
"""Vectors a sequence has at least: a network that is given one alone takes it for a vector without a place."""


def answered(predictor: NeuralPredictor, rows: Rows) -> Value:
    """What a trained network answers, calibrated by what each row has, (n, width); the prior for nothing.

    Raises
    ------
    InputError
        The network trains its own encoder, or torch cannot export it.
    """
    graph, names = rows.graph, sorted(predictor.views)
    if len(names) > MOST_MODALITIES:
        raise InputError(
            f"a network to be exported must have at most {MOST_MODALITIES} modalities, as every set of them has a row in a "
            f"table, but has {len(names)}. Deploy late fusion."
        )
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


def exported(predictor: NeuralPredictor, fed: Mapping[str, Value]) -> Any:
    """All networks of a predictor and the mean of their answers, as torch exports them: a graph of ONNX.

    Raises
    ------
    InputError
        torch cannot export them.
    """
    torch = require("torch", extra="deep")
    require("onnxscript", extra="onnx")
    whole = _averaged(predictor, list(fed))
    count = torch.export.Dim("n", min=2)
    arguments, shapes = {}, {}
    for name in fed:
        role, place = name.rstrip("0123456789"), int(name.lstrip("abcdefghijklmnopqrstuvwxyz"))
        steps = (torch.export.Dim(f"t{place}", min=STEPS),) if f"mask{place}" in fed else ()
        size = predictor.modules[0].sizes[sorted(predictor.views)[place]]
        shape = (3, *(5 + place for _ in steps), *((size,) if role == "values" else ()))
        shape = shape[:1] if role == "present" else shape
        true = role in ("present", "mask")
        arguments[name] = torch.ones(shape, dtype=torch.bool) if true else torch.rand(shape, dtype=torch.float64)
        shapes[name] = dict(enumerate((count, *steps)[: len(shape)]))
    try:
        with warnings.catch_warnings(), _quiet(), torch.no_grad():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                whole,
                tuple(arguments.values()),
                dynamo=True,
                opset_version=OPSET,
                dynamic_shapes={"values": tuple(shapes.values())},
                input_names=list(arguments),
                output_names=["raw"],
                custom_translation_table={torch.ops.aten.sort.stable: _sorted},
                verbose=False,
            )
    except Exception as error:  # torch raises what it likes
        kind = type(predictor.modules[0]).__name__
        raise InputError(
            f"a network to be exported must be one that torch can write as ONNX, but {kind} is not: "
            f"{(str(error).strip().splitlines() or ['no reason given'])[0][:200]}. Deploy another strategy."
        ) from error
    return program.model_proto


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch and its optimiser log of packages that are not there and folds they skip."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    before = [own.level for own in loggers]
    for own in loggers:
        own.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for own, level in zip(loggers, before, strict=True):
            own.setLevel(level)


def _sorted(values: Any, stable: bool = True, dim: int = -1, descending: bool = False) -> Any:
    """A stable sort as ONNX has it: of equal values TopK takes the first first."""
    from onnxscript import opset18

    size = opset18.Shape(values, start=dim, end=dim + 1)
    return opset18.TopK(values, size, axis=dim, largest=int(descending), sorted=1)


def _averaged(predictor: NeuralPredictor, roles: list[str]) -> Any:
    """The networks side by side in double precision; the predictor's own stay as they are."""
    import torch

    names, task = sorted(predictor.views), predictor.task
    modules = [copy.deepcopy(module).cpu().double().eval() for module in predictor.modules]

    class Averaged(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.each = torch.nn.ModuleList(modules)

        def forward(self, *values: torch.Tensor) -> torch.Tensor:
            given = dict(zip(roles, values, strict=True))
            inputs, present, mask, times = (
                {m: given[f"{role}{i}"] for i, m in enumerate(names) if f"{role}{i}" in given}
                for role in ("values", "present", "mask", "times")
            )
            outputs = [module(inputs, present, mask, times) for module in self.each]
            if task.is_classification:
                found = [torch.softmax(own, dim=1) for own in outputs]
            else:
                found = [own * predictor.scale + predictor.centre for own in outputs]
            return torch.stack(found).mean(dim=0)

    return Averaged().eval()


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
    for node in model.graph.node:
        _take(graph, node, own)
    return own[model.graph.output[0].name]


def _take(graph: Graph, node: Any, own: dict[str, str]) -> None:
    if any(attribute.g.node or attribute.graphs for attribute in node.attribute):
        raise InputError(
            f"a network to be exported must be free of branches and loops, but torch wrote one ({node.op_type}). "
            "Deploy another strategy."
        )
    inputs = [own[name] for name in node.input]
    attributes = {a.name: graph.onnx.helper.get_attribute_value(a) for a in node.attribute}
    if node.op_type == "Erf":  # onnxruntime has it in 32 bits alone: 6e-8 away
        found = [graph.cast(graph.op("Erf", graph.cast(inputs[0], np.float32)), np.float64)]
    else:
        found = graph.ops(node.op_type, *inputs, outputs=len(node.output), domain=node.domain, **attributes)
    own |= dict(zip(node.output, found, strict=True))
