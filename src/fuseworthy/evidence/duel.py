"""The best single against the best fusion, policy against policy, with the guard and the controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fuseworthy.evidence.intervals import Interval, paired_interval
from fuseworthy.evidence.policies import Policy, leave_fold_out
from fuseworthy.folds import Folds, split_rows
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats


@dataclass(frozen=True)
class Duel:
    """Both policies, the gain of one over the other, and what must hold besides.

    Parameters
    ----------
    gain : Interval
        Of the fusion policy over the single policy.
    guard : list of dict
        The fusion policy against each modality's own best single.
    controls : list of dict
        The fusion policy against each control.
    """

    single: Policy
    fusion: Policy
    gain: Interval
    guard: list[dict[str, Any]]
    controls: list[dict[str, Any]]

    @property
    def guard_p(self) -> float:
        """Largest p of the guard: an intersection-union test needs no correction (Berger 1982)."""
        return max((float(g["p"]) for g in self.guard), default=0.0)


def fight(ledger: Ledger, losses: Mapping[str, Floats], alpha: float) -> Duel:
    """Choose both policies without the rows they are scored on, and compare them.

    Parameters
    ----------
    losses : name -> (repeats, n), lower is better
    alpha : one-sided error of every interval
    """
    single, fusion = policies(ledger, losses)
    choosing = fusion.folds

    def interval(other: Policy) -> Interval:
        return paired_interval(
            other.loss - fusion.loss, ledger.folds, alpha=alpha, choice=other.regret, optimism=fusion.regret
        )

    def against(names: list[str]) -> dict[str, Any]:
        return interval(leave_fold_out(losses, names, choosing)).to_dict()

    guard = [{"modality": m} | against(simplest_first(ledger, m)) for m in ledger.modalities]
    controls = []
    for name in ledger.names(kind="control"):
        found = against([name])
        controls.append({"name": name, "title": ledger.strategies[name].title} | found | {"holds": found["low"] > 0})
    return Duel(single, fusion, interval(single), guard, controls)


def policies(ledger: Ledger, losses: Mapping[str, Floats]) -> tuple[Policy, Policy]:
    """The best single, and the simplest fusion within one standard error of the best: the one to be deployed.

    Chasing the last digit among many fusions follows chance, some of which the models of other folds have seen.
    """
    choosing = choosing_folds(ledger)
    singles, fusions = simplest_first(ledger, kind="single"), simplest_first(ledger, kind="fusion")
    return leave_fold_out(losses, singles, choosing), leave_fold_out(losses, fusions, choosing, within=1.0)


def one_sided_error(ledger: Ledger) -> float:
    """Error of each one-sided test: .05, in time .025 because intervals are a little optimistic there."""
    return 0.025 if ledger.folds.order is not None else 0.05


def simplest_first(ledger: Ledger, modality: str | None = None, kind: str = "single") -> list[str]:
    """Names of one kind in order of complexity, so that the simpler wins an exact tie."""
    return sorted(ledger.names(modality=modality, kind=kind), key=lambda name: ledger.strategies[name].rank)


def choosing_folds(ledger: Ledger) -> Folds:
    """The folds over which candidates are chosen: the ledger's own, or five parts of one held-out set."""
    if ledger.folds.count > 1:
        return ledger.folds
    scored = np.flatnonzero(ledger.scored.all(axis=0))
    clusters = None if ledger.folds.clusters is None else ledger.folds.clusters[scored]
    units = len(scored) if clusters is None else len(np.unique(clusters))
    parts = np.full(ledger.folds.assignment.shape, -1, dtype=np.int64)
    parts[:, scored] = split_rows(None, len(scored), clusters, min(5, units), seed=0)
    return Folds("held-out", parts, ledger.folds.clusters)
