"""Weights of matrix products in 8 bits: with what they are multiplied (dynamically), or by themselves.

Jacob et al. 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only inference",
equation 1, with a scale for each output.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from fuseworthy.deploy.compress.candidate import NotFeasibleError
from fuseworthy.errors import require

FEWEST = 256
"""Numbers of a weight below which nothing is to be had."""
LARGEST = 127


def weights_of(graph: Any) -> dict[str, tuple[Any, int]]:
    """Weights worth 8 bits: node -> its tensor, and the axis of its outputs.

    Those that are multiplied (MatMul, Gemm) by what depends on the row; tables of zeros and ones say where numbers go and
    are left alone. Nodes are told by their first output.
    """
    from onnx import numpy_helper

    known, found = {tensor.name: tensor for tensor in graph.initializer}, {}
    for node in graph.node:
        tensor = known.get(node.input[1]) if node.op_type in ("MatMul", "Gemm") else None
        if tensor is None or len(tensor.dims) != 2 or tensor.data_type != 1 or np.prod(tensor.dims) < FEWEST:
            continue
        if np.isin(numpy_helper.to_array(tensor), (0.0, 1.0)).all():
            continue
        turned = any(own.name == "transB" and own.i for own in node.attribute)
        found[node.output[0]] = (tensor, 0 if turned else 1)
    return found


def with_int8_products(content: bytes) -> tuple[bytes, str]:
    """The graph with weights in 8 bits and products of whole numbers, and what was done in words.

    What they are multiplied with is rounded to 8 bits as well, on a scale of the rows that are asked together. Weights
    have 7 bits, as processors without VNNI would else overflow.

    Parameters
    ----------
    content : a graph in single precision

    Raises
    ------
    NotFeasibleError
        It has no weights worth it.
    """
    onnx, quantization = require("onnx", extra="onnx"), require("onnxruntime.quantization", extra="onnx")
    model = onnx.load_from_string(content)
    wanted = _wanted(model.graph)
    for place, node in enumerate(model.graph.node):
        node.name = f"node{place}"
    left = [n.name for n in model.graph.node if n.op_type in ("MatMul", "Gemm") and n.output[0] not in wanted]
    with TemporaryDirectory() as folder, _quiet():
        out = Path(folder) / "int8.onnx"
        quantization.quantize_dynamic(
            model,
            out,
            op_types_to_quantize=["MatMul", "Gemm"],
            nodes_to_exclude=[*left, *(f"{name}_MatMul" for name in left)],
            per_channel=True,
            reduce_range=True,
            weight_type=quantization.QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )
        return out.read_bytes(), _told(model.graph, wanted)


def with_int8_weights(content: bytes) -> tuple[bytes, str]:
    """The graph with weights kept in 8 bits and multiplied in 32, and what was done in words.

    Raises
    ------
    NotFeasibleError
        It has no weights worth it.
    """
    onnx = require("onnx", extra="onnx")
    model = onnx.load_from_string(content)
    graph, wanted = model.graph, _wanted(model.graph)
    axes = {tensor.name: axis for tensor, axis in wanted.values()}
    kept, nodes = [], []
    for tensor in graph.initializer:
        if tensor.name not in axes:
            kept.append(tensor)
            continue
        whole, scale = rounded(onnx.numpy_helper.to_array(tensor), axes[tensor.name])
        parts = {f"{tensor.name}:8": whole, f"{tensor.name}:scale": scale}
        kept += [onnx.numpy_helper.from_array(array, name) for name, array in parts.items()]
        nodes.append(onnx.helper.make_node("DequantizeLinear", list(parts), [tensor.name], axis=axes[tensor.name]))
    told = _told(graph, wanted)
    made = onnx.helper.make_graph([*nodes, *graph.node], graph.name, list(graph.input), list(graph.output), kept)
    graph.CopyFrom(made)
    return bytes(model.SerializeToString(deterministic=True)), told


def rounded(weight: Any, axis: int) -> tuple[Any, Any]:
    """Whole numbers from -127 to 127 and the scale of each output, so that their product is the weight.

    Examples
    --------
    >>> whole, scale = rounded(np.array([[1.0, 0.5], [-2.0, 0.1]], dtype=np.float32), axis=1)
    >>> whole.tolist(), (whole * scale).astype(float).round(3).tolist()
    ([[64, 127], [-127, 25]], [[1.008, 0.5], [-2.0, 0.098]])
    """
    largest = np.abs(weight).max(axis=1 - axis, keepdims=True)
    scale = np.where(largest > 0, largest, 1.0).astype(np.float32) / np.float32(LARGEST)
    return np.rint(weight / scale).astype(np.int8), scale.ravel()


def _wanted(graph: Any) -> dict[str, tuple[Any, int]]:
    found = weights_of(graph)
    if not found:
        raise NotFeasibleError(f"nothing in it multiplies a row by a weight of {FEWEST} numbers or more")
    return found


def _told(graph: Any, wanted: dict[str, tuple[Any, int]]) -> str:
    numbers = sum(int(np.prod(t.dims)) for t in {t.name: t for t, _ in wanted.values()}.values())
    whole = sum(int(np.prod(t.dims)) for t in graph.initializer)
    return f"{numbers:,} of {whole:,} numbers in 8 bits"


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the advice that onnxruntime gives to everyone who quantises."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(before)
