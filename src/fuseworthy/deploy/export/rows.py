"""What the graph is given of a row: which modalities it has, and their encoded views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from fuseworthy.deploy.export.graph import Graph, Value
from fuseworthy.inputs.blocks import Block
from fuseworthy.task import Task


@dataclass(frozen=True)
class Entry:
    """One view of one modality as values of the graph.

    Parameters
    ----------
    values : (n, d) or (n, t, d), as given; zero where the row lacks the modality and in padding
    mask : (n, t) bool, of sequences
    times : (n, t) float32, of sequences that have them
    shape : what a Block of it looks like: its form, its columns and what it says of them
    """

    values: Value
    mask: Value | None
    times: Value | None
    shape: Block


@dataclass(frozen=True)
class Input:
    """An input of the graph, as ``export.json`` names it."""

    name: str
    modality: str
    view: str | None
    role: str
    dtype: str
    shape: tuple[str | int, ...]


@dataclass(frozen=True)
class Rows:
    """The rows that are asked.

    Parameters
    ----------
    graph : Graph
    task : Task
    shapes : modality -> view -> a Block of no or any rows, which tells form and columns
    present : modality -> (n,) bool; of which a router may hide some
    given : modality -> (n,) bool, as given
    inputs : those the graph has so far
    entries : modality and view -> what became of them
    networks : what torch exported, by the identity of its predictor: it takes seconds
    """

    graph: Graph
    task: Task
    shapes: Mapping[str, Mapping[str, Block]]
    present: Mapping[str, Value]
    given: Mapping[str, Value]
    inputs: list[Input] = field(default_factory=list)
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    networks: dict[int, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: Graph, task: Task, shapes: Mapping[str, Mapping[str, Block]]) -> Rows:
        """The beginning of a graph: who has what."""
        inputs = []
        for m in sorted(shapes):
            name = graph.given(f"{m}:present", np.bool_, ("n",))
            inputs.append(Input(name, m, None, "present", "bool", ("n",)))
        present = {own.modality: own.name for own in inputs}
        return cls(graph, task, shapes, present, present, inputs)

    @property
    def names(self) -> list[str]:
        return sorted(self.shapes)

    def column(self, modality: str) -> Value:
        """Presence as (n, 1)."""
        return self.graph.column(self.present[modality])

    def showing(self, present: Mapping[str, Value]) -> Rows:
        """The same rows, of which less is shown."""
        return replace(self, present=present)

    def entry(self, modality: str, view: str) -> Entry:
        """A view's values; it becomes an input of the graph when it is first asked for."""
        key = (modality, view)
        if key not in self.entries:
            self.entries[key] = self._entry(modality, view, self.shapes[modality][view])
        return self.entries[key]

    def tile(self, numbers: object) -> Value:
        """A list of numbers for every row, (n, width)."""
        count = self.graph.op("Shape", self.given[self.names[0]])
        own = np.asarray(numbers, dtype=np.float64)
        shape = self.graph.op("Concat", count, np.array([own.size]), axis=0)
        return self.graph.op("Expand", own[None], shape)

    def _entry(self, modality: str, view: str, shape: Block) -> Entry:
        graph, wide, dtype = self.graph, int(shape.values.shape[-1]), precision_of(shape)
        if shape.mask is None:
            values = self._input(modality, view, "values", dtype, ("n", wide))
            here = graph.column(self.given[modality])
            return Entry(graph.op("Where", here, values, dtype(0)), None, None, shape)
        steps = f"t:{modality}:{view}"
        values = self._input(modality, view, "values", dtype, ("n", steps, wide))
        mask = self._input(modality, view, "mask", np.bool_, ("n", steps))
        mask = graph.op("And", mask, graph.column(self.given[modality]))
        values = graph.op("Where", graph.op("Unsqueeze", mask, np.array([2])), values, dtype(0))
        times = None
        if shape.times is not None:
            times = graph.op(
                "Where", mask, self._input(modality, view, "times", np.float32, ("n", steps)), np.float32(0)
            )
        return Entry(values, mask, times, shape)

    def _input(self, modality: str, view: str, role: str, dtype: type, shape: tuple[str | int, ...]) -> Value:
        wanted = f"{modality}:{view}" if role == "values" else f"{modality}:{view}:{role}"
        name = self.graph.given(wanted, dtype, shape)
        self.inputs.append(Input(name, modality, view, role, np.dtype(dtype).name, shape))
        return name


def precision_of(shape: Block) -> type[np.floating[Any]]:
    """The type in which a view is given: that in which it was learned from, but no less than 32 bits.

    Fewer bits than that would move rows across splits: a threshold of boosted trees is often one of the values.
    """
    return np.float64 if shape.values.dtype == np.float64 else np.float32


def pattern_number(graph: Graph, present: list[Value]) -> Value:
    """Which of the 2^M sets of members a row has, (n,) int64: the first is worth 1, the next 2, …"""
    worth = [graph.op("Mul", graph.cast(own, np.int64), np.int64(1 << i)) for i, own in enumerate(present)]
    return worth[0] if len(worth) == 1 else graph.sum(graph.beside([graph.column(own) for own in worth]), 1)


def code_of(graph: Graph, column: Value, size: int) -> Value:
    """Codes (n, 1) as whole numbers (n,) below ``size``; that itself for NaN and what is no code."""
    flat = graph.op("Squeeze", column, np.array([1]))
    inside = graph.op("And", graph.op("GreaterOrEqual", flat, 0.0), graph.op("Less", flat, float(size)))
    return graph.cast(graph.op("Where", inside, flat, float(size)), np.int64)
