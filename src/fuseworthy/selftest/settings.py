"""What a setting is: the law of a row, how rows hang together and are split, what is compared, what is promised."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np

from fuseworthy.task import Floats, Kind, Task

Split = Literal["rows", "groups", "time", "held-out"]


@dataclass(frozen=True)
class Population:
    """The law of one row.

    Parameters
    ----------
    signals : tuple of tuples
        For each label (one for an ordinary target) the strength of each modality: distance of a class mean from the
        centre, or regression weight, in standard deviations of the noise.
    kind : str
    correlation : float
        Of the noise in the first two columns of one modality with those of another.
    widths : tuple of int
        Columns of each modality; two each if empty.
    prevalence : float
        Of the second of two classes.
    classes : int
        Of a multiclass target.
    moved : bool
        All modalities but the first come from other rows: a placebo.
    """

    signals: tuple[tuple[float, ...], ...]
    kind: Kind = "binary"
    correlation: float = 0.0
    widths: tuple[int, ...] = ()
    prevalence: float = 0.5
    classes: int = 4
    moved: bool = False

    @property
    def modalities(self) -> int:
        return len(self.signals[0])

    @cached_property
    def columns(self) -> tuple[tuple[int, ...], ...]:
        """Column numbers of each modality."""
        ends = np.cumsum([0, *(self.widths or (2,) * self.modalities)])
        return tuple(tuple(range(a, b)) for a, b in pairwise(ends.tolist()))

    @property
    def width(self) -> int:
        return self.columns[-1][-1] + 1

    @cached_property
    def task(self) -> Task:
        if self.kind == "regression":
            return Task("regression", variance=1.0 + self.explained(0))
        return Task(self.kind, tuple(f"class {c}" for c in range(2 if self.kind == "binary" else self.classes)))

    @property
    def shares(self) -> Floats:
        """Probability of each class."""
        if self.kind == "binary":
            return np.array([1 - self.prevalence, self.prevalence])
        return np.full(self.classes, 1 / self.classes)

    def means(self, label: int) -> Floats:
        """Class means, (classes, width): on a line for two classes, on a circle for more."""
        out = np.zeros((len(self.shares), self.width))
        turn = 2 * np.pi * np.arange(len(self.shares)) / len(self.shares) + np.pi
        for own, strength in zip(self.columns, self.signals[label], strict=True):
            out[:, own[0]] = strength * np.cos(turn)
            if self.kind == "multiclass":
                out[:, own[1]] = strength * np.sin(turn)
        return out

    def weights(self, label: int) -> Floats:
        """Regression weights, (width,)."""
        out = np.zeros(self.width)
        out[[own[0] for own in self.columns]] = self.signals[label]
        return out

    @cached_property
    def covariance(self) -> Floats:
        """Of the noise (of the features, for regression), (width, width); variances are one."""
        out = np.eye(self.width)
        for place in (0, 1):
            at = [own[place] for own in self.columns if len(own) > place]
            out[np.ix_(at, at)] += self.correlation * (1 - np.eye(len(at)))
        return out

    def explained(self, label: int) -> float:
        """Variance of the regression's mean; that of its error is one."""
        weights = self.weights(label)
        return float(weights @ self.covariance @ weights)


@dataclass(frozen=True)
class Design:
    """How rows hang together and how they are split.

    Parameters
    ----------
    rows : int
        That are in the table, or in the held-out set.
    split : str
    repeats : int
        Of the folds; 0 for the default plan. For a held-out set the number of seeds.
    group_size : int
        0 for no groups.
    icc : float
        Share of each column's variance that a group has in common.
    fingerprint : bool
        A group has one label, and all modalities but the first tell which group it is.
    skewed : bool
        Groups differ in size, the largest about eight times the smallest.
    ar : float
        Correlation of a column with itself one row before; also of the labels.
    """

    rows: int
    split: Split = "rows"
    repeats: int = 0
    group_size: int = 0
    icc: float = 0.0
    fingerprint: bool = False
    skewed: bool = False
    ar: float = 0.0


@dataclass(frozen=True)
class Setting:
    """One line of the table: what is drawn, which candidates compete, what the verdict must keep.

    Parameters
    ----------
    name, family : str
    population : Population
    design : Design
    noise_candidates : int
        Further fusions, each with noise columns of its own.
    noise_first : bool
        These count as the simplest.
    controls : bool
        Twin, recalibration and placebo take part.
    decide_on : str or None
    power : tuple or None
        What must be found, a key of `fuseworthy.selftest.targets.FOUND`, and how often.
    runs : int
        Data sets of a full run.
    """

    name: str
    family: str
    population: Population
    design: Design
    noise_candidates: int = 0
    noise_first: bool = False
    controls: bool = False
    decide_on: str | None = None
    power: tuple[str, float] | None = None
    runs: int = 400
