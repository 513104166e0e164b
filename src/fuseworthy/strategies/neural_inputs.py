"""How the modalities of a training part become tensors: features learned once, for all networks of the part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.errors import require
from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.features import (
    Features,
    Leveled,
    TableDesign,
    TokenTopics,
    TokenVectors,
    Untouched,
    WideVectors,
)
from fuseworthy.strategies.part import Blocks, Cost, Part
from fuseworthy.strategies.singles import present_rows
from fuseworthy.strategies.views import dense_view, token_view
from fuseworthy.task import Task

if TYPE_CHECKING:
    from fuseworthy.strategies.training.rows import Rows

FEATURES: dict[str, Callable[[], Features]] = {
    "counts": TokenTopics,
    "cells": TableDesign,
    "vectors": WideVectors,
    "tokens": TokenVectors,
}


@dataclass(frozen=True)
class NeuralInputs:
    """How the modalities of a training part become tensors, and its rows as such.

    Parameters
    ----------
    views : modality -> the view it is read from
    features : modality -> fitted features
    sizes : modality -> columns
    train : the training rows
    seconds : CPU seconds that fitting the features took
    """

    views: Mapping[str, str]
    features: Mapping[str, Features]
    sizes: dict[str, int]
    train: Rows
    centre: float
    scale: float
    seconds: float

    @classmethod
    def learn(cls, blocks: Blocks, part: Part, *, tokens: bool = False) -> NeuralInputs:
        """Fit the features of every modality on the rows that have it; of sequences, if asked for, where there are any."""
        require("torch", extra="deep")
        choose = token_view if tokens else dense_view
        views = {m: choose(blocks[m]) for m in sorted(blocks)}
        learned = {m: _learned(m, blocks[m][view], part) for m, view in views.items()}
        centre, scale = _unit(part)
        rows = _joined({m: own.rows for m, own in learned.items()})
        return cls(
            views,
            {m: own.features for m, own in learned.items()},
            {m: int(rows.inputs[m].shape[-1]) for m in views},
            replace(rows, target=_target(part.y_train, part.task, centre, scale)),
            centre,
            scale,
            sum(own.seconds for own in learned.values()),
        )

    def balanced(self, part: Part) -> NeuralInputs:
        """The same with rows weighted so that every class counts alike."""
        import torch

        if not part.task.is_classification:
            return self
        counts = np.bincount(part.y_train, minlength=part.task.width)
        weight = torch.from_numpy((len(part.y_train) / (part.task.width * counts[part.y_train])).astype(np.float32))
        return replace(self, train=replace(self.train, weight=weight))


@dataclass(frozen=True)
class _Learned:
    """Features of one block, its training rows, and the CPU seconds both took; ``block`` is kept so that it stays itself."""

    block: Block
    features: Features
    rows: Rows
    seconds: float


_KEPT: dict[tuple[str, int, bytes, int], _Learned] = {}
"""What was learned of the last training part: many networks learn from the same."""


def _learned(name: str, block: Block, part: Part) -> _Learned:
    key = (name, id(block), part.train.tobytes(), part.seed)
    if key not in _KEPT:
        for other in [other for other in _KEPT if other[2:] != key[2:]]:
            del _KEPT[other]
        cost = Cost()
        with cost.fitting():
            made = Untouched() if block.form == "raw" else Leveled(FEATURES[block.form]())
            features = made.fit(block, present_rows(block, part.train), part.seed)
            rows = _rows_of(name, block, features, part.train)
        _KEPT[key] = _Learned(block, features, rows, cost.fit_seconds)
    return _KEPT[key]


def tensors(views: Mapping[str, str], features: Mapping[str, Features], blocks: Blocks, rows: Ints) -> Rows:
    """Rows of blocks as tensors; absent rows and padding are kept out of sight by flags and masks."""
    return _joined({m: _rows_of(m, blocks[m][view], features[m], rows) for m, view in views.items()})


def _rows_of(name: str, block: Block, features: Features, rows: Ints) -> Rows:
    """Rows of one modality."""
    import torch

    from fuseworthy.strategies.training.rows import Rows

    here = np.asarray(block.present[rows])
    values = features.transform(block, rows)
    if block.form != "raw":
        values = np.nan_to_num(values).astype(np.float32)
    times = None if block.times is None else np.array(block.times[rows], dtype=np.float32)
    return Rows(
        {name: torch.from_numpy(values)},
        {} if here.all() else {name: torch.from_numpy(here)},
        torch.zeros(len(rows)),
        torch.ones(len(rows)),
        {} if block.mask is None else {name: torch.from_numpy(np.array(block.mask[rows]))},
        {} if times is None else {name: torch.from_numpy(times)},
    )


def _joined(parts: Mapping[str, Rows]) -> Rows:
    """Several modalities of the same rows."""
    first, *others = parts.values()
    for other in others:
        first = replace(
            first,
            inputs=first.inputs | other.inputs,
            present=first.present | other.present,
            mask=first.mask | other.mask,
            times=first.times | other.times,
        )
    return first


def flags_of(rows: Rows) -> dict[str, NDArray[np.bool_]]:
    """Presence of each modality, (n,)."""
    everyone = np.ones(len(rows), dtype=bool)
    return {m: rows.present[m].cpu().numpy() if m in rows.present else everyone for m in rows.names}


def _unit(part: Part) -> tuple[float, float]:
    if part.task.is_classification:
        return 0.0, 1.0
    spread = float(part.y_train.std())
    return float(part.y_train.mean()), spread if spread > 0 else 1.0


def _target(y: NDArray[Any], task: Task, centre: float, scale: float) -> Any:
    import torch

    if task.is_classification:
        return torch.from_numpy(np.asarray(y, dtype=np.int64))
    return torch.from_numpy(((y - centre) / scale).astype(np.float32))
