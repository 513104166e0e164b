"""Must features of several modalities be seen together, and was anything tried that can?"""

from __future__ import annotations

from typing import Any

from fuseworthy.evidence.checks.readings import interval_of, span
from fuseworthy.evidence.checks.rule import DoesNotApply, Evidence, Finding, Severity
from fuseworthy.evidence.intervals import Interval

ADDITIVE = ("early-linear", "evidential", "energy-weighted")
"""Fusions of features that add up what each modality says."""


class OnlyLateTried:
    """Compares three probes: stacked predictions, boosting that may not combine modalities in a tree, and boosting that
    may. A gain from one to the next means that features must be seen together; fires if no candidate does.
    """

    code = "F013"
    title = "interaction exists but only late fusion was tried"
    severity: Severity = "warning"
    advice = "Try fusions that see the features together: early fusion first (strategies='early' or 'all')."

    def look(self, evidence: Evidence) -> Finding | None:
        seen = _together(evidence)
        tried = _families(evidence)
        told = []
        if seen["interaction"].low > 0 and not tried["interacting"]:
            told.append(("combining features of several modalities", seen["interaction"]))
        if (early := seen.get("features")) and early.low > 0 and not (tried["interacting"] or tried["additive"]):
            told.append(("adding up features instead of predictions", early))
        if not told:
            return None
        words = "; ".join(f"{what} is worth {i.gain:+.4f} ({span(i.low, i.high)})" for what, i in told)
        return Finding(
            f"Only {', '.join(tried['late'] + tried['additive'])} was tried, but {words}.",
            {"interaction": seen["interaction"].to_dict(), "features": early.to_dict() if early else None},
        )


class InteractionIdle:
    """Where a model that combines features of several modalities was a candidate: is it better, for sure, than the same
    model that may not?
    """

    code = "F014"
    title = "interaction model no better than additive"
    severity: Severity = "note"
    advice = "Prefer the additive or the late fusion: simpler, and it can say what each modality contributed."

    def look(self, evidence: Evidence) -> Finding | None:
        seen = _together(evidence)["interaction"]
        tried = _families(evidence)["interacting"]
        if not tried:
            raise DoesNotApply("no model that combines features of several modalities was a candidate")
        if seen.low > 0:
            return None
        how = "is no better than" if seen.high < evidence.verdict.margin else "is not shown to be better than"
        return Finding(
            f"Boosting that may combine modalities {how} boosting that may not: {seen.gain:+.4f} "
            f"({span(seen.low, seen.high)}).",
            {"interaction": seen.to_dict(), "candidates": tried},
        )


def _together(evidence: Evidence) -> dict[str, Interval]:
    """What combining (full against additive) and features (additive against stacked) are worth."""
    losses = evidence.losses
    if not {"additive", "early-boosting"} <= set(losses):
        raise DoesNotApply("the probes that would show an interaction were not fitted")
    found = {"interaction": interval_of(evidence, losses["additive"] - losses["early-boosting"])}
    if "stacking" in losses:
        found["features"] = interval_of(evidence, losses["stacking"] - losses["additive"])
    return found


def _families(evidence: Evidence) -> dict[str, list[Any]]:
    """Names of the candidate fusions: of predictions, of features added up, of features combined."""
    fusions = [s for s in evidence.ledger.strategies.values() if s.is_fusion]
    late = [s.name for s in fusions if s.family in ("late", "judged")]
    additive = [s.name for s in fusions if s.name in ADDITIVE]
    return {
        "late": late,
        "additive": additive,
        "interacting": [s.name for s in fusions if s.name not in late and s.name not in additive],
    }
