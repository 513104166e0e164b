"""Series to numbers: statistics of each channel and between channels, or of each window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft, rfftfreq

from fuseworthy.inputs.encoders.spectra import pool_neighbours

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
BANDS = 8
"""Equal steps on a logarithmic scale, from the slowest that 256 samples hold to half the rate."""
SLOWEST = 1 / 256
MOST_TOKENS = 128
"""Windows of a row after neighbours are averaged."""
CHANNEL_STATISTICS, WINDOW_STATISTICS = 25, 8

Floats32 = NDArray[np.float32]
Floats = NDArray[np.float64]


def series_statistics(signal: Floats, rate: float | None) -> Floats32:
    """Statistics of each channel, correlations between channels, and the length, (25 c + c (c − 1) / 2 + 1,).

    Parameters
    ----------
    signal : (n, c), finite
    rate : samples a second, or None: frequencies are then a sample's
    """
    n, channels = signal.shape
    per_channel = np.concatenate([_channel(column, rate or 1.0) for column in signal.T])
    spread = signal.std(axis=0)
    unit = np.where(spread > 0, signal - signal.mean(axis=0), 0.0) / np.where(spread > 0, spread, 1.0)
    correlation = (unit.T @ unit / n)[np.triu_indices(channels, k=1)]
    return np.concatenate([per_channel, correlation, [np.log(n / (rate or 1.0))]]).astype(np.float32)


def series_windows(signal: Floats, rate: float | None, window: int) -> tuple[Floats32, Floats32]:
    """Statistics of each window, (t, 8 c) with t at most 128, and the middle of each, (t,), in seconds or samples.

    Windows follow each other without overlap; a rest of half a window or more makes one of its own.
    """
    starts = np.arange(0, max(len(signal) - window // 2, 1), window)
    parts = [_window(signal[start : start + window], rate or 1.0) for start in starts]
    middle = (starts + np.minimum(starts + window, len(signal))) / 2 / (rate or 1.0)
    return pool_neighbours(np.stack(parts), middle, MOST_TOKENS)


def _window(part: Floats, rate: float) -> Floats:
    return np.concatenate([_short(column, rate) for column in part.T])


def _short(column: Floats, rate: float) -> Floats:
    """Mean, spread, ends, roughness, crossings, and where the power lies, (8,)."""
    centred = column - column.mean()
    step = np.abs(np.diff(column)).mean() if len(column) > 1 else 0.0
    frequency, share = _strongest(centred, rate)
    ends = [column.min(), column.max()]
    return np.array([column.mean(), column.std(), *ends, step, _crossings(centred), frequency, share])


def _channel(column: Floats, rate: float) -> Floats:
    """(25,): see `series_statistics`."""
    centred = column - column.mean()
    spread = column.std()
    unit = centred / spread if spread > 0 else np.zeros_like(centred)
    step = np.abs(np.diff(column)).mean() if len(column) > 1 else 0.0
    level = [column.mean(), spread, np.sqrt(np.mean(column**2)), *np.quantile(column, QUANTILES)]
    shape = [(unit**3).mean(), (unit**4).mean(), step, _crossings(centred), _slope(unit)]
    return np.array([*level, *shape, *_strongest(centred, rate), *_band_shares(centred)])


def _crossings(centred: Floats) -> float:
    """Share of steps that cross the mean."""
    return float(np.mean(np.signbit(centred[1:]) != np.signbit(centred[:-1]))) if len(centred) > 1 else 0.0


def _slope(unit: Floats) -> float:
    """Correlation with time."""
    time = np.arange(len(unit)) - (len(unit) - 1) / 2
    return float((unit * time).mean() / time.std()) if len(unit) > 1 else 0.0


def _power(centred: Floats) -> Floats:
    """Share of the power at each frequency above zero; all zeros of a constant."""
    power = np.abs(rfft(centred * np.hanning(len(centred) + 2)[1:-1]))[1:] ** 2
    total = power.sum()
    return np.asarray(power / total if total > 1e-20 * len(centred) ** 2 else np.zeros_like(power))


def _strongest(centred: Floats, rate: float) -> tuple[float, float]:
    """The strongest frequency and its share of the power."""
    power = _power(centred)
    if not power.any():
        return 0.0, 0.0
    place = int(power.argmax())
    return float(rfftfreq(len(centred), 1 / rate)[1 + place]), float(power[place])


def _band_shares(centred: Floats) -> Floats:
    power = _power(centred)
    edges = np.geomspace(SLOWEST, 0.5, BANDS + 1)
    band = np.searchsorted(edges[1:-1], rfftfreq(len(centred))[1 : len(power) + 1])
    return np.asarray(np.bincount(band, power, BANDS))
