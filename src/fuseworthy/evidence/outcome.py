"""The six outcomes, and the verdict that carries one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from fuseworthy.evidence.intervals import Interval

Outcome = Literal["FUSE", "SUPERIOR_UNPROVEN", "EQUIVALENT", "NOT_WORTH_IT", "HARMFUL", "INCONCLUSIVE"]


@dataclass(frozen=True)
class Headline:
    """The gain again, in the metric people quote."""

    metric: str
    single: float
    fusion: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """Whether to fuse, how sure that is, and what to deploy.

    Parameters
    ----------
    outcome : str
        FUSE, SUPERIOR_UNPROVEN, EQUIVALENT, NOT_WORTH_IT, HARMFUL or INCONCLUSIVE.
    gain, low, high, se : float
        Gain in the deciding loss of the best-fusion policy over the best-single policy, its interval and error.
    margin : float
        The smallest gain worth the cost, same unit.
    rows_needed : int or None
        Rows (or groups) for 80 % power, where more rows would help.
    best_single, best_fusion, deploy : str
        Named over all rows; the gain never uses this choice.
    guard : tuple of dict
        The fusion policy against each modality's own best single.
    controls : tuple of dict
        The fusion policy against each control.
    reasons, flags : tuple of str
    labels : tuple of dict
        With several labels: the outcome for each, corrected for their number (Holm 1979).
    """

    outcome: Outcome
    gain: float
    low: float
    high: float
    se: float
    margin: float
    confidence: float
    rows_needed: int | None
    rows_unit: str
    best_single: str
    best_fusion: str
    deploy: str
    loss: str
    headline: Headline
    guard: tuple[dict[str, Any], ...] = ()
    controls: tuple[dict[str, Any], ...] = ()
    reasons: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    labels: tuple[dict[str, Any], ...] = ()
    would_change: str = ""
    sentence: str = field(default="", repr=False)

    def __str__(self) -> str:
        return self.sentence

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"guard_p": max((g["p"] for g in self.guard), default=None)}


def classify(gain: Interval, margin: float, guard_holds: bool) -> tuple[Outcome, list[str]]:
    """The six outcomes, first match wins.

    Examples
    --------
    >>> classify(Interval(0.05, 0.01, 0.03, 0.07, 24, 1e-4), 0.01, True)[0]
    'FUSE'
    >>> classify(Interval(0.001, 0.002, -0.002, 0.004, 24, 0.3), 0.01, True)[0]
    'EQUIVALENT'
    """
    low, high = gain.low, gain.high
    if low >= margin and guard_holds:
        return "FUSE", ["the whole interval lies above the margin and the fusion beats every modality's single"]
    if low > 0 and high >= margin:
        if not guard_holds:
            return "INCONCLUSIVE", ["the fusion does not beat every modality's own single (guard)"]
        return "SUPERIOR_UNPROVEN", ["the gain is above zero, but it may be below the margin"]
    if low > -margin and high < margin:
        return "EQUIVALENT", ["the whole interval lies below the margin: the best single does as well and is simpler"]
    if high < 0:
        return "HARMFUL", ["the whole interval lies below zero: fusing makes predictions worse"]
    if high < margin:
        return "NOT_WORTH_IT", ["a gain of the margin or more is ruled out"]
    return "INCONCLUSIVE", ["the interval holds both harm and a gain worth having: these rows cannot tell"]
