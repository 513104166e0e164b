"""Which rows each copy sees when, and which modalities are hidden from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from fuseworthy.folds import Ints
from fuseworthy.strategies.training.recipe import Copy
from fuseworthy.strategies.training.rows import Rows
from fuseworthy.task import Floats


def batches(copies: Sequence[Copy], orders: Sequence[np.random.Generator], length: int, size: int) -> Iterator[Ints]:
    """One pass over ``length`` rows: (copies, b) row numbers, each copy in its own order, about ``size`` a step.

    Copies that learn from a few rows more leave some of them to the next pass, so that all take the same steps.
    """
    shuffled = [order.permutation(copy.rows) for copy, order in zip(copies, orders, strict=True)]
    edges = np.linspace(0, length, steps_of(length, size) + 1).astype(int)
    for start, stop in pairwise(edges):
        yield np.stack([rows[start:stop] for rows in shuffled])


def steps_of(length: int, size: int) -> int:
    """Steps of one pass over ``length`` rows, about ``size`` a step."""
    return max(1, round(length / size))


def watched_rows(copies: Sequence[Copy]) -> tuple[Ints, Floats]:
    """(copies, w) watched row numbers, the shorter lists filled up, and 1 where one counts."""
    longest = max(len(copy.watched) for copy in copies)
    index = np.stack([np.resize(copy.watched, longest) for copy in copies])
    counted = np.stack([np.arange(longest) < len(copy.watched) for copy in copies])
    return index, counted.astype(np.float64)


@dataclass(frozen=True)
class Dropping:
    """Modality dropout: each modality is hidden at its own rate, never the last one that a row has.

    Parameters
    ----------
    rates : modality -> share of rows in which it is hidden
    """

    rates: Mapping[str, float]

    def apply(self, batch: Rows, orders: Sequence[np.random.Generator]) -> Rows:
        """The batch of (copies, b) rows with modalities hidden."""
        names, size = batch.names, batch.target.shape[1]
        rates = np.array([self.rates.get(m, 0.0) for m in names])
        drawn = np.stack([order.random((size, len(names))) for order in orders])
        device = batch.target.device
        everyone = torch.ones_like(batch.target, dtype=torch.bool)
        had = torch.stack([batch.present.get(m, everyone) for m in names], dim=-1)
        kept = had & torch.as_tensor(drawn >= rates, device=device)
        none = ~kept.any(dim=-1, keepdim=True)
        # a row that would lose everything keeps the modality with the largest draw among those it has
        draws = torch.as_tensor(drawn, device=device).masked_fill(~had, -1.0)
        spared = torch.zeros_like(kept).scatter_(-1, draws.argmax(dim=-1, keepdim=True), True) & had
        kept = kept | (none & spared)
        return replace(batch, present={m: kept[..., i] for i, m in enumerate(names)})


def dropping_rates(present: Mapping[str, NDArray[np.bool_]], least: float = 0.1, most: float = 0.5) -> dict[str, float]:
    """The rate at which each modality is hidden: as often as it is missing already, within bounds.

    A network protects against missing modalities only up to the rate it was trained with, so none has a rate of zero.

    Parameters
    ----------
    present : modality -> (n,) bool
    """
    return {m: float(np.clip(1 - np.mean(here), least, most)) for m, here in present.items()}
