"""Sound to numbers: statistics of its mel spectrum and cepstrum, or the spectrum's frames.

Davis & Mermelstein 1980, "Comparison of parametric representations for monosyllabic word recognition".
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, rfft

BANDS, CEPSTRA = 40, 13
WINDOW, HOP = 0.032, 0.010
"""Seconds that a frame lasts, and from one to the next."""
FLOOR, DEPTH = 1e-8, 1e-6
"""Least power, and least share of the loudest band's (−60 dB): below are silence and the noise of few bits."""
MOST_TOKENS = 100
"""Frames of a row after neighbours are averaged."""

Floats32 = NDArray[np.float32]


def sound_spectrum(samples: Floats32, rate: int) -> Floats32:
    """Statistics over time of mel bands, cepstra and their change, and of loudness, pitch and length, (178,)."""
    power, mel = _mel(samples, rate)
    cepstra = np.asarray(dct(mel, type=2, norm="ortho", axis=1))[:, :CEPSTRA]
    change = np.gradient(cepstra, axis=0) if len(cepstra) > 1 else np.zeros_like(cepstra)
    hertz = np.linspace(0, rate / 2, power.shape[1])
    total = power.sum(axis=1)
    centre = (power @ hertz) / np.maximum(total, FLOOR) / (rate / 2)
    loud = np.log10(np.maximum(total, FLOOR))
    whole = [
        np.log(len(samples) / rate),
        np.log10(max(float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))), 1e-6)),
        float(np.abs(samples).max()),
        float(np.mean(np.signbit(samples[1:]) != np.signbit(samples[:-1]))) if len(samples) > 1 else 0.0,
        centre.mean(),
        centre.std(),
        loud.std(),
    ]
    parts = [mel.mean(axis=0), mel.std(axis=0), cepstra.mean(axis=0), cepstra.std(axis=0)]
    parts += [np.abs(change).mean(axis=0), change.std(axis=0)]
    parts += list(np.quantile(cepstra, [0.1, 0.5, 0.9], axis=0))
    return np.concatenate([*parts, whole]).astype(np.float32)


def sound_frames(samples: Floats32, rate: int) -> tuple[Floats32, Floats32]:
    """Log-mel frames, (t, 40) with t at most 100, and the middle of each in seconds, (t,)."""
    mel = _mel(samples, rate)[1]
    middle = np.arange(len(mel)) * _hop(rate) / rate + _width(rate) / rate / 2
    return pool_neighbours(mel, middle, MOST_TOKENS)


def pool_neighbours(tokens: NDArray[np.floating], times: NDArray[np.floating], most: int) -> tuple[Floats32, Floats32]:
    """Means of as few neighbours as bring the tokens to at most ``most``, and of their times.

    Examples
    --------
    >>> pool_neighbours(np.arange(5.0)[:, None], np.arange(5.0), 3)[0].ravel().tolist()
    [0.5, 2.5, 4.0]
    """
    step = -(-len(tokens) // most)
    starts = np.arange(0, len(tokens), step)
    sizes = np.diff(np.append(starts, len(tokens)))
    pooled = np.add.reduceat(tokens, starts, axis=0) / sizes[:, None]
    return pooled.astype(np.float32), (np.add.reduceat(times, starts) / sizes).astype(np.float32)


def _mel(samples: Floats32, rate: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Power of each frame and frequency, (frames, frequencies), and the logarithm of it in mel bands, (frames, 40).

    A recording shorter than a frame is followed by silence up to one.
    """
    width, hop = _width(rate), _hop(rate)
    if len(samples) < width:
        samples = np.pad(samples, (0, width - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(samples, width)[::hop] * np.hanning(width)
    power = np.abs(rfft(frames, _size(rate), axis=1)) ** 2 / width
    mel = power @ _filters(rate).T
    return power, np.log10(np.maximum(mel, max(FLOOR, DEPTH * float(mel.max()))))


def _width(rate: int) -> int:
    return max(round(WINDOW * rate), 8)


def _hop(rate: int) -> int:
    return max(round(HOP * rate), 1)


def _size(rate: int) -> int:
    """Points of the transform: a power of two, and enough that each band holds a frequency."""
    return max(1 << (_width(rate) - 1).bit_length(), 512)


@cache
def _filters(rate: int) -> NDArray[np.float64]:
    """Triangles that are evenly spaced in mel, (40, frequencies)."""
    hertz = np.linspace(0, rate / 2, _size(rate) // 2 + 1)
    top = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, BANDS + 2) / 2595) - 1)
    rising = (hertz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - hertz) / np.diff(edges)[1:, None]
    return np.asarray(np.maximum(0, np.minimum(rising, falling)))
