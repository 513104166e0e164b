"""Is the gain the modality's, does it pay, and does it fall anywhere?"""

from __future__ import annotations

from typing import Any

from fuseworthy.evidence.checks.readings import fact, gain_above_zero, lost_controls, span
from fuseworthy.evidence.checks.rule import DoesNotApply, Evidence, Finding, Severity

ALONE = {
    "twin": "two seeds of the best single",
    "ensemble": "the best modality's own learners mixed",
    "recal": "the best single recalibrated by the stacker",
}


class EnsembleEffect:
    """Holds the fusion against what the best modality gives without any other: two seeds of its best single averaged,
    its learners mixed, its best single recalibrated. A gain that does not beat these for sure needs no second modality.
    """

    code = "F008"
    title = "gain is an ensemble effect, not the modality's"
    severity: Severity = "error"
    advice = "Deploy that ensemble of the one modality, or get rows enough to show that the fusion beats it."

    def look(self, evidence: Evidence) -> Finding | None:
        gain_above_zero(evidence)
        lost = lost_controls(evidence, ALONE)
        if not lost:
            return None
        told = "; ".join(
            f"over {ALONE[str(c['name']).removeprefix('control:')]} {c['gain']:+.4f} ({span(c['low'], c['high'])})"
            for c in lost
        )
        return Finding(
            f"The fusion gains {evidence.verdict.gain:+.4f} over the best single, but {told}: one modality alone may "
            "reach the same.",
            {"gain": evidence.verdict.gain, "controls": {c["name"]: c for c in lost}},
        )


class SurvivesPlacebo:
    """Retrains the fusion with the other modalities shuffled over the rows; a gain that does not beat this for sure
    comes from capacity, flags or recalibration, and from no modality.
    """

    code = "F009"
    title = "gain survives a placebo"
    severity: Severity = "error"
    advice = (
        "Do not book the gain as the modality's: look for what the fusion knows beside it (flags, recalibration, size)."
    )

    def look(self, evidence: Evidence) -> Finding | None:
        gain_above_zero(evidence)
        lost = lost_controls(evidence, ("placebo", "placebo-late", "placebo-early"))
        if not lost:
            return None
        told = "; ".join(f"{c['title']} {c['gain']:+.4f} ({span(c['low'], c['high'])})" for c in lost)
        return Finding(
            f"The fusion gains {evidence.verdict.gain:+.4f} over the best single, but over {told}: the same pipeline "
            "gains as much from a modality that says nothing.",
            {"gain": evidence.verdict.gain, "controls": {c["name"]: c for c in lost}},
        )


class NoSliceRescued:
    """Looks for a slice of the rows in which the fusion gains for sure, where it does not gain over all rows."""

    code = "F015"
    title = "no slice is rescued"
    severity: Severity = "note"
    advice = "Do not keep the fusion for the sake of some rows; name the columns where you expect it to help as slices."

    def look(self, evidence: Evidence) -> Finding | None:
        if evidence.verdict.low > 0:
            raise DoesNotApply("the fusion gains over all rows")
        slices: dict[str, Any] = fact(evidence, "slices", "slices were not looked for")
        if not slices["columns"] and not slices["asked"]:
            raise DoesNotApply("there are no columns to describe slices by")
        if any(row["kind"] == "rescued" for row in [*slices["found"], *slices["asked"]]):
            return None
        return Finding(
            f"Of {slices['conditions']:,} conditions on {len(slices['columns'])} columns none marks rows that fusing "
            f"rescues for sure, nor does it gain over all rows ({span(evidence.verdict.low, evidence.verdict.high)}).",
            {"conditions": slices["conditions"], "tested": slices["tested"], "columns": slices["columns"]},
        )


class GainBelowCost:
    """Compares the lower limit of the gain with the margin: what a fusion must bring to be worth its cost."""

    code = "F016"
    title = "gain does not pay for its cost"
    severity: Severity = "warning"
    advice = "Keep the best single; or state what the gain is worth (a smaller margin, or a price of time)."

    def look(self, evidence: Evidence) -> Finding | None:
        low, verdict = gain_above_zero(evidence), evidence.verdict
        if low >= verdict.margin:
            return None
        worth = evidence.facts.get("question", {}).get("worth")
        price = f", the price of its time at {worth}," if worth else ""
        sure = "cannot reach" if verdict.high < verdict.margin else "may lie below"
        return Finding(
            f"The gain of {verdict.gain:+.4f} is above zero, but {sure} the margin of {verdict.margin:g}{price} with "
            f"which it would pay ({span(low, verdict.high)}).",
            {"gain": verdict.gain, "low": low, "high": verdict.high, "margin": verdict.margin, "worth": worth},
        )
