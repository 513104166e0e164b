"""The lag between two series: where they agree best, and whether that is more than chance."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fuseworthy.task import Floats

SHIFTS, FARTHEST = 200, 50
SURE, ABOVE_ALIGNED = 5.0, 3.0


@dataclass(frozen=True)
class Lag:
    """Where two series agree best.

    Parameters
    ----------
    steps : how much later the second one comes
    peak, aligned : correlation there, and of the series as they are
    chance : what circular shifts do not exceed
    noise : spread of the correlation over shifts
    """

    steps: int
    peak: float
    aligned: float
    chance: float
    noise: float

    @property
    def clear(self) -> bool:
        """The peak lies away from zero, above chance, and well above the series as they are."""
        return self.steps != 0 and self.peak > self.chance and self.peak - self.aligned > ABOVE_ALIGNED * self.noise

    def to_dict(self) -> dict[str, Any]:
        return {k: round(v, 4) for k, v in asdict(self).items()} | {"clear": bool(self.clear)}


def lag_between(a: Floats, b: Floats) -> Lag | None:
    """The lag of b after a by their largest canonical correlation at each shift; None if one of them never changes.

    Chance is the larger of 99 % of 200 circular shifts, each searched as widely, and five standard deviations above
    what the circular shifts give at one lag: shifts of a short series overlap, so that their quantile alone is too low.

    Parameters
    ----------
    a, b : (moments, columns)
    """
    a, b = _whitened(a), _whitened(b)
    n = len(a)
    if not a.shape[1] or not b.shape[1]:
        return None
    spectrum = np.conj(np.fft.rfft(a, axis=0))[:, :, None] * np.fft.rfft(b, axis=0)[:, None, :]
    cross = np.fft.irfft(spectrum, n, axis=0)  # entry k: a at t against b at t + k
    circular = np.linalg.svd(cross, compute_uv=False)[:, 0]
    most = min(FARTHEST, n // 10)
    window = np.roll(circular, most)[: 2 * most + 1]
    centres = np.linspace(2 * most + 1, n - 2 * most - 2, SHIFTS).astype(np.int64)
    shifted = np.array([np.roll(circular, most - c)[: 2 * most + 1].max() for c in centres])
    far = circular[2 * most + 1 : n - 2 * most]
    chance = max(float(np.quantile(shifted, 0.99)), float(far.mean() + SURE * far.std()))
    best = int(window.argmax())
    return Lag(best - most, float(window[best]), float(window[most]), chance, float(far.std()))


def _whitened(x: Floats) -> Floats:
    """Uncorrelated columns of unit length that span the same, (moments, rank)."""
    centred = x - x.mean(axis=0)
    left, size, _ = np.linalg.svd(centred, full_matrices=False)
    return np.asarray(left[:, size > 1e-9 * max(float(size.max(initial=0.0)), 1e-300)])
