"""A graph in single precision: half the size, the same operations, inputs and outputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from fuseworthy.errors import require

TREE_TENSORS = {"nodes_values_as_tensor": "nodes_values", "target_weights_as_tensor": "target_weights"}
"""How trees list their numbers in 64 bits and in 32."""


def in_single(content: bytes) -> bytes:
    """The graph with every number of 64 bits in 32; what it is given and what it answers keep their types.

    Parameters
    ----------
    content : a graph of ONNX
    """
    onnx = require("onnx", extra="onnx")
    model = onnx.load_from_string(content)
    graph, double = model.graph, onnx.TensorProto.DOUBLE
    given = {own.name: f"{own.name}:32" for own in graph.input if own.type.tensor_type.elem_type == double}
    told = {own.name for own in graph.output if own.type.tensor_type.elem_type == double}
    tensors = [_single(onnx, tensor) for tensor in graph.initializer]
    nodes = [_cast(onnx, name, narrow, onnx.TensorProto.FLOAT) for name, narrow in given.items()]
    for node in graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = given.get(name, name)
        if node.output[0] in told:  # the graph's last step
            nodes.append(_cast(onnx, node.input[0], node.output[0], double))
            continue
        _narrow_attributes(onnx, node)
        nodes.append(node)
    kept = onnx.helper.make_graph(nodes, graph.name, list(graph.input), list(graph.output), tensors)
    model.graph.CopyFrom(kept)
    return bytes(model.SerializeToString(deterministic=True))


def _cast(onnx: Any, source: str, target: str, kind: int) -> Any:
    return onnx.helper.make_node("Cast", [source], [target], to=kind)


def _single(onnx: Any, tensor: Any) -> Any:
    if tensor.data_type != onnx.TensorProto.DOUBLE:
        return tensor
    return onnx.numpy_helper.from_array(_narrow(onnx.numpy_helper.to_array(tensor)), tensor.name)


def _narrow(array: Any) -> Any:
    with np.errstate(over="ignore"):
        return np.asarray(array).astype(np.float32)


def _narrow_attributes(onnx: Any, node: Any) -> None:
    if node.op_type == "TreeEnsembleRegressor":
        for own in [a for a in node.attribute if a.name in TREE_TENSORS]:
            numbers = _narrow(onnx.numpy_helper.to_array(own.t))
            node.attribute.remove(own)
            node.attribute.append(onnx.helper.make_attribute(TREE_TENSORS[own.name], numbers.tolist()))
    for own in node.attribute:
        if node.op_type == "Cast" and own.name == "to" and own.i == onnx.TensorProto.DOUBLE:
            own.i = onnx.TensorProto.FLOAT
        if own.t.data_type == onnx.TensorProto.DOUBLE:
            own.t.CopyFrom(_single(onnx, own.t))
