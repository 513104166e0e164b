"""Every strategy by name: one line each. Singles are named ``modality/family`` and come from `FAMILIES`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fuseworthy.ledger import Strategy
from fuseworthy.strategies.families import FAMILIES

LATE = ("mean", "weighted-mean", "log-pool", "stacking", "greedy")
EARLY = ("early-linear", "early-boosting")
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
    rest = [*fusions, *CONTROLS, *(("mask-only",) if maskable else ()), "dummy"]
    return singles | {name: CATALOGUE[name] for name in rest}
