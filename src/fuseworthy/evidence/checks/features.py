"""Features side by side: whose scale or number drowns the others, and what learning them costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fuseworthy.evidence.checks.readings import ELSEWHERE, fact, listed, observed
from fuseworthy.evidence.checks.rule import DoesNotApply, Evidence, Finding, Severity

LARGE = 100.0
"""Ratio of two modalities' scales, or of their numbers of columns, from which a plain concatenation hears one alone."""


class ScaleDominates:
    """Compares the median spread of the modalities' columns, and their numbers of columns, where an early fusion was
    tried: a hundredfold difference drowns the smaller one in a concatenation that does not standardise.
    """

    code = "F004"
    title = "raw scale dominates a concatenation"
    severity: Severity = "note"
    advice = (
        "Standardise every column and divide each modality by the root of its number of columns before you concatenate "
        "or measure distances yourself; the early fusions here do, and penalise each modality by itself."
    )

    def look(self, evidence: Evidence) -> Finding | None:
        seen: Mapping[str, Mapping[str, Any]] = observed(evidence, "modalities")
        if not any(s.family == "early" for s in evidence.ledger.strategies.values()):
            raise DoesNotApply("no fusion that concatenates was tried")
        scales = {m: float(s["scale"]) for m, s in seen.items() if s["scale"]}
        columns = {m: float(s["columns"]) for m, s in seen.items()}
        told, measured = [], {}
        for what, values in (("the spread of a column", scales), ("the number of columns", columns)):
            if len(values) < 2:
                continue
            top, low = max(values, key=lambda m: values[m]), min(values, key=lambda m: values[m])
            if (ratio := values[top] / max(values[low], 1e-300)) > LARGE:
                told.append(f"{what} is {ratio:,.3g} times as large in {top!r} as in {low!r}")
                measured[what] = {"ratio": ratio, "largest": top, "smallest": low}
        if not told:
            return None
        text = "; ".join(told)
        return Finding(
            f"{text[0].upper()}{text[1:]}: a plain concatenation would hear little else (the early fusions here "
            "standardise, and give each modality a weight of its own).",
            measured,
        )


class TooManyFeatures:
    """Compares the price of learning p features for C classes from n rows, p·(C - 1) / 2n nats a row (Akaike 1974), with
    the margin; and asks for ten rows a feature.
    """

    code = "F005"
    title = "too many features for the rows"
    severity: Severity = "warning"
    advice = (
        "Reduce that modality's features (fewer components, an encoder trained elsewhere), fuse late, or get more rows."
    )

    def look(self, evidence: Evidence) -> Finding | None:
        headroom = fact(evidence, "headroom", ELSEWHERE)
        prices = headroom["prices"]
        if not prices:
            raise DoesNotApply("how many features an early fusion learns from each modality is not known")
        verdict = evidence.verdict
        same_unit = verdict.loss == evidence.ledger.task.loss_name
        dear = [p for p in prices if p["rough"] or (same_unit and p["price"] > verdict.margin)]
        if not dear:
            return None
        worst = max(dear, key=lambda p: float(p["price"]))
        why = f", more than the margin of {verdict.margin:g}" if same_unit and worst["price"] > verdict.margin else ""
        few = " and there are fewer than ten rows a feature" if worst["rough"] else ""
        others = listed(p["modality"] for p in dear if p is not worst)
        return Finding(
            f"Learning {worst['features']:,} features of {worst['modality']!r} costs an early fusion about "
            f"{worst['price']:.2g} a row{why}{few}{f'; so do those of {others}' if others else ''}.",
            {"prices": prices, "margin": verdict.margin},
        )
