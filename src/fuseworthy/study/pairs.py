"""Do the rows of two modalities belong together? One is predicted from the other, as joined and a few rows off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.folds import Ints
from fuseworthy.task import Floats

FARTHEST, SHUFFLES, STRIPE, FEWEST = 3, 50, 25, 60
SURE = 3.5
"""Standard deviations by which a moved pairing must lie above the shuffles, and above the rows as joined."""


@dataclass(frozen=True)
class Fit:
    """Held-out correlation of predicted with actual features, and what each held-out row adds to it."""

    score: float
    rows: Ints
    parts: Floats


def pairing_of(
    features: Mapping[str, Floats], present: Mapping[str, NDArray[np.bool_]], pieces: Sequence[Ints]
) -> dict[str, dict[str, Any]]:
    """How well every pair of modalities fits as joined, and moved by one to three rows.

    A ridge regression from the first one's features to the second's is fitted on every other stripe of 25 rows and
    scored on the rest; so is one for each shift, and for 50 shuffles.

    Parameters
    ----------
    features : modality -> (rows, d); present : modality -> (rows,)
    pieces : places of neighbouring rows

    Returns
    -------
    dict of "a and b" to ``aligned`` (correlation), ``shifts``, ``chance`` (99 % of the shuffles), ``linked``, ``shift``
    (0 unless mis-joined) and ``best`` (correlation there)
    """
    return {
        f"{a} and {b}": _pair(features[a], features[b], present[a], present[b], pieces)
        for a, b in combinations(sorted(features), 2)
    }


def _pair(
    a: Floats, b: Floats, in_a: NDArray[np.bool_], in_b: NDArray[np.bool_], pieces: Sequence[Ints]
) -> dict[str, Any]:
    def fit(shift: int) -> Fit | None:
        left = np.concatenate([p[max(0, -shift) : len(p) - max(0, shift)] for p in pieces])
        both = in_a[left] & in_b[left + shift]
        return _fit(a, b, left[both], left[both] + shift)

    aligned = fit(0)
    if aligned is None:
        return {"aligned": None, "shifts": {}, "chance": None, "linked": False, "shift": 0, "best": None}
    rng, here = np.random.default_rng(0), np.flatnonzero(in_a & in_b)
    shuffled = [_fit(a, b, here, rng.permutation(here)) for _ in range(SHUFFLES)]
    null = np.array([found.score for found in shuffled if found is not None])
    far = FARTHEST + 1  # one more than is asked for: a peak must not lie at the border, where smooth series have it
    moved = {s: found for s in range(-far, far + 1) if s and (found := fit(s)) is not None}
    best = max(moved, key=lambda s: moved[s].score, default=0)
    shift = 0
    if 0 < abs(best) <= FARTHEST:
        above = (moved[best].score - null.mean()) / max(null.std(ddof=1), 1e-9)
        shift = best if above > SURE and _difference(moved[best], aligned) > SURE else 0
    chance = float(np.quantile(null, 0.99))
    linked = aligned.score > chance and aligned.score > null.mean() + 3 * null.std(ddof=1)
    return {
        "aligned": round(aligned.score, 4),
        "shifts": {str(s): round(moved[s].score, 4) for s in sorted(moved) if abs(s) <= FARTHEST},
        "chance": round(chance, 4),
        "linked": bool(linked),
        "shift": shift,
        "best": round(moved[shift].score, 4) if shift else round(aligned.score, 4),
    }


def _fit(a: Floats, b: Floats, left: Ints, right: Ints) -> Fit | None:
    """Ridge from a's rows ``left`` to b's rows ``right``, scored on every other stripe."""
    held = (left // STRIPE) % 2 == 1
    if min(held.sum(), (~held).sum()) < FEWEST // 2:
        return None
    x, y = a[left[~held]], b[right[~held]]
    mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
    x, y = x - mean_x, y - mean_y
    gram = x.T @ x
    penalty = max(float(np.trace(gram)) / len(gram), 1e-9) * 0.1
    weights = np.linalg.solve(gram + penalty * np.eye(len(gram)), x.T @ y)
    predicted, actual = (a[left[held]] - mean_x) @ weights, b[right[held]] - mean_y
    predicted, actual = predicted - predicted.mean(axis=0), actual - actual.mean(axis=0)
    scale = float(np.sqrt((predicted**2).sum() * (actual**2).sum()))
    parts = (predicted * actual).sum(axis=1) / scale if scale > 0 else np.zeros(int(held.sum()))
    return Fit(float(parts.sum()), left[held], parts)


def _difference(moved: Fit, aligned: Fit) -> float:
    """How many standard errors the moved pairing fits better; stripes of neighbouring rows are the units of chance."""
    size = int(max(moved.rows.max(), aligned.rows.max())) // STRIPE + 1
    parts = [np.bincount(fit.rows // STRIPE, weights=fit.parts, minlength=size) for fit in (moved, aligned)]
    counted = np.bincount(aligned.rows // STRIPE, minlength=size) > 0
    difference = (parts[0] - parts[1])[counted]
    spread = float(difference.std(ddof=1)) * np.sqrt(len(difference))
    return float(difference.sum()) / spread if spread > 0 else 0.0
