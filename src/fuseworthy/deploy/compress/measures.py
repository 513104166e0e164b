"""Size, latency and memory of graphs, measured side by side on one thread."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from fuseworthy.deploy.compress import footprint
from fuseworthy.deploy.compress.asking import batches_of
from fuseworthy.deploy.export.session import opened
from fuseworthy.strategies.part import Blocks

if TYPE_CHECKING:
    from fuseworthy.deploy.compress.candidate import Graphed

SIZES = (1, 32)
"""Rows of a batch."""
ROUNDS = {1: 400, 32: 100}
"""Times that each graph is asked, at most."""
SECONDS, FEWEST = 10.0, 20
"""Time for one size of batch over all graphs; asked at least so often all the same."""
WARM = 5
DIFFERENT = 8
"""Batches that are asked in turn."""
PATIENCE = 300.0
"""Seconds after which a process that measures memory is given up."""


@dataclass(frozen=True)
class Latency:
    """Milliseconds that a batch takes: the median, and what 95 of 100 take at most."""

    rows: int
    median: float
    p95: float
    times: int


@dataclass(frozen=True)
class Measured:
    """What a graph costs.

    Parameters
    ----------
    bytes : of its file
    latency : one for each size of batch
    memory : bytes at the peak of a process that loads it and answers, more than one with onnxruntime alone; None if it
        could not be measured
    """

    bytes: int
    latency: tuple[Latency, ...]
    memory: int | None


def measure(
    graphs: Mapping[str, Graphed], blocks: Blocks, seed: int = 0, on_step: Callable[[str], None] | None = None
) -> dict[str, Measured]:
    """Size, latency and memory of every graph: name -> Measured.

    Graphs are asked in turn and in another order each time, so that what else the machine does meets all of them.

    Parameters
    ----------
    blocks : real rows
    """
    tell = on_step or (lambda step: None)
    tell("how long each takes to answer")
    times = {size: _latencies(graphs, blocks, size, seed) for size in SIZES}
    tell("how much memory each takes")
    memory = _memories(graphs, blocks)
    return {
        name: Measured(len(graph.content), tuple(times[size][name] for size in SIZES), memory[name])
        for name, graph in graphs.items()
    }


def _latencies(graphs: Mapping[str, Graphed], blocks: Blocks, size: int, seed: int) -> dict[str, Latency]:
    sessions = {name: opened(graph.content) for name, graph in graphs.items()}
    given = {name: batches_of(graph, blocks, size, DIFFERENT) for name, graph in graphs.items()}
    found: dict[str, list[float]] = {name: [] for name in graphs}
    rng, names = np.random.default_rng(seed), list(graphs)
    for name in names:
        for _ in range(WARM):
            sessions[name].run([graphs[name].outputs.prediction], given[name][0])
    end = time.monotonic() + SECONDS
    for turn in range(ROUNDS[size]):
        if turn >= FEWEST and time.monotonic() > end:
            break
        for name in rng.permutation(names).tolist():
            rows, wanted = given[name][turn % DIFFERENT], [graphs[name].outputs.prediction]
            start = time.perf_counter()
            sessions[name].run(wanted, rows)
            found[name].append(1000 * (time.perf_counter() - start))
    return {name: _latency(size, own) for name, own in found.items()}


def _latency(size: int, times: Sequence[float]) -> Latency:
    median, p95 = np.quantile(times, (0.5, 0.95)).tolist()
    return Latency(size, median, p95, len(times))


def _memories(graphs: Mapping[str, Graphed], blocks: Blocks) -> dict[str, int | None]:
    empty = _peak([])
    found: dict[str, int | None] = {}
    for name, graph in graphs.items():
        with TemporaryDirectory() as folder:
            model, rows = Path(folder) / "model.onnx", Path(folder) / "rows.npz"
            model.write_bytes(graph.content)
            arrays = batches_of(graph, blocks, SIZES[-1], 1)[0]
            np.savez(rows, **{f"input{i}": arrays[own.name] for i, own in enumerate(graph.inputs)})
            peak = _peak([str(model), str(rows), graph.outputs.prediction])
        found[name] = None if peak is None or empty is None else max(peak - empty, 0)
    return found


def _peak(words: list[str]) -> int | None:
    """What `footprint` tells from a process of its own; None where it fails."""
    command = [sys.executable, str(Path(footprint.__file__)), *words]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
        return int(said.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
