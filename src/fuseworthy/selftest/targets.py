"""What the verdict must keep, and how far chance may excuse it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.evidence.verdict import DEFAULT_MARGIN
from fuseworthy.selftest.settings import Setting
from fuseworthy.selftest.trial import Trial
from fuseworthy.task import Floats

Hits = NDArray[np.bool_]

MEASURES = ("false_fuse", "false_claim", "false_label", "false_single", "coverage", "power", "bias")
CLAIMS, SINGLE = ("FUSE", "SUPERIOR_UNPROVEN"), ("EQUIVALENT", "NOT_WORTH_IT", "HARMFUL")
FOUND = {
    "FUSE": ("FUSE",),
    "superior": CLAIMS,
    "settled": ("EQUIVALENT", "NOT_WORTH_IT"),
    "HARMFUL": ("HARMFUL",),
}
"""Outcomes that count where a setting asks for power."""
ALPHA = 0.05
CHANCE = 2.3
"""Monte-Carlo standard errors by which a rate may pass its target: 7.5 % for 5 % in 400 runs."""
BIAS = 0.005


@dataclass(frozen=True)
class Measure:
    """One number of a setting.

    Parameters
    ----------
    value, error : float
        The number and its Monte-Carlo standard error.
    limit : float or None
        The last value that is good enough, chance included; None where nothing is promised.
    passed : bool
    """

    value: float
    error: float
    limit: float | None
    passed: bool


@dataclass(frozen=True)
class Row:
    """One setting, measured.

    Parameters
    ----------
    setting, family : str
    rows, runs : int
    truth : float
        Mean true gain of the policies' models.
    outcomes : share of each outcome
    refused : float
        Share of data sets with too little data for a claim.
    error : float
        Mean standard error that the verdict reports.
    upper : float
        Share of intervals whose upper end is at or above the true gain; nothing is promised of it.
    false_fuse, false_claim, false_label, false_single : Measure or None
        FUSE where the margin is not gained; FUSE or SUPERIOR_UNPROVEN where nothing is gained; at least one such label
        among labels that gain nothing; "keep the single" where the margin is gained. None where it would be true.
    coverage : Measure
        Share of intervals whose lower end is at or below the true gain.
    power : Measure or None
    bias : Measure
        Mean reported gain less mean true gain.
    """

    setting: str
    family: str
    rows: int
    runs: int
    truth: float
    outcomes: dict[str, float]
    refused: float
    error: float
    upper: float
    false_fuse: Measure | None
    false_claim: Measure | None
    false_label: Measure | None
    false_single: Measure | None
    coverage: Measure
    power: Measure | None
    bias: Measure

    @property
    def measures(self) -> dict[str, Measure]:
        """Those that are there, by name."""
        return {name: getattr(self, name) for name in MEASURES if getattr(self, name) is not None}

    @property
    def missed(self) -> tuple[str, ...]:
        """Names of the measures that miss their targets."""
        return tuple(name for name, measure in self.measures.items() if not measure.passed)

    @property
    def passed(self) -> bool:
        return not self.missed

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"passed": self.passed, "missed": list(self.missed)}


def measure(setting: Setting, trials: Sequence[Trial]) -> Row:
    """Rates, coverage, power and bias of one setting, held against their targets.

    Notes
    -----
    Rates may pass their target by 2.3 Monte-Carlo errors, coverage may fall short by 0.02·√(400 / runs). Where most data
    sets are refused a verdict, nothing is promised of interval and bias, only that no claim is made. A bias may be .005,
    or a third of the standard error that the verdict itself reports.
    """
    names = ("gain", "low", "high", "truth", "se")
    gain, low, high, truth, se = (np.array([getattr(t, name) for t in trials]) for name in names)
    fused, claimed, kept = (np.array([t.outcome in c for t in trials]) for c in (("FUSE",), CLAIMS, SINGLE))
    refused = float(np.mean([t.refused for t in trials]))
    conditional = setting.design.split == "held-out"
    target = truth if conditional else np.full(len(truth), truth.mean())
    promised = refused < 0.5
    labels = any(t.null_labels for t in trials)
    return Row(
        setting=setting.name,
        family=setting.family,
        rows=setting.design.rows,
        runs=len(trials),
        truth=float(truth.mean()),
        outcomes={
            name: float(np.mean([t.outcome == name for t in trials])) for name in sorted({t.outcome for t in trials})
        },
        refused=refused,
        error=float(se.mean()),
        upper=float(np.mean(high >= target)),
        false_fuse=_at_most(fused & (target < DEFAULT_MARGIN)) if truth.mean() < DEFAULT_MARGIN else None,
        false_claim=_at_most(claimed & (target <= 0)) if truth.mean() <= 0 else None,
        false_label=_at_most(np.array([t.wrong_labels > 0 for t in trials])) if labels else None,
        false_single=_at_most(kept & (target >= DEFAULT_MARGIN)) if truth.mean() >= DEFAULT_MARGIN else None,
        coverage=_coverage(low <= target, 0.90 if setting.design.split == "time" else 0.95, promised),
        power=_power(setting, trials),
        bias=_bias(gain - truth, float(se.mean()), promised),
    )


def _rate(hits: Hits, target: float) -> tuple[float, float, float]:
    """Rate, its Monte-Carlo error, and the error it would have at the target."""
    n = len(hits)
    rate = float(hits.mean())
    return rate, float(np.sqrt(max(rate * (1 - rate), 1 / n) / n)), float(np.sqrt(target * (1 - target) / n))


def _at_most(hits: Hits) -> Measure:
    rate, error, chance = _rate(hits, ALPHA)
    limit = ALPHA + CHANCE * chance
    return Measure(rate, error, limit, rate <= limit)


def _coverage(hits: Hits, target: float, promised: bool) -> Measure:
    rate, error, _ = _rate(hits, target)
    limit = target - 0.02 * (400 / len(hits)) ** 0.5
    return Measure(rate, error, limit, rate >= limit) if promised else Measure(rate, error, None, True)


def _power(setting: Setting, trials: Sequence[Trial]) -> Measure | None:
    if setting.power is None:
        return None
    what, target = setting.power
    rate, error, chance = _rate(np.array([t.outcome in FOUND[what] for t in trials]), target)
    limit = target - CHANCE * chance
    return Measure(rate, error, limit, rate >= limit)


def _bias(off: Floats, se: float, promised: bool) -> Measure:
    value, error = float(off.mean()), float(off.std(ddof=1) / np.sqrt(len(off)))
    limit = max(BIAS + CHANCE * error, se / 3)
    return Measure(value, error, limit, abs(value) <= limit) if promised else Measure(value, error, None, True)
