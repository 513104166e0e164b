"""Whether a graph answers as the model does: asked with the same rows, whatever stands where a modality is absent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fuseworthy.deploy.export.files import TOLERANCE
from fuseworthy.deploy.export.rows import Input
from fuseworthy.deploy.export.session import opened
from fuseworthy.deploy.export.settled import around
from fuseworthy.deploy.export.traced import STEPS
from fuseworthy.deploy.probe import probe_blocks
from fuseworthy.errors import InputError
from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.hidden import hidden, visible_sets
from fuseworthy.strategies.part import Blocks, presence
from fuseworthy.task import Floats

if TYPE_CHECKING:
    from fuseworthy.deploy.answers import Answers
    from fuseworthy.deploy.export.described import Outputs
    from fuseworthy.deploy.model import Model

MOST_ROWS = 1000
MOST_ON_EDGE = 0.05
"""Share of the rows asked that may stand on an edge: more are no accident of their last digits."""
AT_ONCE = 64
"""Rows that are asked together; counts of tokens are dense here."""


@dataclass(frozen=True)
class Parity:
    """How far a graph is from its model.

    Parameters
    ----------
    probe : the largest difference over the probe's rows, with every set of modalities; without rows on an edge
    rows : real rows that were asked
    real : the largest difference over them, or None; without rows on an edge
    on_edge : real rows that the graph answers otherwise, as they stand on a split of boosted trees (see `settled`) and fall
        to its other side
    """

    probe: float
    rows: int = 0
    real: float | None = None
    on_edge: int = 0

    @property
    def largest(self) -> float:
        return max(self.probe, self.real or 0.0)


def measured(model: Model, content: bytes, inputs: Sequence[Input], outputs: Outputs, real: Blocks | None) -> Parity:
    """Ask model and graph the same.

    Raises
    ------
    InputError
        They differ by more than 1e-5, another part answers a row, or too many rows stand on an edge.
    """
    probe = padded(probe_blocks(model))
    asked = _Asked(around(model, probe), opened(content), tuple(inputs), outputs)
    sets: list[tuple[str, ...]] = [(), *visible_sets(list(model.modalities))]
    worst, on_edge = 0.0, 0
    for own in sets:
        apart, edged = asked.apart(hidden(probe, own))
        _require_alike(apart, f"rows drawn at random that have {'+'.join(own) or 'nothing'}")
        worst, on_edge = max(worst, apart), on_edge + edged
    _require_few(on_edge, len(sets) * _rows(probe), "rows drawn at random")
    if real is None:
        return Parity(worst)
    found = [asked.apart(piece) for piece in pieces(padded(real), AT_ONCE)]
    largest = max((apart for apart, _ in found), default=0.0)
    _require_alike(largest, "real rows")
    on_edge = sum(rows for _, rows in found)
    _require_few(on_edge, _rows(real), "real rows")
    return Parity(worst, _rows(real), largest, on_edge)


def fed(blocks: Blocks, inputs: Sequence[Input]) -> dict[str, NDArray[Any]]:
    """The arrays that blocks are to a graph; NaN where a modality is absent, which must change nothing.

    Parameters
    ----------
    blocks : modality -> view -> Block
    inputs : as `export.json` lists them
    """
    found = {}
    for own in inputs:
        here = np.asarray(presence(blocks[own.modality]))
        if own.view is None:
            found[own.name] = here
            continue
        block = blocks[own.modality][own.view]
        if own.role == "mask":
            found[own.name] = np.asarray(block.mask)
            continue
        array = block.times if own.role == "times" else block.values
        dense = array.toarray() if sparse.issparse(array) else np.asarray(array)  # type: ignore[union-attr]
        dense = dense.astype(own.dtype)
        dense[~here] = np.nan
        found[own.name] = dense
    return found


def padded(blocks: Blocks) -> dict[str, dict[str, Block]]:
    """The blocks, their sequences of two steps or more."""
    return {m: {view: _padded(block) for view, block in views.items()} for m, views in blocks.items()}


def _padded(block: Block) -> Block:
    if block.mask is None or block.mask.shape[1] >= STEPS:
        return block
    more = ((0, 0), (0, STEPS - block.mask.shape[1]))
    times = None if block.times is None else np.pad(block.times, more)
    return replace(block, values=np.pad(block.values, (*more, (0, 0))), mask=np.pad(block.mask, more), times=times)


@dataclass(frozen=True)
class _Asked:
    """A model, the same with its splits moved a little, and a graph."""

    models: list[Model]
    session: Any
    inputs: tuple[Input, ...]
    outputs: Outputs

    def apart(self, blocks: Blocks) -> tuple[float, int]:
        """The largest difference between the answers to some rows, infinite where another part answers; and the rows on
        an edge that are answered otherwise, but as the model would a hair to one side.
        """
        model, *moved = self.models
        answers = model.answer_blocks(blocks)
        found = dict(
            zip(self.outputs.names, self.session.run(self.outputs.names, fed(blocks, self.inputs)), strict=True)
        )
        routes = np.array(self.outputs.routes, dtype=object)[found[self.outputs.route]]
        if (routes != answers.route).any():
            return float("inf"), 0
        task = model.task
        unit = task.prediction_unit

        def off(given: Answers) -> Floats:
            return np.asarray(_by_row(_said(given, self.outputs), found) / unit)

        by_row = off(answers)
        if not np.isfinite(by_row).all():
            return float("inf"), 0
        on_edge = np.zeros(len(by_row), dtype=bool)
        if (by_row > TOLERANCE).any():  # which is rare: only then the moved ones are asked as well
            on_edge = (by_row > TOLERANCE) & (
                np.min([off(m.answer_blocks(blocks)) for m in moved], axis=0) <= TOLERANCE
            )
        return float(np.where(on_edge, 0.0, by_row).max(initial=0.0)), int(on_edge.sum())


def _said(answers: Answers, outputs: Outputs) -> dict[str, Floats]:
    """A model's answers by the names of the graph's outputs."""
    found = {outputs.prediction: answers.prediction}
    found |= {name: answers.singles[m] for m, name in outputs.singles.items()}
    if answers.fusion is not None and outputs.fusion is not None:
        found[outputs.fusion] = answers.fusion
    return found


def _by_row(ours: Mapping[str, Floats], theirs: Mapping[str, Floats]) -> Floats:
    """The largest difference of each row over all outputs, (n,)."""
    return np.max([np.abs(own - theirs[name]).max(axis=1) for name, own in ours.items()], axis=0)  # type: ignore[no-any-return]


def pieces(blocks: Blocks, at_once: int) -> Iterator[dict[str, dict[str, Block]]]:
    """The blocks some rows at a time."""
    for start in range(0, _rows(blocks), at_once):
        rows = np.arange(start, min(start + at_once, _rows(blocks)))
        yield {m: {view: block.shuffled(rows) for view, block in views.items()} for m, views in blocks.items()}


def _rows(blocks: Mapping[str, Mapping[str, Block]]) -> int:
    return next(iter(next(iter(blocks.values())).values())).n


def _require_alike(apart: float, what: str) -> None:
    if not apart <= TOLERANCE:
        raise InputError(
            f"an export must answer as its model to {TOLERANCE:g}, but on {what} they differ by {apart:.2g}. Nothing was "
            "written. Deploy another strategy, and tell us of this one."
        )


def _require_few(on_edge: int, rows: int, what: str) -> None:
    if on_edge > max(1.0, MOST_ON_EDGE * rows):
        raise InputError(
            f"an export must answer as its model but for rows that a last digit decides, at most {MOST_ON_EDGE:.0%} of them, "
            f"but of {rows:,} {what} {on_edge:,} are answered otherwise. Nothing was written. Deploy another strategy, and "
            "tell us of this one."
        )
