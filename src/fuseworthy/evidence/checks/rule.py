"""What a rule is, what it may look at, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from fuseworthy.evidence.outcome import Verdict
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats

Severity = Literal["error", "warning", "note"]
Status = Literal["fired", "clear", "does not apply"]
DOCS = "https://github.com/fuseworthy/fuseworthy/blob/main/docs/checks/"


@dataclass(frozen=True)
class Evidence:
    """All that a rule may look at.

    Parameters
    ----------
    ledger : Ledger
    verdict : Verdict
    losses : name -> (repeats, n), what decides
    facts : dict
        What was computed before the checks: ``headroom``, ``attribution``, ``slices``, ``scales``, ``pools``, ...
    observations : dict
        What was seen of the data before training; empty for predictions made elsewhere.
    """

    ledger: Ledger
    verdict: Verdict
    losses: Mapping[str, Floats]
    facts: Mapping[str, Any]
    observations: Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """What a rule that fired has to say: one sentence with the figures, and the figures."""

    sentence: str
    measured: Mapping[str, Any]


class DoesNotApply(Exception):
    """The rule cannot be measured here; its text is the reason."""


class Check(Protocol):
    """One pitfall.

    Attributes
    ----------
    code : str
        F001, F002, ...
    title : str
    severity : {"error", "warning", "note"}
    advice : str
        What to do about it.
    """

    code: str
    title: str
    severity: Severity
    advice: str

    def look(self, evidence: Evidence) -> Finding | None:
        """The finding, or None if all is well. Raises `DoesNotApply` with a reason."""


@dataclass(frozen=True)
class Result:
    """What became of one rule."""

    code: str
    title: str
    severity: Severity
    status: Status
    sentence: str
    advice: str
    link: str
    measured: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def result_of(check: Check, evidence: Evidence) -> Result:
    """Look, and say what came of it."""
    status: Status = "clear"
    sentence, measured = "", {}
    try:
        finding = check.look(evidence)
        if finding is not None:
            status, sentence, measured = "fired", finding.sentence, dict(finding.measured)
    except DoesNotApply as reason:
        status, sentence = "does not apply", str(reason)
    return Result(
        check.code, check.title, check.severity, status, sentence, check.advice, f"{DOCS}{check.code}.md", measured
    )
