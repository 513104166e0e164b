"""Modalities over time: does one come late, and is one sampled more slowly than another?"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from fuseworthy.evidence.checks.lag import lag_between
from fuseworthy.evidence.checks.readings import observed
from fuseworthy.evidence.checks.rule import DoesNotApply, Evidence, Finding, Severity
from fuseworthy.evidence.policies import best_overall
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats

FEWEST_MOMENTS = 100
HELD, MOVING = 0.5, 0.1


class LaggedSeries:
    """Correlates two modalities over time at every shift of up to 50 steps: their features where these are known, else
    what their best singles say. Clear if the peak lies away from zero, above 99 % of 200 circular shifts, and well above
    the series as they are.
    """

    code = "F022"
    title = "lag or clock drift between series"
    severity: Severity = "warning"
    advice = "Shift the later series back by that many steps (estimated on training rows alone), then compare again."

    def look(self, evidence: Evidence) -> Finding | None:
        if evidence.ledger.folds.order is None:
            raise DoesNotApply("the rows have no order in time")
        found: Mapping[str, Mapping[str, Any]] = evidence.observations.get("lags") or _lags(evidence)
        late = {pair: lag for pair, lag in found.items() if lag["clear"]}
        if not late:
            return None
        return Finding(f"{'; '.join(_told(lag) for lag in late.values())}.", late)


def _told(lag: Mapping[str, Any]) -> str:
    first, second = (lag["first"], lag["second"]) if lag["steps"] > 0 else (lag["second"], lag["first"])
    return (
        f"{second!r} comes {abs(lag['steps'])} step{'s' * (abs(lag['steps']) != 1)} after {first!r} (correlation "
        f"{lag['peak']:.2f} there, {lag['aligned']:.2f} as they are, {lag['chance']:.2f} by chance)"
    )


def _lags(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """Lags between what the best singles say."""
    ledger = evidence.ledger
    best = {m: best_overall(evidence.losses, ledger.names(modality=m)) for m in ledger.modalities}
    return lags_of({m: over_time(ledger, name) for m, name in best.items()})


def lags_of(series: Mapping[str, Floats]) -> dict[str, dict[str, Any]]:
    """The lag of every pair of series, (moments, columns) each, as plain data.

    Raises
    ------
    DoesNotApply
        They are too short.
    """
    moments = min(len(s) for s in series.values())
    if moments < FEWEST_MOMENTS:
        raise DoesNotApply(f"{moments} moments are known; a lag is looked for from {FEWEST_MOMENTS} on")
    found = {pair: lag_between(series[pair[0]], series[pair[1]]) for pair in combinations(sorted(series), 2)}
    return {
        f"{a} and {b}": {"first": a, "second": b} | lag.to_dict() for (a, b), lag in found.items() if lag is not None
    }


def over_time(ledger: Ledger, name: str) -> Floats:
    """What a strategy says at each scored moment of the first repeat, (moments, columns).

    Log-odds or log-probabilities, the value for regression; rows of one moment are averaged, labels side by side.
    """
    assert ledger.folds.order is not None
    said = []
    names: list[str | None] = [*ledger.label_names] or [None]
    for label in names:
        rows = ledger.scored[0] if label is None else ledger.scored[0] & (np.asarray(ledger.labels) == label)
        p = ledger.of(name)[0, rows]
        evidence = np.log(np.clip(p, 1e-6, 1.0)) if ledger.task.is_classification else p
        if ledger.task.kind == "binary":
            evidence = evidence[:, 1:] - evidence[:, :1]
        moment, counts = np.unique(ledger.folds.order[rows], return_inverse=True, return_counts=True)[1:]
        said.append(np.column_stack([np.bincount(moment, weights=column) / counts for column in evidence.T]))
    return np.hstack(said)


class MixedRates:
    """In a study in time: how many rows repeat a modality's previous row exactly? One that repeats half of its rows
    beside one that repeats hardly any was held between samples.
    """

    code = "F023"
    title = "sampling rates mixed without resampling"
    severity: Severity = "warning"
    advice = (
        "Resample to one rate (low-pass, then decimate the fast one), or add the age of the held value as a feature."
    )

    def look(self, evidence: Evidence) -> Finding | None:
        rates: Mapping[str, Mapping[str, Any]] = observed(evidence, "rates")
        if not rates:
            raise DoesNotApply("the rows have no order in time")
        sampled = {m: float(r["repeated"]) for m, r in rates.items() if r["sampled"]}
        held = {m: share for m, share in sampled.items() if share >= HELD}
        moving = {m: share for m, share in sampled.items() if share < MOVING}
        if not held or not moving:
            return None
        slow, fast = max(held, key=lambda m: held[m]), min(moving, key=lambda m: moving[m])
        return Finding(
            f"{slow!r} repeats its previous row in {held[slow]:.0%} of the rows, {fast!r} in {moving[fast]:.0%}: the "
            "slower one was held, not resampled.",
            {"repeated": sampled},
        )
