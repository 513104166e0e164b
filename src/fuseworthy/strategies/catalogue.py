"""Every strategy by name: one line each. Singles are named ``modality/family`` and come from `FAMILIES`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from fuseworthy.ledger import Strategy
from fuseworthy.strategies.families import FAMILIES
from fuseworthy.strategies.subsets import attribution_strategies

LATE = ("mean", "weighted-mean", "log-pool", "stacking", "greedy")
EARLY = ("early-linear", "early-boosting")
PROBES = ("stacking", "early-boosting")
"""Fusions that are fitted first, to see whether there is anything to gain."""
CONTROLS = ("twin", "ensemble", "recal", "placebo-late", "placebo-early")


CATALOGUE: dict[str, Strategy] = {
    s.name: s
    for s in (
        Strategy("mean", "late", "mean of predictions, recalibrated", rank=10),
        Strategy("weighted-mean", "late", "weighted mean, recalibrated", rank=11),
        Strategy("log-pool", "late", "logarithmic pool, recalibrated", rank=12),
        Strategy("stacking", "late", "stacking with availability flags", rank=20),
        Strategy("greedy", "late", "greedy ensemble selection", rank=21),
        Strategy("early-linear", "early", "concatenation, linear with a penalty per block", rank=30),
        Strategy("early-boosting", "early", "reduced concatenation, gradient boosting", rank=31),
        Strategy("twin", "control", "two seeds of the best single"),
        Strategy("ensemble", "control", "the best modality's learners mixed"),
        Strategy("recal", "control", "the stacker on the best single alone"),
        Strategy("placebo-late", "control", "stacking with the other modalities shuffled"),
        Strategy("placebo-early", "control", "early fusion with the other modalities shuffled"),
        Strategy("mask-only", "control", "only which modalities are present"),
        Strategy("dummy", "reference", "the prior for every row"),
        Strategy("additive", "probe", "boosting that may not combine modalities in a tree"),
        Strategy("emap", "probe", "the part of early-boosting that is additive over modalities"),
    )
}


def strategies_of(views: Mapping[str, Iterable[str]], fusions: Iterable[str], maskable: bool) -> dict[str, Strategy]:
    """Everything a study tries, singles first.

    Parameters
    ----------
    views : modality -> views it has
    fusions : names of fusions
    maskable : bool
        Whether some modality is absent in some rows.
    """
    singles = {
        f"{modality}/{family.name}": Strategy(
            f"{modality}/{family.name}", "single", f"{modality}: {family.title}", modality, family.rank
        )
        for modality in sorted(views)
        for view in views[modality]
        for family in FAMILIES[view]
    }
    wanted = set(fusions)
    probes = {p: CATALOGUE[p] if p in wanted else replace(CATALOGUE[p], family="probe") for p in PROBES}
    rest = ["additive", "emap", *CONTROLS, *(("mask-only",) if maskable else ()), "dummy"]
    named = {name: CATALOGUE[name] for name in [*fusions, *rest]} | probes
    order = [name for name in CATALOGUE if name in named]
    return singles | {name: named[name] for name in order} | attribution_strategies(sorted(views))
