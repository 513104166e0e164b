"""Policies: "the best single" and "the best fusion", each chosen without the rows it is then scored on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fuseworthy.folds import Folds
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
    """

    chosen: tuple[tuple[str, ...], ...]
    loss: Floats
    folds: Folds

    def predictions(self, ledger: Ledger) -> Floats:
        """Predictions of the policy, (repeats, n, width); NaN where no choice can be made."""
        out = np.full((ledger.folds.repeats, ledger.n, ledger.task.width), np.nan)
        for r, row in enumerate(self.chosen):
            for k, name in enumerate(row):
                if name:
                    rows = self.folds.test(r, k)
                    out[r, rows] = ledger.of(name)[r, rows]
        return out


def leave_fold_out(losses: Mapping[str, Floats], names: Sequence[str], folds: Folds) -> Policy:
    """Choose, for each fold, the strategy with the lowest mean loss on the other folds of that repeat.

    Temporal folds choose by earlier folds only, so the first fold is spent on choosing.

    Parameters
    ----------
    losses : name -> (repeats, n)
    names : candidates, in order of complexity (the first wins an exact tie)
    folds : Folds
    """
    repeats, n, count = folds.repeats, folds.assignment.shape[1], folds.count
    total = np.zeros((len(names), repeats, count))
    rows = np.zeros((repeats, count))
    for r in range(repeats):
        scored = folds.assignment[r] >= 0
        fold = folds.assignment[r][scored]
        rows[r] = np.bincount(fold, minlength=count)
        for s, name in enumerate(names):
            total[s, r] = np.bincount(fold, weights=losses[name][r, scored], minlength=count)
    loss = np.full((repeats, n), np.nan)
    chosen: list[tuple[str, ...]] = []
    for r in range(repeats):
        picks = []
        for k in range(count):
            others = np.arange(count) < k if folds.order is not None else np.arange(count) != k
            if count > 1 and not others.any():
                picks.append("")
                continue
            use = others if count > 1 else np.array([True])
            means = total[:, r, use].sum(axis=1) / rows[r, use].sum()
            name = names[int(means.argmin())]
            test = folds.assignment[r] == k
            loss[r, test] = losses[name][r, test]
            picks.append(name)
        chosen.append(tuple(picks))
    return Policy(tuple(chosen), loss, folds)


def best_overall(losses: Mapping[str, Floats], names: Sequence[str]) -> str:
    """The name with the lowest mean loss over all rows: for naming, never for the gain."""
    return min(names, key=lambda name: float(np.nanmean(losses[name])))
