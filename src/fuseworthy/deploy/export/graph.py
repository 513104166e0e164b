"""An ONNX graph as it grows: operations in, names of values out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from fuseworthy.errors import InputError, require

OPSET, ML_OPSET, IR = 18, 3, 8
"""Versions that onnxruntime reads from 1.20 on, the oldest it was tried with."""
ML = "ai.onnx.ml"
MOST_BYTES = (1 << 31) - (1 << 20)
"""What one file of protocol buffers holds."""

Value = str
"""The name of a value of the graph."""


class Graph:
    """A graph that is built from its inputs to its outputs.

    The same operation on the same values is there once: singles that a fusion hears again cost nothing.

    Examples
    --------
    >>> graph = Graph()
    >>> x = graph.given("x", np.float32, ("n", 2))
    >>> graph.told("twice", graph.op("Mul", graph.cast(x, np.float64), 2.0), np.float64, ("n", 2))
    'twice'
    >>> [node.op_type for node in graph.model().graph.node]
    ['Cast', 'Mul', 'Identity']
    """

    def __init__(self) -> None:
        self.onnx = require("onnx", extra="onnx")
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._taken: set[str] = set()
        self._known: dict[Any, list[Value]] = {}

    def given(self, wanted: str, dtype: Any, shape: Sequence[str | int]) -> Value:
        """A new input."""
        name = self.name(wanted)
        self._inputs.append(self.onnx.helper.make_tensor_value_info(name, self._kind(dtype), list(shape)))
        return name

    def told(self, wanted: str, value: Value, dtype: Any, shape: Sequence[str | int]) -> str:
        """A new output; the name it got, which differs from the wanted one if that is taken."""
        name = self.name(wanted)
        self.nodes.append(self.onnx.helper.make_node("Identity", [value], [name]))
        self._outputs.append(self.onnx.helper.make_tensor_value_info(name, self._kind(dtype), list(shape)))
        return name

    def constant(self, array: Any) -> Value:
        """Numbers that are kept in the graph."""
        own = np.asarray(array)
        own = np.array(own, order="C", dtype=own.dtype)
        key = ("constant", own.dtype.str, own.shape, hashlib.sha256(own.tobytes()).digest())
        if key not in self._known:
            name = self._numbered("c")
            self.initializers.append(self.onnx.numpy_helper.from_array(own, name))
            self._known[key] = [name]
        return self._known[key][0]

    def op(self, kind: str, *inputs: Any, domain: str = "", **attributes: Any) -> Value:
        """The first output of an operation on values and numbers; numbers become constants, of 64 bits if they say nothing."""
        return self.ops(kind, *inputs, outputs=1, domain=domain, **attributes)[0]

    def ops(self, kind: str, *inputs: Any, outputs: int, domain: str = "", **attributes: Any) -> list[Value]:
        """All outputs of an operation on values and numbers."""
        names = [own if isinstance(own, str) else self.constant(own) for own in inputs]
        made = self.onnx.helper.make_node(kind, names, [], domain=domain, **attributes)
        key = ("op", hashlib.sha256(made.SerializeToString(deterministic=True)).digest())
        if key not in self._known:
            self._known[key] = [self._numbered("v") for _ in range(outputs)]
            made.output.extend(self._known[key])
            self.nodes.append(made)
        return self._known[key]

    def cast(self, value: Value, dtype: Any) -> Value:
        """The value as another type."""
        return self.op("Cast", value, to=self._kind(dtype))

    def column(self, value: Value) -> Value:
        """(n,) as (n, 1)."""
        return self.op("Unsqueeze", value, np.array([1]))

    def beside(self, values: Sequence[Value], axis: int = 1) -> Value:
        """Values side by side."""
        return values[0] if len(values) == 1 else self.op("Concat", *values, axis=axis)

    def sum(self, value: Value, axis: int, *, keep: bool = False) -> Value:
        """The sum along an axis."""
        return self.op("ReduceSum", value, np.array([axis]), keepdims=int(keep))

    def picked(self, table: Any, index: Value) -> Value:
        """Rows of a table by number."""
        return self.op("Gather", table, index, axis=0)

    def name(self, wanted: str) -> str:
        """A name that nothing has yet."""
        name, number = wanted, 1
        while name in self._taken or not name:
            number += 1
            name = f"{wanted}#{number}"
        self._taken.add(name)
        return name

    def _numbered(self, kind: str) -> str:
        """A name within the graph: no modality's, which have no slash."""
        return self.name(f"/{kind}{len(self._taken)}")

    def model(self) -> Any:
        """The whole, checked.

        Raises
        ------
        InputError
            It is larger than one file can be.
        """
        helper = self.onnx.helper
        graph = helper.make_graph(self.nodes, "fuseworthy", self._inputs, self._outputs, self.initializers)
        versions = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)]
        found = helper.make_model(graph, opset_imports=versions, ir_version=IR, producer_name="fuseworthy")
        if found.ByteSize() > MOST_BYTES:
            raise InputError(
                f"an ONNX file must have at most 2 GiB, but this model needs {found.ByteSize():,} bytes. Deploy a linear "
                "strategy, or fewer trees."
            )
        self.onnx.checker.check_model(found)
        return found

    def _kind(self, dtype: Any) -> int:
        kind: int = self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return kind
