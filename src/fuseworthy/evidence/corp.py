"""Calibration lost, recoverable or kept: the CORP decomposition of a score, and its change from single to fusion.

S = MCB - DSC + UNC (Dimitriadis, Gneiting & Jordan 2021): miscalibration is what isotonic recalibration would save,
discrimination what it then gains over the constant, uncertainty the score of the constant. The score is Brier's (for
several classes summed over one-against-rest), or the squared error over the variance.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from fuseworthy.evidence.calibration import recalibration_slope
from fuseworthy.folds import Ints
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats, Task

LOST = 0.002
"""Miscalibration above that of the single (Brier units) from which calibration counts as lost."""
SLOPES = (0.8, 1.25)
"""Recalibration slopes within which a probability scale counts as right."""
INTERCEPT = 0.2
DRAWS = 300


@dataclass(frozen=True)
class Decomposition:
    """Score, miscalibration, discrimination and uncertainty."""

    score: float
    miscalibration: float
    discrimination: float
    uncertainty: float

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


def decompose(stated: Floats, truth: Floats, weights: Floats | None = None) -> Decomposition:
    """CORP decomposition of the squared error of ``stated`` (n,) for ``truth`` (n,), 0/1 or values.

    Examples
    --------
    >>> found = decompose(np.array([0.2, 0.2, 0.8, 0.8]), np.array([0.0, 0.0, 1.0, 1.0]))
    >>> round(found.miscalibration, 3), round(found.discrimination, 3), found.uncertainty
    (0.04, 0.25, 0.25)
    """
    return _Sorted(stated, truth).decompose(np.ones(len(truth)) if weights is None else weights)


class _Sorted:
    """Statements in ascending order, equal ones as one, so that reweighting costs no second sort."""

    def __init__(self, stated: Floats, truth: Floats) -> None:
        self.values, self.place = np.unique(stated, return_inverse=True)
        self.stated, self.truth = stated, truth

    def decompose(self, w: Floats) -> Decomposition:
        total = w.sum()
        level = np.bincount(self.place, weights=w, minlength=len(self.values))
        kept = level > 0
        mean = np.bincount(self.place, weights=w * self.truth, minlength=len(self.values))[kept] / level[kept]
        fitted = np.zeros(len(self.values))
        fitted[kept] = isotonic_regression(mean, weights=level[kept]).x
        score = float(w @ (self.stated - self.truth) ** 2 / total)
        recalibrated = float(w @ (fitted[self.place] - self.truth) ** 2 / total)
        centre = float(w @ self.truth / total)
        constant = float(w @ (centre - self.truth) ** 2 / total)
        return Decomposition(score, score - recalibrated, constant - recalibrated, constant)


class Calibrated:
    """One strategy's statements of the first repeat, ready to be decomposed under many weightings."""

    def __init__(self, task: Task, y: NDArray[Any], prediction: Floats) -> None:
        if not task.is_classification:
            self.parts, self.unit = [_Sorted(prediction[:, 0], y.astype(np.float64))], task.variance
        else:
            classes = [1] if task.kind == "binary" else range(task.width)
            self.parts = [_Sorted(prediction[:, c], (y == c).astype(np.float64)) for c in classes]
            self.unit = 1.0

    def decompose(self, weights: Floats) -> Decomposition:
        found = [p.decompose(weights) for p in self.parts]
        names = ("score", "miscalibration", "discrimination", "uncertainty")
        return Decomposition(*[sum(getattr(f, name) for f in found) / self.unit for name in names])


def calibration_change(ledger: Ledger, single: str, fusion: str, *, raw: bool = False) -> dict[str, Any]:
    """Both decompositions and their paired change, with 90 % intervals from a bootstrap over rows (or groups).

    ``gain`` is ΔDSC - ΔMCB: how much of what fusing brings is sharper evidence, how much is lost in calibration.

    Parameters
    ----------
    raw : take the fusion before its own calibration step
    """
    rows = np.flatnonzero(ledger.scored[0])
    y, n = ledger.y[rows], len(rows)
    theirs = ledger.raw[fusion] if raw else ledger.of(fusion)
    a, b = (Calibrated(ledger.task, y, p[0, rows]) for p in (ledger.of(single), theirs))
    whole = a.decompose(np.ones(n)), b.decompose(np.ones(n))
    changes = []
    for weights in _draws(None if ledger.folds.clusters is None else ledger.folds.clusters[rows], n):
        one, two = a.decompose(weights), b.decompose(weights)
        changes.append((two.miscalibration - one.miscalibration, two.discrimination - one.discrimination))
    low, high = np.quantile(np.array(changes), (0.05, 0.95), axis=0)
    lost = whole[1].miscalibration - whole[0].miscalibration
    gained = whole[1].discrimination - whole[0].discrimination
    return {
        "single": whole[0].to_dict(),
        "fusion": whole[1].to_dict(),
        "miscalibration": {"gain": lost, "low": float(low[0]), "high": float(high[0])},
        "discrimination": {"gain": gained, "low": float(low[1]), "high": float(high[1])},
        "gain": gained - lost,
    }


def pool_calibration(ledger: Ledger, single: str, fusion: str) -> dict[str, Any]:
    """Whether a fusion keeps calibration, loses it recoverably, or loses it.

    Lost: before the fusion's own calibration step its miscalibration is above the single's for sure, or its slope lies
    outside .8 to 1.25. Recoverable: lost, and right again after that step (or, where none was made, no more can be said).
    """
    has_raw = fusion in ledger.raw
    rows = np.flatnonzero(ledger.scored[0])
    y = ledger.y[rows]
    before = calibration_change(ledger, single, fusion, raw=has_raw)
    after = calibration_change(ledger, single, fusion) if has_raw else before
    slope_before = recalibration_slope(ledger.task, y, (ledger.raw[fusion] if has_raw else ledger.of(fusion))[0, rows])
    slope_after = recalibration_slope(ledger.task, y, ledger.of(fusion)[0, rows]) if has_raw else slope_before
    lost, still = is_lost(before, slope_before), is_lost(after, slope_after)
    answer = "kept" if not lost else "recoverable" if has_raw and not still else "lost"
    return {
        "name": fusion,
        "answer": answer,
        "slope_before": slope_before["slope"],
        "slope_after": slope_after["slope"],
        "temperature": 1 / slope_before["slope"] if slope_before["slope"] > 0 else None,
        "before": before,
        "after": after,
    }


def is_lost(change: dict[str, Any], slope: dict[str, float]) -> bool:
    """More miscalibrated than the single for sure, or on a scale that is for sure too steep or too flat."""
    off = slope["slope_high"] < SLOPES[0] or slope["slope_low"] > SLOPES[1]
    return bool(change["miscalibration"]["low"] > LOST or off)


def comparable_scales(ledger: Ledger) -> dict[str, Any]:
    """Slope and intercept of every modality's best single on the scale it speaks on, and whether they are comparable.

    Before its calibration step where that is known. Comparable: every slope's interval lies within .8 to 1.25, every
    intercept within ±.2 (log-odds), and no two slopes differ by more than a quarter.
    """
    rows = np.flatnonzero(ledger.scored[0])
    y = ledger.y[rows]
    found: list[dict[str, Any]] = []
    losses = ledger.losses(ledger.names(kind="single"))
    for modality in ledger.modalities:
        name = min(ledger.names(modality=modality), key=lambda n: float(np.nanmean(losses[n])))
        spoken = ledger.raw.get(name, ledger.of(name))[0, rows]
        found.append({"modality": modality, "name": name} | recalibration_slope(ledger.task, y, spoken))
    slopes = [row["slope"] for row in found]
    right = all(row["slope_low"] >= SLOPES[0] and row["slope_high"] <= SLOPES[1] for row in found)
    if ledger.task.kind == "binary":
        right = right and all(abs(row["intercept"]) <= INTERCEPT for row in found)
    alike = min(slopes) > 0 and max(slopes) / min(slopes) <= 1.25
    return {"rows": found, "comparable": bool(right and alike)}


def _draws(clusters: Ints | None, n: int) -> list[Floats]:
    rng = np.random.default_rng(0)
    inverse = np.arange(n) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    count = int(inverse.max()) + 1
    return [
        np.bincount(rng.integers(0, count, count), minlength=count)[inverse].astype(np.float64) for _ in range(DRAWS)
    ]
