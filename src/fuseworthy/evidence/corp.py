"""Calibration lost, recoverable or kept: the CORP decomposition of a score, and its change from single to fusion.

S = MCB - DSC + UNC (Dimitriadis, Gneiting & Jordan 2021): miscalibration is what isotonic recalibration would save,
discrimination what it then gains over the constant, uncertainty the score of the constant. The score is Brier's (for
several classes summed over one-against-rest), or the squared error over the variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from fuseworthy.evidence.calibration import recalibration_slope
from fuseworthy.evidence.policies import best_overall
from fuseworthy.folds import Ints
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats, Task

LOST = 0.002
"""Miscalibration above that of the single (Brier units) from which calibration counts as lost."""
SLOPES = (0.8, 1.25)
"""Recalibration slopes within which a probability scale counts as right."""
INTERCEPT = 0.2
DRAWS = 200


@dataclass(frozen=True)
class Decomposition:
    """Score, miscalibration, discrimination and uncertainty."""

    score: float
    miscalibration: float
    discrimination: float
    uncertainty: float

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


def decompose(stated: Floats, truth: Floats) -> Decomposition:
    """CORP decomposition of the squared error of ``stated`` (n,) for ``truth`` (n,), 0/1 or values.

    Examples
    --------
    >>> found = decompose(np.array([0.2, 0.2, 0.8, 0.8]), np.array([0.0, 0.0, 1.0, 1.0]))
    >>> round(found.miscalibration, 3), round(found.discrimination, 3), found.uncertainty
    (0.04, 0.25, 0.25)
    """
    return _Sorted(stated, truth).decompose(np.ones(len(truth)))


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


@dataclass(frozen=True)
class Measured:
    """A decomposition, and its miscalibration and discrimination (draws, 2) under resampled rows."""

    whole: Decomposition
    drawn: Floats


class Resampling:
    """Resampled rows (or groups) of a ledger's first repeat, the same for all that is measured with them."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.rows = np.flatnonzero(ledger.scored[0])
        self.y = ledger.y[self.rows]
        clusters = ledger.folds.clusters
        self._draws = _draws(None if clusters is None else clusters[self.rows], len(self.rows))

    def measure(self, prediction: Floats) -> Measured:
        """Decompose (repeats, n, width) predictions."""
        stated = Calibrated(self.ledger.task, self.y, prediction[0, self.rows])
        found = [stated.decompose(weights.astype(np.float64)) for weights in self._draws]
        drawn = np.array([(d.miscalibration, d.discrimination) for d in found])
        return Measured(stated.decompose(np.ones(len(self.rows))), drawn)

    def slope(self, prediction: Floats) -> dict[str, float]:
        """Recalibration slope of (repeats, n, width) predictions."""
        return recalibration_slope(self.ledger.task, self.y, prediction[0, self.rows])


def calibration_change(single: Measured, fusion: Measured) -> dict[str, Any]:
    """Both decompositions and their paired change, with 90 % intervals over the resampled rows.

    ``gain`` is ΔDSC - ΔMCB: how much of what fusing brings is sharper evidence, how much is lost in calibration.
    """
    low, high = np.quantile(fusion.drawn - single.drawn, (0.05, 0.95), axis=0)
    lost = fusion.whole.miscalibration - single.whole.miscalibration
    gained = fusion.whole.discrimination - single.whole.discrimination
    return {
        "single": single.whole.to_dict(),
        "fusion": fusion.whole.to_dict(),
        "miscalibration": {"gain": lost, "low": float(low[0]), "high": float(high[0])},
        "discrimination": {"gain": gained, "low": float(low[1]), "high": float(high[1])},
        "gain": gained - lost,
    }


def pool_calibrations(ledger: Ledger, single: str, fusions: Sequence[str]) -> list[dict[str, Any]]:
    """Whether each fusion keeps calibration, loses it recoverably, or loses it.

    Lost: before the fusion's own calibration step its miscalibration is above the single's for sure, or its slope lies
    outside .8 to 1.25 for sure. Recoverable: lost, and right again after that step. Where no step was made (predictions
    given as they are) lost is all that can be said.
    """
    frame = Resampling(ledger)
    alone = frame.measure(ledger.of(single))
    return [_pool(frame, alone, name) for name in fusions]


def _pool(frame: Resampling, alone: Measured, name: str) -> dict[str, Any]:
    ledger, has_raw = frame.ledger, name in frame.ledger.raw
    spoken = ledger.raw[name] if has_raw else ledger.of(name)
    before, slope_before = calibration_change(alone, frame.measure(spoken)), frame.slope(spoken)
    after, slope_after = before, slope_before
    if has_raw:
        after, slope_after = calibration_change(alone, frame.measure(ledger.of(name))), frame.slope(ledger.of(name))
    lost, still = is_lost(before, slope_before), is_lost(after, slope_after)
    return {
        "name": name,
        "answer": "kept" if not lost else "recoverable" if has_raw and not still else "lost",
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
    intercept within ±.2 (log-odds), and no two slopes differ by more than a quarter. Modalities that tell nothing (a
    slope that may be zero) are ``silent`` and not compared.
    """
    rows = np.flatnonzero(ledger.scored[0])
    y = ledger.y[rows]
    found: list[dict[str, Any]] = []
    losses = ledger.losses(ledger.names(kind="single"))
    for modality in ledger.modalities:
        name = best_overall(losses, ledger.names(modality=modality))
        spoken = ledger.raw.get(name, ledger.of(name))[0, rows]
        found.append({"modality": modality, "name": name} | recalibration_slope(ledger.task, y, spoken))
    telling = [row for row in found if row["slope_low"] > 0]  # what says nothing has no scale
    slopes = [row["slope"] for row in telling]
    right = all(row["slope_low"] >= SLOPES[0] and row["slope_high"] <= SLOPES[1] for row in telling)
    if ledger.task.kind == "binary":
        right = right and all(abs(row["intercept"]) <= INTERCEPT for row in telling)
    alike = not slopes or max(slopes) / min(slopes) <= 1.25
    return {
        "rows": found,
        "comparable": bool(right and alike),
        "silent": [r["modality"] for r in found if r not in telling],
    }


def _draws(clusters: Ints | None, n: int) -> NDArray[np.uint8]:
    """How often each row is drawn, (draws, n)."""
    rng = np.random.default_rng(0)
    inverse = np.arange(n) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    count = int(inverse.max()) + 1
    drawn = [np.bincount(rng.integers(0, count, count), minlength=count) for _ in range(DRAWS)]
    return np.array([d.astype(np.uint8)[inverse] for d in drawn])
