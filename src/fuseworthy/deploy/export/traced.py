"""Fusion networks as torch exports them: all copies of one predictor, in double precision, for any number of rows."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fuseworthy.deploy.export.graph import OPSET
from fuseworthy.errors import InputError, first_line, require

if TYPE_CHECKING:
    from fuseworthy.strategies.neural import NeuralPredictor

STEPS = 2
"""Vectors a sequence has at least: a network that is given one alone takes it for a vector without a place."""


def exported(predictor: NeuralPredictor, fed: Collection[str]) -> Any:
    """All networks of a predictor and the mean of their answers, as torch exports them: a graph of ONNX.

    Raises
    ------
    InputError
        torch cannot export them.
    """
    torch = require("torch", extra="deep")
    require("onnxscript", extra="onnx")
    whole = _averaged(predictor, list(fed))
    arguments, shapes = _arguments(predictor, fed)
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
            f"a network to be exported must be one that torch can write as ONNX, but {kind} is not: {_reason(error)}. "
            "Deploy another strategy."
        ) from error
    return program.model_proto


def _reason(error: BaseException) -> str:
    """The first line of what was first raised."""
    while error.__cause__ is not None:
        error = error.__cause__
    return first_line(error)


def _arguments(predictor: NeuralPredictor, fed: Collection[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Rows to trace with, and which of their sizes may be others."""
    import torch

    count, names = torch.export.Dim("n", min=2), sorted(predictor.views)
    arguments, shapes = {}, {}
    for own in fed:
        role, place = own.rstrip("0123456789"), int(own.lstrip("abcdefghijklmnopqrstuvwxyz"))
        steps = (torch.export.Dim(f"t{place}", min=STEPS),) if f"mask{place}" in fed and role != "present" else ()
        size = (predictor.modules[0].sizes[names[place]],) if role == "values" else ()
        shape = (3, *(5 + place for _ in steps), *size)
        true = role in ("present", "mask")
        arguments[own] = torch.ones(shape, dtype=torch.bool) if true else torch.zeros(shape, dtype=torch.float64)
        shapes[own] = dict(enumerate((count, *steps)))
    return arguments, shapes


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
