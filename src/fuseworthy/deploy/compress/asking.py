"""What graphs answer to rows that are encoded already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fuseworthy.deploy.export.parity import fed, padded, pieces
from fuseworthy.deploy.export.session import opened
from fuseworthy.strategies.part import Blocks
from fuseworthy.task import Floats, Task

if TYPE_CHECKING:
    from fuseworthy.deploy.compress.candidate import Graphed

AT_ONCE = 32
"""Rows that are asked together: the larger of the batches whose latency is measured."""


def answers_of(graph: Graphed, blocks: Blocks, task: Task, at_once: int = AT_ONCE) -> Floats:
    """Predictions of every row, (n, width); of classes as shares that sum to one."""
    session, name = opened(graph.content), graph.outputs.prediction
    found = [session.run([name], fed(own, graph.inputs))[0] for own in pieces(padded(blocks), at_once)]
    said = np.concatenate(found).astype(np.float64)
    return said / said.sum(axis=1, keepdims=True) if task.is_classification else said


def batches_of(graph: Graphed, blocks: Blocks, size: int, most: int) -> list[dict[str, Any]]:
    """Rows as they are fed to a graph, some batches of one size; the last rows come again where too few are left."""
    rows = next(iter(next(iter(blocks.values())).values())).n
    starts = [i % max(rows - size, 1) for i in range(0, size * most, size)]
    numbers = [np.minimum(np.arange(start, start + size), rows - 1) for start in starts]
    whole = padded(blocks)
    return [
        fed({m: {v: block.shuffled(own) for v, block in views.items()} for m, views in whole.items()}, graph.inputs)
        for own in numbers
    ]
