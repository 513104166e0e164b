"""How a fusion is trained: the numbers of the loop, and the models to train with them."""

from __future__ import annotations

from dataclasses import dataclass

from fuseworthy.folds import Ints


@dataclass(frozen=True)
class Recipe:
    """Settings of the training loop.

    Parameters
    ----------
    rate : float
        Learning rate of AdamW after warm-up (Loshchilov & Hutter 2019).
    decay : float
        Weight decay.
    batch : int
        Rows a step.
    epochs : int
        Most passes over the rows.
    patience : int
        Passes without a better watched loss after which training stops.
    warm_up : int
        Steps over which the rate rises from zero.
    clip : float
        Largest norm of a gradient.
    begun : int
        Passes that the models have behind them already.
    cooling : bool
        Let the rate fall to zero over the passes, in a straight line.
    """

    rate: float = 1e-3
    decay: float = 0.05
    batch: int = 128
    epochs: int = 40
    patience: int = 5
    warm_up: int = 50
    clip: float = 1.0
    begun: int = 0
    cooling: bool = False


@dataclass(frozen=True)
class Copy:
    """One model to train.

    Parameters
    ----------
    rows : rows to learn from
    watched : rows on which its loss is watched, none of them in ``rows``; may be empty
    seed : of its first weights, the order of its batches and its dropout
    """

    rows: Ints
    watched: Ints
    seed: int


def recipe_for(rows: int, *, sequences: bool = False) -> Recipe:
    """The usual recipe for so many rows to learn from: small batches and larger steps where there are few.

    Attention over sequences first learns where to look, which takes steps rather than rows; a row costs more there, so
    small batches cost little.
    """
    if rows < 2000:
        return Recipe(rate=2e-3, batch=64)
    if sequences and rows >= 6000:
        return Recipe(rate=1.4e-3, batch=128)
    return Recipe(batch=128) if rows < 6000 else Recipe(rate=2.5e-3, batch=512, warm_up=25)
