"""Partial information decomposition of two discretised modalities, debiased, or the answer that it cannot be estimated.

What two modalities tell about the target splits into what both tell (redundancy), what one alone tells (unique), and
what only both together tell (synergy), in the sense of Bertschinger et al. (2014): unique information is what is left
under the joint distribution that keeps each modality's relation to the target and otherwise says least. It explains a
gain; it decides nothing: synergy may still be recovered by late fusion.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.folds import Ints
from fuseworthy.task import Floats

BIAS = 0.005
"""Largest bias of the synergy of noise, in nats, (k - 1)²(C - 1) / 2n, that is let through."""
FEWEST_CELLS, MOST_CELLS = 3, 10
PERMUTED, DRAWN = 20, 60
ROUNDS, PRECISION = 300, 1e-9
TITLES = {"redundancy": "both", "synergy": "only both together"}
NAMES = ("redundancy", "unique1", "unique2", "synergy")


def cells_for(rows: int, classes: int) -> int | None:
    """Cells into which each modality may be cut so that the bias stays small; None if even three are too many.

    Examples
    --------
    >>> cells_for(2000, 2), cells_for(20_000, 2), cells_for(300, 2)
    (5, 10, None)
    """
    most = int(1 + np.sqrt(2 * rows * BIAS / max(classes - 1, 1)))
    return None if most < FEWEST_CELLS else min(most, MOST_CELLS)


def decompose_information(x1: Ints, x2: Ints, y: Ints, weights: Floats | None = None) -> dict[str, float]:
    """Redundancy, unique and synergistic information in nats of two codes about a third, each (n,) from 0.

    Examples
    --------
    >>> a, b = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> {k: float(round(v / np.log(2), 3)) for k, v in decompose_information(a, b, a & b).items()}
    {'redundancy': 0.311, 'unique1': 0.0, 'unique2': 0.0, 'synergy': 0.5}
    """
    joint = np.zeros((int(x1.max()) + 1, int(x2.max()) + 1, int(y.max()) + 1))
    np.add.at(joint, (x1, x2, y), 1.0 if weights is None else weights)
    joint /= joint.sum()
    one, two = _information(joint.sum(axis=1)), _information(joint.sum(axis=0))
    both = _information(joint.reshape(-1, joint.shape[2]))
    least = min(max(_information(_least_told(joint).reshape(-1, joint.shape[2])), one, two), both)
    parts = (one + two - least, least - two, least - one, both - least)
    return {name: max(float(part), 0.0) for name, part in zip(NAMES, parts, strict=True)}


def decomposition_facts(x1: Ints, x2: Ints, y: Ints, names: tuple[str, str]) -> dict[str, Any]:
    """The decomposition less what shuffled targets give, with 90 % bootstrap intervals; "not estimable" if too coarse.

    Parameters
    ----------
    x1, x2 : (n,) cells of two modalities, cut without looking at the target
    y : (n,) class codes
    names : the modalities
    """
    n, classes = len(y), int(y.max()) + 1
    k = max(int(x1.max()), int(x2.max())) + 1
    facts: dict[str, Any] = {"modalities": list(names), "cells": k, "rows": n}
    bias = (int(x1.max())) * int(x2.max()) * (classes - 1) / (2 * n)
    if cells_for(n, classes) is None or bias > 2 * BIAS:
        needed = int(np.ceil((FEWEST_CELLS - 1) ** 2 * (classes - 1) / (2 * BIAS)))
        reason = f"{n:,} rows are too few for {k} × {k} cells and {classes} classes; about {needed:,} would do"
        return facts | {"estimable": False, "sentence": f"Not estimable: {reason}.", "rows_needed": needed, "parts": []}
    rng = np.random.default_rng(0)
    found = decompose_information(x1, x2, y)
    shuffled = [decompose_information(x1, x2, rng.permutation(y)) for _ in range(PERMUTED)]
    drawn = []
    for _ in range(DRAWN):
        rows = rng.integers(0, n, n)
        drawn.append(decompose_information(x1[rows], x2[rows], y[rows]))
    parts = []
    for name in NAMES:
        noise = float(np.mean([s[name] for s in shuffled]))
        spread = np.array([d[name] for d in drawn])
        spread -= spread.mean() - found[name]  # a bootstrap is biased once more; its spread is what is wanted
        low, high = np.quantile(spread, (0.05, 0.95)) - noise
        title = {"unique1": f"{names[0]} alone", "unique2": f"{names[1]} alone"}.get(name, TITLES.get(name, name))
        parts.append(
            {"part": name, "title": title, "nats": found[name] - noise, "low": float(low), "high": float(high)}
        )
    return facts | {"estimable": True, "parts": parts, "rows_needed": None, "sentence": _sentence(parts)}


def _least_told(joint: Floats) -> Floats:
    """The joint distribution with the same (x1, y) and (x2, y) that tells least of y.

    Alternating projections (Csiszár & Tusnády 1984): for a given distribution of (x1, x2) the nearest joint for each y
    is found by iterative proportional fitting, and the distribution is then that joint's own.
    """
    left, right, prior = joint.sum(axis=1), joint.sum(axis=0), joint.sum(axis=(0, 1))
    safe = np.maximum(prior, 1e-300)
    middle = np.einsum("iy,jy->ij", left / safe, right)
    last = np.inf
    q = joint
    for _ in range(ROUNDS):
        q = _fitted(middle, left, right)
        middle = q.sum(axis=2)
        told = _information(q.reshape(-1, q.shape[2]))
        if abs(last - told) < PRECISION:
            break
        last = told
    return q


def _fitted(middle: Floats, left: Floats, right: Floats) -> Floats:
    q = np.repeat(middle[:, :, None], left.shape[1], axis=2)
    for _ in range(50):
        q = q * (left / np.maximum(q.sum(axis=1), 1e-300))[:, None, :]
        rows = q.sum(axis=0)
        if np.abs(rows - right).max() < 1e-12:
            break
        q = q * (right / np.maximum(rows, 1e-300))[None, :, :]
    return q


def _information(table: NDArray[np.float64]) -> float:
    """Mutual information of rows and columns, in nats."""
    outer = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True)
    kept = table > 1e-300
    return float((table[kept] * np.log(table[kept] / outer[kept])).sum())


def _sentence(parts: list[dict[str, Any]]) -> str:
    told = ", ".join(f"{p['nats']:+.3f} by {p['title']}" for p in parts)
    return f"Information about the target in nats, told (after cutting each modality into cells) {told}."
