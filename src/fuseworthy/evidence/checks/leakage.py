"""Rows that belong together too much, and columns that know the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fuseworthy.evidence.checks.readings import interval_of, listed, observed
from fuseworthy.evidence.checks.rule import DoesNotApply, Evidence, Finding, Severity

SUSPICIOUS = 0.02
"""Share of the prior's loss below which a single is too good to be believed unasked."""


class GroupLeakage:
    """Looks for columns not passed as group whose repeated values share their target far beyond chance and can be told
    from a modality (nearest neighbour), for columns of time not passed as time along which the target is alike, and
    asks the same of the group that was passed.
    """

    code = "F020"
    title = "group, time or duplicate leakage"
    severity: Severity = "warning"
    advice = (
        "Pass the column as group= (or time=), so that rows that belong together are never learned from and scored on."
    )

    def look(self, evidence: Evidence) -> Finding | None:
        found: Sequence[Mapping[str, Any]] = observed(evidence, "groups")
        if not found:
            return None
        open_ = [row for row in found if not row["handled"]]
        told = "; ".join(_leak(row) for row in open_ or found)
        measured = {
            "columns": [row["column"] for row in found],
            "handled": not open_,
            "found": [dict(r) for r in found],
        }
        if open_:
            return Finding(
                f"{told}. The folds here are not told, so models may know the rows they are scored on.", measured
            )
        return Finding(f"{told}: random folds would have leaked; groups are kept whole here.", measured)


def _leak(row: Mapping[str, Any]) -> str:
    if row["kind"] == "time":
        return f"rows that follow each other in {row['column']!r} have like targets (likeness {row['likeness']:.2f})"
    return (
        f"{row['modality']!r} tells which {row['column']!r} a row is of ({row['accuracy']:.0%} of rows, {row['chance']:.1%} "
        f"by chance), and rows of one {row['column']!r} have like targets (likeness {row['likeness']:.2f})"
    )


class TargetAmongFeatures:
    """Looks for table columns and vector entries that determine the target (one class a value in 99 % of the rows, or a
    correlation above .999), for identifiers among the features, and for a single that leaves less than 2 % of the
    prior's loss, for sure.
    """

    code = "F021"
    title = "target or id among the features"
    severity: Severity = "error"
    advice = (
        "Ask whether the column is known before the outcome is; if not take it out, and never learn from an identifier."
    )

    def look(self, evidence: Evidence) -> Finding | None:
        leaks = list(evidence.observations.get("leaks", []))
        told = [_told(leak) for leak in leaks]
        good = self._too_good(evidence)
        told += [f"{listed(good)} leaves less than {SUSPICIOUS:.0%} of the prior's loss"] if good else []
        if told:
            return Finding(f"{'; '.join(told)}.", {"leaks": leaks, "too_good": good})
        if not evidence.observations and "dummy" not in evidence.losses:
            raise DoesNotApply("the predictions were made elsewhere: their features are not known")
        return None

    def _too_good(self, evidence: Evidence) -> list[str]:
        prior = evidence.losses.get("dummy")
        if prior is None or evidence.verdict.loss != evidence.ledger.task.loss_name:
            return []
        singles = evidence.ledger.names(kind="single")
        return [s for s in singles if interval_of(evidence, SUSPICIOUS * prior - evidence.losses[s]).low > 0]


def _told(leak: Mapping[str, Any]) -> str:
    where = f"column {leak['column']!r} of {leak['modality']!r}"
    if leak["kind"] == "id":
        return f"{where} is an identifier ({leak['why']})"
    return f"{where} determines the target ({leak['why']})"
