"""Every rule, in the order of its code."""

from __future__ import annotations

from fuseworthy.evidence.checks.calibration import CalibrationLost, ScalesNotComparable
from fuseworthy.evidence.checks.fairness import ChosenOnScoredRows, OtherRowsOrSplits, UntunedSingle
from fuseworthy.evidence.checks.features import ScaleDominates, TooManyFeatures
from fuseworthy.evidence.checks.gain import EnsembleEffect, GainBelowCost, NoSliceRescued, SurvivesPlacebo
from fuseworthy.evidence.checks.interaction import InteractionIdle, OnlyLateTried
from fuseworthy.evidence.checks.leakage import GroupLeakage, TargetAmongFeatures
from fuseworthy.evidence.checks.misjoined import MisJoined
from fuseworthy.evidence.checks.missing import MissingnessTells, MoreMissing
from fuseworthy.evidence.checks.modalities import HarmfulDominance, NoisyModality, RedundantModality
from fuseworthy.evidence.checks.rule import Check, Evidence, Result, result_of
from fuseworthy.evidence.checks.series import LaggedSeries, MixedRates

CHECKS: tuple[Check, ...] = (
    UntunedSingle(),
    OtherRowsOrSplits(),
    ChosenOnScoredRows(),
    ScaleDominates(),
    TooManyFeatures(),
    NoisyModality(),
    RedundantModality(),
    EnsembleEffect(),
    SurvivesPlacebo(),
    ScalesNotComparable(),
    CalibrationLost(),
    HarmfulDominance(),
    OnlyLateTried(),
    InteractionIdle(),
    NoSliceRescued(),
    GainBelowCost(),
    MissingnessTells(),
    MoreMissing(),
    MisJoined(),
    GroupLeakage(),
    TargetAmongFeatures(),
    LaggedSeries(),
    MixedRates(),
)


def run_checks(evidence: Evidence) -> list[Result]:
    """Look at the evidence with every rule."""
    return [result_of(check, evidence) for check in CHECKS]
