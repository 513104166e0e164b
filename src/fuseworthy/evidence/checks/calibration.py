"""Do probabilities of different modalities mean the same, and do pooled ones still mean what they say?"""

from __future__ import annotations

from itertools import combinations
from typing import Any

from fuseworthy.evidence.checks.readings import fact, listed
from fuseworthy.evidence.checks.rule import DoesNotApply, Evidence, Finding, Severity
from fuseworthy.evidence.corp import SLOPES

APART = 1.25


class ScalesNotComparable:
    """Fits the recalibration slope of each modality's best single, before its own calibration step: its interval lies
    outside .8 to 1.25, or two modalities' intervals lie apart by more than a quarter. A single that may tell nothing (a
    slope that may be zero) has no scale.
    """

    code = "F010"
    title = "probability scales not comparable"
    severity: Severity = "warning"
    advice = "Calibrate each modality before pooling, gating or comparing confidences; the late fusions here do."

    def look(self, evidence: Evidence) -> Finding | None:
        scales = fact(evidence, "scales", "scales were not measured")
        rows = [r for r in scales["rows"] if r["slope_low"] > 0]  # what tells nothing has no scale
        off = [r for r in rows if r["slope_high"] < SLOPES[0] or r["slope_low"] > SLOPES[1]]
        if not off:
            off = next((list(pair) for pair in combinations(rows, 2) if _apart(*pair)), [])
        if off:
            told = "; ".join(
                f"{r['name']} {r['slope']:.2f} ({r['slope_low']:.2f} to {r['slope_high']:.2f})" for r in off
            )
            return Finding(
                f"The evidence that modalities state is not worth the same (slope 1 means what it says): {told}.",
                {"slopes": {r["name"]: r["slope"] for r in rows}},
            )
        if not scales["comparable"]:
            raise DoesNotApply("these rows cannot tell: a slope's interval is wider than .8 to 1.25")
        return None


def _apart(a: dict[str, Any], b: dict[str, Any]) -> bool:
    low, high = sorted((a, b), key=lambda r: float(r["slope"]))
    return bool(high["slope_low"] > low["slope_high"] and high["slope"] > APART * low["slope"])


class CalibrationLost:
    """Decomposes each fusion's score (CORP) and fits its recalibration slope: lost if it is more miscalibrated than the
    best single for sure, or its slope lies outside .8 to 1.25 for sure, after whatever calibration step it has.
    """

    code = "F011"
    title = "calibration lost in pooling"
    severity: Severity = "warning"
    advice = (
        "Refit one temperature on rows the pool has not seen, after pooling; a mean of probabilities always needs it."
    )

    def look(self, evidence: Evidence) -> Finding | None:
        pools = fact(evidence, "pools", "no fusion was decomposed")
        lost = [p for p in pools if p["answer"] == "lost"]
        mended = [p for p in pools if p["answer"] == "recoverable"]
        if not lost:
            return None
        told = "; ".join(f"{p['name']} (slope {p['slope_after']:.2f}{_temperature(p)})" for p in lost)
        more = f"; {listed(p['name'] for p in mended)} lost it too, and their own calibration step mends it"
        return Finding(
            f"Pooled predictions do not mean what they say: {told}{more if mended else ''}.",
            {"lost": {p["name"]: p["slope_after"] for p in lost}, "recoverable": [p["name"] for p in mended]},
        )


def _temperature(pool: dict[str, Any]) -> str:
    slope = pool["slope_after"]
    return f", temperature {1 / slope:.2f}" if slope and slope > 0 else ""
