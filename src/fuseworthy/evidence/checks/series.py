"""Modalities over time: does one come late, and is one sampled more slowly than another?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from fuseworthy.evidence.checks.readings import observed
from fuseworthy.evidence.checks.rule import DoesNotApply, Evidence, Finding, Severity
from fuseworthy.evidence.policies import best_overall
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats

SHIFTS = 200
FEWEST_MOMENTS = 100
HELD, MOVING = 0.5, 0.1


@dataclass(frozen=True)
class Lag:
    """Where two series agree best: ``steps`` > 0 if the second comes later."""

    steps: int
    peak: float
    aligned: float
    chance: float
    noise: float

    @property
    def clear(self) -> bool:
        """Above 99 % of the circular shifts, and above the aligned series by twice the noise of one of them."""
        return self.steps != 0 and self.peak > self.chance and self.peak - self.aligned > 2 * self.noise


class LaggedSeries:
    """Cross-correlates, over time, what the best singles of two modalities say: clear if the peak lies away from zero,
    above 99 % of 200 circular shifts, and above the aligned series by twice the noise.
    """

    code = "F022"
    title = "lag or clock drift between series"
    severity: Severity = "warning"
    advice = "Shift the later series back by that many steps (estimated on training rows alone), then compare again."

    def look(self, evidence: Evidence) -> Finding | None:
        ledger = evidence.ledger
        if ledger.folds.order is None:
            raise DoesNotApply("the rows have no order in time")
        said = {}
        for modality in ledger.modalities:
            said[modality] = over_time(ledger, best_overall(evidence.losses, ledger.names(modality=modality)))
        moments = min(len(series) for series in said.values())
        if moments < FEWEST_MOMENTS:
            raise DoesNotApply(f"{moments} moments are scored; a lag is looked for from {FEWEST_MOMENTS} on")
        found = {pair: lag_between(said[pair[0]], said[pair[1]]) for pair in combinations(said, 2)}
        late = {pair: lag for pair, lag in found.items() if lag is not None and lag.clear}
        if not late:
            return None
        told = "; ".join(
            f"{(b if lag.steps > 0 else a)!r} comes {abs(lag.steps)} steps after {(a if lag.steps > 0 else b)!r} "
            f"(correlation {lag.peak:.2f} there, {lag.aligned:.2f} as aligned, {lag.chance:.2f} by chance)"
            for (a, b), lag in late.items()
        )
        return Finding(f"{told}.", {f"{a} and {b}": vars(lag) for (a, b), lag in late.items()})


def over_time(ledger: Ledger, name: str) -> Floats:
    """What a strategy says at each scored moment of the first repeat, (moments, columns), standardised.

    Log-odds or log-probabilities, the value for regression; rows of one moment are averaged, labels side by side.
    """
    assert ledger.folds.order is not None
    said = []
    for label in ledger.label_names or [None]:
        rows = ledger.scored[0] if label is None else ledger.scored[0] & (np.asarray(ledger.labels) == label)
        p = ledger.of(name)[0, rows]
        evidence = np.log(np.clip(p, 1e-6, 1.0)) if ledger.task.is_classification else p
        if ledger.task.kind == "binary":
            evidence = evidence[:, 1:] - evidence[:, :1]
        moment, counts = np.unique(ledger.folds.order[rows], return_inverse=True, return_counts=True)[1:]
        said.append(np.column_stack([np.bincount(moment, weights=column) / counts for column in evidence.T]))
    series = np.hstack(said)
    spread = series.std(axis=0)
    return np.asarray((series - series.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def lag_between(a: Floats, b: Floats) -> Lag | None:
    """The lag of b after a, both (moments, columns) standardised; None if one of them never changes."""
    n = len(a)
    scale = np.sqrt((a**2).sum() * (b**2).sum())
    if scale == 0:
        return None
    product = np.conj(np.fft.rfft(a, axis=0)) * np.fft.rfft(b, axis=0)
    circular = np.fft.irfft(product.sum(axis=1), n) / scale  # entry k: a at t against b at t + k
    most = min(50, n // 10)
    window = np.roll(circular, most)[: 2 * most + 1]
    centres = np.linspace(2 * most + 1, n - 2 * most - 2, SHIFTS).astype(np.int64)
    shifted = np.array([np.roll(circular, most - c)[: 2 * most + 1].max() for c in centres])
    best = int(window.argmax())
    far = circular[2 * most + 1 : n - 2 * most]
    return Lag(
        best - most, float(window[best]), float(window[most]), float(np.quantile(shifted, 0.99)), float(far.std())
    )


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
