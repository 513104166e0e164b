"""The facts as a reader wants them: nothing missing, strings inert, singles by modality, fusions by gain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fuseworthy.report.contract import Facts, complete
from fuseworthy.report.numerals import finite
from fuseworthy.report.wording import FAMILIES, Outcome, outcome


@dataclass(frozen=True)
class Reading:
    """Facts arranged for display.

    Attributes
    ----------
    facts : dict
        The completed facts.
    outcome : Outcome
        The words and colour of the verdict.
    singles, fusions, others : list of dict
        Strategies; singles lie together by modality, best first, and carry ``best`` (best of its modality); fusions
        by falling gain; `others` are controls and references in the order given.
    """

    facts: Facts
    outcome: Outcome
    singles: list[Facts]
    fusions: list[Facts]
    others: list[Facts]

    @property
    def sentence(self) -> str:
        """The verdict in one sentence, without repeating the label that stands above it."""
        sentence = str(self.facts["verdict"]["sentence"] or self.outcome.meaning)
        label = self.outcome.label
        if sentence.casefold().startswith(f"{label}:".casefold()):
            sentence = sentence[len(label) + 1 :].lstrip()
            return sentence[:1].upper() + sentence[1:]
        return sentence

    def named(self, name: object) -> Facts | None:
        """Return the strategy of that name, if there is one."""
        return next((row for row in self.facts["strategies"] if row["name"] == name and name is not None), None)


def _rising(row: Facts, key: str, sign: float = 1.0) -> tuple[float, str]:
    number = finite(row[key])
    return (float("inf") if number is None else sign * number, str(row["name"]))


def _singles(rows: list[Facts]) -> list[Facts]:
    by_modality: dict[str, list[Facts]] = {}
    for row in sorted(rows, key=lambda row: _rising(row, "loss")):
        by_modality.setdefault(str(row["modality"] or row["name"]), []).append(row)
    return [{**row, "best": place == 0} for group in by_modality.values() for place, row in enumerate(group)]


def _is_single(row: Facts) -> bool:
    return row["family"] == "single" or (row["family"] == "judged" and row["modality"] is not None)


def read(facts: Mapping[str, Any]) -> Reading:
    """Arrange a dict of facts for display."""
    whole = complete(facts)
    for row in whole["strategies"]:
        row["name"] = row["name"] or row["title"] or "unnamed"
        row["words"] = FAMILIES.get(str(row["family"]), row["family"] or "family not stated")
    rows = whole["strategies"]
    single = [row for row in rows if _is_single(row)]
    other = [row for row in rows if row["family"] in ("control", "reference")]
    beside = ("control", "reference", "probe", "subset", "permuted", "encoder")
    fusion = [row for row in rows if not _is_single(row) and row["family"] not in beside]
    return Reading(
        facts=whole,
        outcome=outcome(whole["verdict"]["outcome"]),
        singles=_singles(single),
        fusions=sorted(fusion, key=lambda row: _rising(row, "gain", -1.0)),
        others=other,
    )
