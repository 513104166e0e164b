"""Rows of one modality that lie beside the wrong rows of another: stretches that are moved, and rows that are swapped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fuseworthy.folds import Ints
from fuseworthy.inputs.canonical import directions
from fuseworthy.task import Floats

BLOCK, NEAR, FEWEST = 64, 8, 128
SURE, BETTER, SHARPER = 7.0, 5.5, 3.0
"""Standard deviations by which a moved stretch must fit above other moves, above itself unmoved, above one row beside."""
FEWEST_CIRCLED = 500
OWN, ODD, FIRST = 0.02, 0.10, 6
CANDIDATES, MOST = 600, 1_500


@dataclass(frozen=True)
class Stretch:
    """A run of rows whose partners lie ``shift`` rows further on; places, the last one included."""

    first: int
    last: int
    shift: int
    above: float


@dataclass(frozen=True)
class Swapped:
    """Rows whose partners lie elsewhere, without order.

    Parameters
    ----------
    identifying : bool
        Whether the link can tell one row's partner from all others; if not, nothing can be said.
    share : float
        Of the rows looked at, that are beside a wrong partner; 0 if that is not sure.
    found : int
        Rows whose partner was found beside another such row.
    by_chance : float
        Rows for which that would happen by chance.
    places : tuple of int
        The first few of them.
    """

    identifying: bool
    share: float = 0.0
    found: int = 0
    by_chance: float = 0.0
    places: tuple[int, ...] = ()


def find_stretch(
    u: Floats, v: Floats, strength: Floats, present: tuple[Floats, Floats], pieces: Sequence[Ints]
) -> Stretch | None:
    """The stretch that fits far better when moved, if there is one.

    Sums of the agreement along every diagonal are taken for blocks of 64 rows, by Fourier transform, and joined two by
    two; a block's other shifts show how large such a sum gets by chance, autocorrelation and groups included.

    Parameters
    ----------
    u, v : (n, k) arrays
        The two modalities in their canonical directions, zero where absent.
    strength : (k,) array
    present : pair of (n,) arrays of ones and zeros
    pieces : places of neighbouring rows
    """
    best: Stretch | None = None
    for piece in pieces:
        sums = _diagonals(u[piece] * strength, v[piece])
        pairs = _diagonals(present[0][piece, None], present[1][piece, None])
        for (block, size, line), (_, _, counts) in zip(_joined(sums), _joined(pairs), strict=True):
            found = _moved(block * BLOCK, size * BLOCK, line, counts, len(piece))
            if found and (best is None or found.above > best.above):
                best = Stretch(int(piece[found.first]), int(piece[found.last]), found.shift, found.above)
    return best


def find_move(x: Floats, y: Floats) -> int:
    """By how many rows all of the second modality seems moved, where the two tell nothing of each other; 0 if not seen.

    The size of the cross-covariance at every shift (of the rows in a circle), against its own spread over the shifts.

    Parameters
    ----------
    x, y : (n, a) and (n, b) arrays of normal scores of neighbouring rows
    """
    n = len(x)
    if n < FEWEST_CIRCLED:
        return 0
    left, right = np.conj(np.fft.rfft(x, axis=0)), np.fft.rfft(y, axis=0)
    size = np.zeros(n)
    for column in left.T:
        size += (np.fft.irfft(column[:, None] * right, n, axis=0) ** 2).sum(axis=1)
    middle = np.median(size)
    above = (size - middle) / max(1.4826 * float(np.median(np.abs(size - middle))), float(size.std()), 1e-9)
    peak = int(above.argmax())
    if not above[peak] > SURE or above[peak] - max(above[peak - 1], above[(peak + 1) % n]) < SHARPER:
        return 0
    return peak if peak <= n // 2 else peak - n


def _diagonals(u: Floats, v: Floats) -> Floats:
    """Agreement of each block of rows with the rows s further on, summed, (blocks, 2n - 1); s from -(n - 1)."""
    n = len(u)
    size = 1 << (2 * n).bit_length()
    other = np.fft.rfft(v, size, axis=0)
    rows = []
    for start in range(0, n - BLOCK + 1, BLOCK):
        own = np.zeros_like(u)
        own[start : start + BLOCK] = u[start : start + BLOCK]
        line = np.fft.irfft((np.conj(np.fft.rfft(own, size, axis=0)) * other).sum(axis=1), size)
        rows.append(np.concatenate([line[-(n - 1) :], line[:n]]))
    return np.array(rows).reshape(-1, 2 * n - 1)


def _joined(sums: Floats) -> Iterator[tuple[int, int, Floats]]:
    """Every block, every two neighbouring blocks, every four …: first block, how many, sums."""
    starts, size = np.arange(len(sums)), 1
    while len(sums):
        yield from ((int(start), size, line) for start, line in zip(starts, sums, strict=True))
        sums, starts, size = sums[:-1:2] + sums[1::2], starts[: len(sums) // 2 * 2 : 2], 2 * size


def _moved(start: int, length: int, line: Floats, counts: Floats, n: int) -> Stretch | None:
    shifts = np.arange(-start, n - start - length + 1)  # the whole stretch stays inside
    counts = counts[shifts + n - 1]
    enough = counts >= BLOCK / 2
    far = enough & (np.abs(shifts) > NEAR)
    if far.sum() < FEWEST or not enough[start]:
        return None
    sums = np.where(enough, line[shifts + n - 1] / np.sqrt(np.maximum(counts, 1)), -np.inf)
    middle = np.median(sums[far])
    spread = max(1.4826 * float(np.median(np.abs(sums[far] - middle))), float(sums[far].std()), 1e-9)
    above = (sums - middle) / spread
    here = start  # the place of shift 0
    moved = np.where(shifts == 0, -np.inf, above)
    peak = int(moved.argmax())
    beside = max(moved[max(peak - 1, 0)] if peak else -np.inf, moved[peak + 1] if peak + 1 < len(moved) else -np.inf)
    sure = moved[peak] > SURE and moved[peak] - above[here] > BETTER and moved[peak] - beside > SHARPER
    return Stretch(start, start + length - 1, int(shifts[peak]), float(moved[peak])) if sure else None


def find_swapped(x: Floats, y: Floats) -> Swapped:
    """Rows that sit beside a wrong partner while their own partner sits beside another such row.

    A row is odd if its partner fits it no better than many others would. Odd rows are nothing strange: a link may be
    loose, or a picture bad. But if rows were swapped, the partner that an odd row looks for is beside another odd row,
    and more often so than among the rows that fit.

    Parameters
    ----------
    x, y : (n, a) and (n, b) arrays
        Normal scores of rows that have both modalities.
    """
    rng = np.random.default_rng(0)
    found = directions(x, y)
    loose = _ranked(x @ found.left, y @ found.right, found.strength, rng)[0]
    if loose.mean() < 0.4:  # swapped rows loosen the link that is to find them: once more without them
        found = directions(x[~loose], y[~loose])
    u, v, strength = x @ found.left, y @ found.right, found.strength
    is_odd, is_sound, own = _ranked(u, v, strength, rng)
    odd, sound = np.flatnonzero(is_odd), np.flatnonzero(is_sound)
    if len(sound) < max(50, len(u) // 4):
        return Swapped(False)
    if len(odd) < FIRST:
        return Swapped(True)
    share = len(odd) / (1 - ODD) ** 2 / len(u)
    level = float(np.quantile(own[sound], 0.25))
    odd, sound = rng.permutation(odd)[:MOST], rng.permutation(sound)[:MOST]
    among = log_odds(u[odd], v[odd], strength) > level
    np.fill_diagonal(among, False)
    beside_sound = log_odds(u[odd], v[sound], strength) > level, log_odds(u[sound], v[odd], strength) > level
    expected = len(odd) * (1 - np.exp(-len(odd) * max(fits.mean() for fits in beside_sound)))
    partnered = np.flatnonzero(among.any(axis=1) & among.any(axis=0))
    return _judged(np.sort(odd[partnered]), len(odd), float(expected), share)


def _ranked(
    u: Floats, v: Floats, strength: Floats, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Floats]:
    """Which rows fit their partner no better than one in ten others would, which better than nearly all; and how well."""
    own = _own(u, v, strength)
    some = rng.choice(len(u), min(len(u), CANDIDATES), replace=False)
    of_right = (log_odds(u, v[some], strength) >= own[:, None]).mean(axis=1)
    of_left = (log_odds(u[some], v, strength) >= own[None, :]).mean(axis=0)
    return (of_right > ODD) & (of_left > ODD), (of_right <= OWN) & (of_left <= OWN), own


def _judged(rows: Ints, odd: int, expected: float, share: float) -> Swapped:
    hits = len(rows)
    if expected > 0.5 * odd:
        return Swapped(False)
    sure = hits >= FIRST and hits - expected > 6 * np.sqrt(expected + 1) and hits > 2 * expected and hits > 0.04 * odd
    if not sure:
        return Swapped(True, 0.0, hits, round(expected, 1))
    return Swapped(True, round(min(share, 1.0), 4), hits, round(expected, 1), tuple(int(row) for row in rows[:5]))


def log_odds(u: Floats, v: Floats, strength: Floats) -> Floats:
    """How much better each row of v fits each row of u than a row drawn at random, in nats, (rows of u, rows of v)."""
    a = strength / (1 - strength**2)
    loose = 0.5 * ((u * u) @ (strength * a))[:, None] + 0.5 * ((v * v) @ (strength * a))[None, :]
    return np.asarray((u * a) @ v.T - loose - 0.5 * np.log1p(-(strength**2)).sum())


def _own(u: Floats, v: Floats, strength: Floats) -> Floats:
    a = strength / (1 - strength**2)
    loose = 0.5 * (u * u + v * v) @ (strength * a)
    return np.asarray((u * v) @ a - loose - 0.5 * np.log1p(-(strength**2)).sum())
