"""What each modality does to the fusion: hurts, repeats another, or drowns it."""

from __future__ import annotations

from typing import Any

from fuseworthy.evidence.checks.readings import fact, listed, span
from fuseworthy.evidence.checks.rule import DoesNotApply, Evidence, Finding, Severity

NOT_RETRAINED = "no fusion was retrained without each modality"


class NoisyModality:
    """Retrains the fusion without each modality: one hurts if the whole interval of what it adds lies below zero. Where
    nothing was retrained, the best fusion as a whole is held against the best single.
    """

    code = "F006"
    title = "noisy modality hurts"
    severity: Severity = "warning"
    advice = "Leave that modality out, reduce its features, or find out why it is noise (wrong join, wrong encoder)."

    def look(self, evidence: Evidence) -> Finding | None:
        rows = _left_out(evidence)
        verdict = evidence.verdict
        hurting = [r for r in rows if r["left_out"]["high"] < 0]
        if hurting:
            told = "; ".join(
                f"{r['modality']!r} adds {r['left_out']['gain']:+.4f} "
                f"({span(r['left_out']['low'], r['left_out']['high'])})"
                for r in hurting
            )
            return Finding(
                f"The fusion is better without it: {told}.",
                {"left_out": {r["modality"]: r["left_out"] for r in hurting}},
            )
        if verdict.high < 0:
            return Finding(
                f"Fusing makes predictions worse than {verdict.best_single!r} alone: gain {verdict.gain:+.4f} "
                f"({span(verdict.low, verdict.high)}).",
                {"gain": verdict.gain, "low": verdict.low, "high": verdict.high},
            )
        if not rows:
            raise DoesNotApply(NOT_RETRAINED)
        return None


class RedundantModality:
    """Asks of every modality whether it tells the target alone (its gain over the prior is above zero) and yet adds
    less than the margin, for sure, to a fusion retrained without it.
    """

    code = "F007"
    title = "modality is redundant"
    severity: Severity = "note"
    advice = "Drop it, or keep it as a stand-in for rows that lack the other; drop one of two that repeat each other, not both."

    def look(self, evidence: Evidence) -> Finding | None:
        rows, margin = _left_out(evidence), evidence.verdict.margin
        if not rows:
            raise DoesNotApply(NOT_RETRAINED)
        idle = [
            r
            for r in rows
            if r["alone"]["low"] > 0 and -margin < r["left_out"]["low"] <= r["left_out"]["high"] < margin
        ]
        if not idle:
            return None
        told = "; ".join(
            f"{r['modality']!r} tells {r['alone']['gain']:.4f} alone, and adds {r['left_out']['gain']:+.4f} "
            f"({span(r['left_out']['low'], r['left_out']['high'])})"
            for r in idle
        )
        return Finding(
            f"{told}, less than the margin of {margin:g}.", {"modalities": {r["modality"]: r["left_out"] for r in idle}}
        )


class HarmfulDominance:
    """Compares the fusion's reliance on each modality (what shuffling it costs) with its value (what retraining without
    it costs): more than nine tenths of the reliance on one, while another is worth the margin or more.
    """

    code = "F012"
    title = "one modality dominates, harmfully"
    severity: Severity = "warning"
    advice = "Train each modality by itself and stack the predictions, or give each a loss or a weight of its own."

    def look(self, evidence: Evidence) -> Finding | None:
        facts = fact(evidence, "attribution", NOT_RETRAINED)
        if facts.get("share") is None:
            raise DoesNotApply("what the fusion relies on was not measured")
        if not facts["neglected"]:
            return None
        value = {r["modality"]: r["left_out"] for r in facts["rows"] if r["modality"] in facts["neglected"]}
        least = min(float(v["low"]) for v in value.values())
        return Finding(
            f"{facts['share']:.0%} of the fusion's reliance is on {facts['dominant']!r}, although without "
            f"{listed(facts['neglected'])} at least {least:.4f} is lost.",
            {"share": facts["share"], "dominant": facts["dominant"], "left_out": value},
        )


def _left_out(evidence: Evidence) -> list[dict[str, Any]]:
    """Rows of the attribution for which a fusion was retrained without the modality."""
    facts = evidence.facts.get("attribution")
    return [r for r in facts["rows"] if r["left_out"] is not None] if facts else []
