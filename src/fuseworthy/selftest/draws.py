"""Made data: Gaussian modalities whose marginal law is the same for single rows, for groups and in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from fuseworthy.folds import Ints
from fuseworthy.selftest.settings import Design, Population
from fuseworthy.task import Floats

NOISE_WIDTH = 2
"""Columns of pure noise that each noise candidate brings along."""


@dataclass(frozen=True)
class Draw:
    """Rows of one data set.

    Parameters
    ----------
    x : (labels, n, columns)
        The modalities one after another, columns of pure noise, and the modalities but the first moved to other rows.
    y : (labels, n)
        Class codes, or values; one line unless there are several labels.
    groups : (n,) int array or None
    """

    x: Floats
    y: NDArray[Any]
    groups: Ints | None


def draw(population: Population, design: Design, noise_candidates: int, rows: int, rng: np.random.Generator) -> Draw:
    """Draw ``rows`` rows.

    Groups and time make rows alike, but one row by itself always has the law of ``population``: what is true does not
    depend on the design.
    """
    groups = group_numbers(design, rows) if design.group_size else None
    like = Likeness(groups, design.icc, design.ar)
    prints = like if not design.fingerprint else Likeness(groups, 0.9, 0.0)
    root = np.linalg.cholesky(population.covariance)
    first = len(population.columns[0])
    junk = like.series(rng.normal(size=(rows, NOISE_WIDTH * noise_candidates)), rng)
    common = rng.normal(size=(rows, population.width))
    tables, targets = [], []
    for label in range(len(population.signals)):
        fresh = rng.normal(size=(rows, population.width))
        if len(population.signals) > 1:  # labels of one row share half of their noise
            fresh = np.sqrt(0.5) * (fresh + common)
        noise = np.hstack([like.series(fresh[:, :first], rng), prints.series(fresh[:, first:], rng)]) @ root.T
        if population.kind == "regression":
            x = noise
            y: NDArray[Any] = x @ population.weights(label) + like.series(rng.normal(size=(rows, 1)), rng)[:, 0]
        else:
            y = _labels(population, rows, groups if design.fingerprint else None, design.ar, rng)
            x = population.means(label)[y] + noise
        elsewhere = x[_other_rows(groups, design.fingerprint, rows, rng), first:]
        x = np.hstack([x[:, :first], elsewhere]) if population.moved else x
        tables.append(np.hstack([x, junk, elsewhere]))
        targets.append(y)
    return Draw(np.array(tables), np.array(targets), groups)


@dataclass(frozen=True)
class Likeness:
    """How far rows of a group, or neighbours in time, are alike."""

    groups: Ints | None
    icc: float
    ar: float

    def series(self, fresh: Floats, rng: np.random.Generator) -> Floats:
        """Standard normal columns that are alike in groups and in time, from independent ones, (n, columns)."""
        out = fresh
        if self.ar:
            scaled = np.sqrt(1 - self.ar**2) * fresh
            scaled[0] = fresh[0]
            out = lfilter([1.0], [1.0, -self.ar], scaled, axis=0)
        if self.groups is not None and self.icc:
            of_group = rng.normal(size=(int(self.groups.max()) + 1, fresh.shape[1]))
            out = np.sqrt(self.icc) * of_group[self.groups] + np.sqrt(1 - self.icc) * out
        return np.asarray(out)


def group_numbers(design: Design, rows: int) -> Ints:
    """Group of each row, (n,): of one size, or of sizes that grow about eightfold."""
    count = rows // design.group_size
    sizes = np.full(count, 1.0) if not design.skewed else 8 ** np.linspace(0, 1, count)
    ends = np.rint(np.cumsum(sizes) / sizes.sum() * rows)
    return np.asarray(np.searchsorted(ends, np.arange(rows), side="right"), dtype=np.int64)


def _labels(population: Population, rows: int, groups: Ints | None, ar: float, rng: np.random.Generator) -> Ints:
    """Class codes: drawn row by row, once for each group, or kept from the row before with probability ``ar``."""
    fresh = rng.choice(len(population.shares), size=rows, p=population.shares)
    if groups is not None:
        return np.asarray(fresh[: int(groups.max()) + 1][groups])
    renewed = rng.random(rows) >= ar
    renewed[0] = True
    return np.asarray(fresh[np.maximum.accumulate(np.where(renewed, np.arange(rows), 0))])


def _other_rows(groups: Ints | None, whole: bool, rows: int, rng: np.random.Generator) -> Ints:
    """Rows to move other modalities from: any, of the same group, or a whole other group of a similar size."""
    if groups is None:
        return rng.permutation(rows)
    if not whole:
        return np.lexsort((rng.random(rows), groups))
    starts, sizes = np.unique(groups, return_index=True, return_counts=True)[1:]
    partner = rng.permutation(len(sizes))[groups]
    return np.asarray(starts[partner] + (np.arange(rows) - starts[groups]) % sizes[partner])
