"""Rows of one modality that lie beside the wrong rows of another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fuseworthy.evidence.checks.readings import observed
from fuseworthy.evidence.checks.rule import DoesNotApply, Evidence, Finding, Severity

ADVICE = "Join the tables again by a key that both hold, never by position; look at a few rows by eye."


class MisJoined:
    """Predicts the features of one modality from those of another (canonical directions, held-out correlation) for the
    rows as they are joined, against 200 shuffles; mis-joined if all rows, or a stretch of them, fit for sure better when
    one modality is moved, or if rows that do not fit their partners fit each other's.
    """

    code = "F019"
    title = "modalities mis-joined"
    severity: Severity = "error"
    advice = ADVICE

    def look(self, evidence: Evidence) -> Finding | None:
        pairs: Mapping[str, Mapping[str, Any]] = observed(evidence, "pairing")
        wrong = {name: p for name, p in pairs.items() if p["misjoined"]}
        if not wrong and not any(p["linked"] for p in pairs.values()):
            raise DoesNotApply("no modality tells enough of another's features to see whether rows are paired rightly")
        if not wrong:
            return None
        return Finding(f"{'; '.join(what_is_wrong(name, p) for name, p in wrong.items())}.", dict(wrong))


def what_is_wrong(name: str, pair: Mapping[str, Any]) -> str:
    """How the rows of a mis-joined pair lie, with numbers.

    Examples
    --------
    >>> what_is_wrong("a and b", {"shift": 1, "aligned": 0.02, "best": 0.71})
    'a and b fit together better (0.71 against 0.02) when moved by +1 rows: rows are paired with their neighbours'
    """
    if pair["shift"]:
        whose = "their neighbours" if abs(pair["shift"]) <= 3 else "others"
        return (
            f"{name} fit together better ({pair['best']:.2f} against {pair['aligned']:.2f}) when moved by "
            f"{pair['shift']:+d} rows: rows are paired with {whose}"
        )
    if stretch := pair["stretch"]:
        return (
            f"{name} fit together far better from about row {stretch['first']:,} to row {stretch['last']:,} when moved by "
            f"{stretch['shift']:+,d} rows: a part is paired with other rows"
        )
    rows = ", ".join(f"{row:,}" for row in pair["examples"])
    return (
        f"about {pair['swapped']:.0%} of the rows of {name} do not fit their partners, but fit those of other such rows "
        f"(for example rows {rows}): rows are swapped"
    )
