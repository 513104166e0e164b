"""One training part and what a strategy leaves behind after learning from it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from fuseworthy.folds import Folds, Ints, inner_folds
from fuseworthy.inputs.blocks import Block
from fuseworthy.task import Floats, Task

INNER = 3
"""Inner folds for tuning, calibration and stacking."""

Blocks = Mapping[str, Mapping[str, Block]]
"""Modality -> view -> Block."""


def presence(views: Mapping[str, Block]) -> NDArray[np.bool_]:
    """Which rows have a modality, (n,), from any of its views."""
    return next(iter(views.values())).present


@dataclass(frozen=True)
class Part:
    """Rows to learn from, rows to score, and the inner folds of the former.

    Parameters
    ----------
    task : Task
    y : (n,) target of all rows; only ``y[train]`` may be read by a strategy
    train, test : row numbers, ascending
    inner : (len(train),) inner fold of each training row
    seed : int
    """

    task: Task
    y: NDArray[Any]
    train: Ints
    test: Ints
    inner: Ints
    seed: int

    @property
    def y_train(self) -> NDArray[Any]:
        return np.asarray(self.y[self.train])

    @property
    def prior(self) -> Floats:
        """Best constant of the training part, (width,)."""
        return self.task.prior(self.y_train)

    def constant(self, rows: int) -> Floats:
        return np.tile(self.prior, (rows, 1))


@dataclass
class Cost:
    """What a strategy takes: CPU seconds to fit and to predict the scored rows, and parameters it keeps."""

    fit_seconds: float = 0.0
    predict_seconds: float = 0.0
    parameters: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.fit_seconds + other.fit_seconds,
            self.predict_seconds + other.predict_seconds,
            self.parameters + other.parameters,
        )

    @contextmanager
    def fitting(self) -> Iterator[None]:
        start = time.process_time()
        yield
        self.fit_seconds += time.process_time() - start

    @contextmanager
    def predicting(self) -> Iterator[None]:
        start = time.process_time()
        yield
        self.predict_seconds += time.process_time() - start


class Predictor(Protocol):
    """What is left of a strategy after learning: it answers rows that nobody had seen.

    One with a true attribute ``told_of_absence`` was told in training what to say where modalities are missing, even if
    no row lacked any; of others the estimators warn.
    """

    def predict(self, blocks: Blocks, rows: Ints) -> Floats:
        """Calibrated predictions of ``rows``, (len(rows), width).

        Parameters
        ----------
        blocks : the modalities and views that were learned from, of any table; a row may lack any of them
        rows : row numbers, in any order
        """
        ...


@dataclass(frozen=True)
class Constant:
    """Answers every row with the prior of the training part, (width,)."""

    prior: Floats
    told_of_absence: ClassVar[bool] = True

    def predict(self, blocks: Blocks, rows: Ints) -> Floats:
        return np.tile(self.prior, (len(rows), 1))


@dataclass(frozen=True)
class Fitted:
    """Predictions of one strategy in one fold.

    Parameters
    ----------
    test : (len(test), width) calibrated predictions of the scored rows
    raw : the same before the strategy's own calibration, or None if it has none
    inner : (len(train), width) calibrated out-of-fold predictions inside the training part, or None
    setting : what tuning chose
    predictor : answers other rows as ``test`` was answered; None where predictions were read from disk, or for a
        strategy that explains and is never used
    """

    test: Floats
    raw: Floats | None = None
    inner: Floats | None = None
    cost: Cost = field(default_factory=Cost)
    setting: dict[str, Any] = field(default_factory=dict)
    predictor: Predictor | None = None


def make_part(y: NDArray[Any], task: Task, folds: Folds, repeat: int, fold: int, seed: int) -> Part:
    """The training part of one fold, with its inner folds (same rules: clusters whole, time in blocks)."""
    train, test = folds.train(repeat, fold), folds.test(repeat, fold)
    clusters = None if folds.clusters is None else folds.clusters[train]
    order = None if folds.order is None else folds.order[train]
    part_seed = seed * 1_000_003 + repeat * 1009 + fold
    inner = inner_folds(y[train], task, clusters, order, n_folds=INNER, seed=part_seed % 2**31)
    return Part(task, y, train, test, inner, part_seed % 2**31)


def whole_part(y: NDArray[Any], task: Task, seed: int, clusters: Ints | None = None, order: Ints | None = None) -> Part:
    """All rows to learn from and none to score, with the inner folds of `make_part`: clusters whole, time in blocks.

    Examples
    --------
    >>> part = whole_part(np.arange(6.0), Task("regression", variance=3.5), 0)
    >>> part.train.tolist(), part.test.tolist()
    ([0, 1, 2, 3, 4, 5], [])
    """
    inner = inner_folds(y, task, clusters, order, n_folds=INNER, seed=seed)
    return Part(task, y, np.arange(len(y)), np.empty(0, dtype=np.int64), inner, seed)
