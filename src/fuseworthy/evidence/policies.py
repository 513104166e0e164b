"""Policies: "the best single" and "the best fusion", each chosen without the rows it is then scored on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fuseworthy.evidence.intervals import row_error
from fuseworthy.folds import Folds, Ints
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats


@dataclass(frozen=True)
class Policy:
    """Which strategy is used in each repeat and fold, and the losses that gives.

    Parameters
    ----------
    chosen : (repeats, folds) list of names, "" where no choice can be made
    loss : (repeats, n) array, NaN where no choice can be made
    folds : the folds over which was chosen
    regret : float
        Mean loss less that of the candidate that did best on the same rows, which nobody could know: how far the
        choice itself is in doubt. Zero if there is one candidate, or the best one is chosen everywhere.
    """

    chosen: tuple[tuple[str, ...], ...]
    loss: Floats
    folds: Folds
    regret: float = 0.0

    def predictions(self, ledger: Ledger) -> Floats:
        """Predictions of the policy, (repeats, n, width); NaN where no choice can be made."""
        out = np.full((ledger.folds.repeats, ledger.n, ledger.task.width), np.nan)
        for r, row in enumerate(self.chosen):
            for k, name in enumerate(row):
                if name:
                    rows = self.folds.test(r, k)
                    out[r, rows] = ledger.of(name)[r, rows]
        return out


def leave_fold_out(losses: Mapping[str, Floats], names: Sequence[str], folds: Folds, *, within: float = 0.0) -> Policy:
    """Choose, for each fold, the strategy with the lowest mean loss on the other folds of that repeat.

    Temporal folds choose by earlier folds only, so the first fold is spent on choosing.

    Parameters
    ----------
    losses : name -> (repeats, n)
    names : candidates, in order of complexity (the first wins an exact tie)
    folds : Folds
    within : float
        Take the first candidate whose excess over the best is at most this many of its paired standard errors
        (the one-standard-error rule of Breiman et al. 1984, section 3.4.3).
    """
    loss = np.full((folds.repeats, folds.assignment.shape[1]), np.nan)
    chosen: list[tuple[str, ...]] = []
    regrets = []
    for r, fold in enumerate(folds.assignment):
        candidates = np.array([losses[name][r] for name in names])
        picks = _choices(candidates, fold, folds, within)
        for k, pick in enumerate(picks):
            if pick is not None:
                loss[r, fold == k] = candidates[pick, fold == k]
        known = np.isfinite(loss[r])
        regrets.append(loss[r, known].mean() - candidates[:, known].mean(axis=1).min() if known.any() else 0.0)
        chosen.append(tuple("" if pick is None else names[pick] for pick in picks))
    return Policy(tuple(chosen), loss, folds, max(float(np.mean(regrets)), 0.0))


def _choices(candidates: Floats, fold: Ints, folds: Folds, within: float) -> list[int | None]:
    """Number of the candidate taken for each fold of one repeat; None where nothing can be known."""
    scored = fold >= 0
    rows = np.bincount(fold[scored], minlength=folds.count)
    total = np.array([np.bincount(fold[scored], weights=c[scored], minlength=folds.count) for c in candidates])
    picks: list[int | None] = []
    for k in range(folds.count):
        before = np.arange(folds.count) < k
        others = before if folds.order is not None else np.arange(folds.count) != k
        if folds.count > 1 and not others.any():
            picks.append(None)
            continue
        use = others if folds.count > 1 else np.array([True])
        best = int((total[:, use].sum(axis=1) / rows[use].sum()).argmin())
        seen = np.flatnonzero(scored & np.append(use, False)[fold])
        picks.append(
            _simplest(candidates[: best + 1, seen], None if folds.clusters is None else folds.clusters[seen], within)
        )
    return picks


def _simplest(candidates: Floats, clusters: Ints | None, within: float) -> int:
    """The first candidate within so many standard errors of the last, which is the best."""
    if within > 0:
        for s, excess in enumerate(candidates[:-1] - candidates[-1]):
            if excess.mean() <= within * row_error(excess, clusters):
                return s
    return len(candidates) - 1


def best_overall(losses: Mapping[str, Floats], names: Sequence[str]) -> str:
    """The name with the lowest mean loss over all rows: for naming, never for the gain."""
    return min(names, key=lambda name: float(np.nanmean(losses[name])))
