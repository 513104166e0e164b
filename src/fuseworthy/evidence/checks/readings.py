"""What several rules read off the evidence: an interval, a gain, a fact that may not be there, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fuseworthy.evidence.checks.rule import DoesNotApply, Evidence
from fuseworthy.evidence.duel import one_sided_error
from fuseworthy.evidence.intervals import Interval, paired_interval
from fuseworthy.task import Floats

ELSEWHERE = "the predictions were made elsewhere: nothing is known of the data they were made from"


def interval_of(evidence: Evidence, difference: Floats) -> Interval:
    """The verdict's own interval of a paired difference, (repeats, n)."""
    return paired_interval(difference, evidence.ledger.folds, alpha=one_sided_error(evidence.ledger))


def gain_above_zero(evidence: Evidence) -> float:
    """The lower limit of the verdict's gain.

    Raises
    ------
    DoesNotApply
        It is not above zero, so there is no gain to doubt.
    """
    low = evidence.verdict.low
    if not low > 0:
        raise DoesNotApply(f"no gain is shown: its interval begins at {low:+.4f}")
    return low


def fact(evidence: Evidence, name: str, absent: str) -> Any:
    """A fact computed before the checks.

    Raises
    ------
    DoesNotApply
        It is not there; ``absent`` says why.
    """
    found = evidence.facts.get(name)
    if not found:
        raise DoesNotApply(absent)
    return found


def observed(evidence: Evidence, name: str) -> Any:
    """What was seen of the data before training.

    Raises
    ------
    DoesNotApply
        Nothing was.
    """
    found = evidence.observations.get(name)
    if found is None:
        raise DoesNotApply(ELSEWHERE)
    return found


def lost_controls(evidence: Evidence, names: Iterable[str]) -> list[dict[str, Any]]:
    """Controls of these names that the fusion does not beat for sure.

    Raises
    ------
    DoesNotApply
        None of them was fitted.
    """
    wanted = set(names)
    known = [c for c in evidence.verdict.controls if str(c["name"]).removeprefix("control:") in wanted]
    if not known:
        raise DoesNotApply("the controls were not fitted: they need training, which predictions alone do not allow")
    return [c for c in known if not c["holds"]]


def span(low: float, high: float) -> str:
    """An interval in words.

    Examples
    --------
    >>> span(-0.01, 0.025)
    'interval -0.0100 to +0.0250'
    """
    return f"interval {low:+.4f} to {high:+.4f}"


def listed(names: Iterable[str], most: int = 4) -> str:
    """Names one after another, the last ones counted where there are many.

    Examples
    --------
    >>> listed(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    every = [repr(str(name)) for name in names]
    rest = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + rest
