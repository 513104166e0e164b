"""What is known of every row with only some of its modalities: the fusion asked so, and the best single that is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fuseworthy.evidence.duel import choosing_folds, simplest_first
from fuseworthy.evidence.policies import best_overall, leave_fold_out
from fuseworthy.folds import Folds
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats

Set = frozenset[str]
FEWEST = 200
"""Rows on which something is said of a set of modalities by itself."""


@dataclass(frozen=True)
class Hidden:
    """What one fusion predicts where modalities are hidden from it.

    Parameters
    ----------
    strategy : str
    predictions : set of visible modalities, as ``a+b`` -> (n, width), NaN where a row is not scored
    """

    strategy: str
    predictions: Mapping[str, Floats]


@dataclass(frozen=True)
class Availability:
    """Losses of rows by what is visible of them, in the first repeat.

    Parameters
    ----------
    folds : over which singles and routes are chosen, of one repeat
    present : modality -> (n,) bool
    fusion : visible set -> (n,) loss of the fusion
    singles : modality -> (n,) loss of its best single, chosen on other folds
    names : modality -> its best single, over all rows
    prior : (n,) loss of the prior: what is left of a row without any modality
    """

    folds: Folds
    present: Mapping[str, NDArray[np.bool_]]
    fusion: Mapping[Set, Floats]
    singles: Mapping[str, Floats]
    names: Mapping[str, str]
    prior: Floats

    @classmethod
    def of(cls, ledger: Ledger, hidden: Hidden) -> Availability:
        """From the first repeat of a ledger."""
        full = choosing_folds(ledger)
        folds = Folds(full.kind, full.assignment[:1], full.clusters, full.order)
        losses = {name: loss[:1] for name, loss in ledger.losses().items()}
        names = {m: simplest_first(ledger, m) for m in ledger.modalities}
        rows = [set(pattern.split("+")) for pattern in ledger.pattern.astype(str)]
        return cls(
            folds,
            {m: np.array([m in row for row in rows]) for m in names},
            {frozenset(s.split("+")): ledger.task.row_loss(ledger.y, p) for s, p in hidden.predictions.items()},
            {m: leave_fold_out(losses, own, folds).loss[0] for m, own in names.items()},
            {m: best_overall(losses, own) for m, own in names.items()},
            losses["dummy"][0],
        )

    @property
    def modalities(self) -> list[str]:
        """Sorted."""
        return sorted(self.present)

    @cached_property
    def scored(self) -> NDArray[np.bool_]:
        """(n,): rows for which everything is known, which in time excludes the first fold."""
        return np.asarray(np.isfinite(np.column_stack([*self.singles.values(), *self.fusion.values()])).all(axis=1))

    def having(self, visible: Set) -> NDArray[np.bool_]:
        """(n,): scored rows that have all of these modalities."""
        have = np.column_stack([self.present[m] for m in visible]).all(axis=1) if visible else True
        return self.scored & have

    def telling(self, visible: Set, among: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], bool]:
        """The rows that tell about a set, (n,): those that have exactly these modalities where there are 200 of them, or
        else all that have them, with the rest hidden; and whether it is the former.

        The two differ where missingness carries the label.
        """
        exactly = among & self.scored & self._exactly(frozenset(self.modalities), visible)
        seen = bool(exactly.sum() >= FEWEST)
        return (exactly, True) if seen else (among & self.having(visible), False)

    def best_left(self, visible: Set) -> tuple[Floats, str]:
        """Loss of the best single that each row has among these modalities, (n,), chosen on other folds; and the name of
        the one that is best for rows with all of them.

        A row that has none of them gets the prior.
        """
        loss, best = np.where(self.scored, self.prior, np.nan), ""
        for pattern in self._patterns(visible):
            rows = self.scored & self._exactly(visible, pattern)
            chosen, name = self._chosen(pattern)
            loss[rows] = chosen[rows]
            best = name if pattern == visible else best
        return loss, best or self._chosen(visible)[1]

    def _chosen(self, pattern: Set) -> tuple[Floats, str]:
        """The best of these modalities' singles on rows that have them all: losses (n,), chosen fold by fold."""
        learned = self.having(pattern)
        names = sorted(pattern)
        means = {m: self._fold_means(self.singles[m], learned) for m in names}
        loss = np.full(len(learned), np.nan)
        for k in range(self.folds.count):
            others = self.others(k)
            best = min(names, key=lambda m: _mean(means[m], others))
            rows = self.folds.assignment[0] == k
            loss[rows] = self.singles[best][rows]
        overall = min(names, key=lambda m: _mean(means[m], np.ones(self.folds.count, dtype=bool)))
        return loss, self.names[overall]

    def others(self, k: int) -> NDArray[np.bool_]:
        """Folds that may be looked at to choose for fold k: earlier ones in time."""
        folds = np.arange(self.folds.count)
        return folds < k if self.folds.order is not None else folds != k

    def _fold_means(self, values: Floats, rows: NDArray[np.bool_]) -> Floats:
        """Sum and number of the rows of each fold, (2, folds)."""
        fold = self.folds.assignment[0][rows]
        count = np.bincount(fold, minlength=self.folds.count)
        return np.stack([np.bincount(fold, weights=values[rows], minlength=self.folds.count), count])

    def _patterns(self, visible: Set) -> list[Set]:
        """Sets of modalities that rows have left of the visible ones, without the empty one."""
        names = sorted(visible)
        seen = np.unique(np.column_stack([self.present[m] for m in names]), axis=0)
        return [frozenset(m for m, has in zip(names, row, strict=True) if has) for row in seen if row.any()]

    def _exactly(self, visible: Set, pattern: Set) -> NDArray[np.bool_]:
        return np.asarray(np.column_stack([self.present[m] == (m in pattern) for m in sorted(visible)]).all(axis=1))


def _mean(sums: Floats, folds: NDArray[np.bool_]) -> float:
    total, count = sums[:, folds].sum(axis=1)
    return float(total / count) if count else float("inf")
