"""Slices: where fusion rescues and where it harms, found on one half of the rows and tested on the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from fuseworthy.evidence.conditions import Condition, Mask, conditions_of
from fuseworthy.evidence.multiple import holm, simultaneous_quantile
from fuseworthy.folds import Ints
from fuseworthy.task import Floats

SMALLEST_ROWS, SMALLEST_SHARE, SMALLEST_CLUSTERS = 50, 0.02, 30
BEAM, PROMISING, CANDIDATES = 8, 2.5, 3
BETTER = 1.15
"""A second condition must raise the evidence by this factor to be worth reading."""


@dataclass(frozen=True)
class Estimate:
    """Mean gain inside a slice and outside it, with cluster errors and the influence of each cluster."""

    rows: int
    clusters: int
    gain: float
    se: float
    contrast: float
    contrast_se: float
    influence: Floats

    def p_value(self, sign: int) -> float:
        """One-sided: the gain has this sign, and is farther that way inside than outside."""
        return max(
            float(stats.norm.sf(sign * self.gain / self.se)) if self.se > 0 else 1.0,
            float(stats.norm.sf(sign * self.contrast / self.contrast_se)) if self.contrast_se > 0 else 1.0,
        )


def slice_facts(
    gain: Floats,
    clusters: Ints | None,
    descriptors: Mapping[str, NDArray[Any]],
    asked: Sequence[str] = (),
    *,
    alpha: float = 0.05,
    random_state: int = 0,
) -> dict[str, Any]:
    """Slices asked for, and slices found and confirmed.

    Rows are halved (clusters whole). Conditions of one or two columns that tell high from low gain on one half are
    tested on the other: the gain inside must have the sign found, and differ from the gain outside. The halves then
    change places. All tests of both directions share one error rate (Holm 1979); a slice is confirmed if it was found
    on each half and held on the other. Slices that were not looked for in the columns given cannot be found.

    Parameters
    ----------
    gain : (n,) mean loss of the single policy less that of the fusion policy; rows never scored are left out before
    clusters : (n,) rows that are not independent, or None
    descriptors : name -> (n,) numbers or strings
    asked : names tested first, each value as a slice, whatever the rest shows

    Returns
    -------
    dict with ``asked``, ``found`` (confirmed), ``suggested`` (held once), ``tested`` and a ``sentence``
    """
    clusters = np.arange(len(gain)) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    conditions = [c for name, values in descriptors.items() for c in conditions_of(name, values)]
    own = [c for name in asked for c in conditions_of(name, descriptors[name], levels=True)]
    halves = _halves(clusters, random_state)
    trials = [
        (place, sign, condition)
        for place, half in enumerate(halves)
        for sign in (1, -1)
        for condition in discover(gain, clusters, conditions, half, sign)
    ]
    measured = [(p, s, c, estimate(gain, clusters, c.mask, ~halves[p])) for p, s, c in trials]
    tested = [(p, s, c, e) for p, s, c, e in measured if e is not None and e.clusters >= SMALLEST_CLUSTERS]
    adjusted = holm([e.p_value(s) for _, s, _, e in tested])
    held = [t for t, p in zip(tested, adjusted, strict=True) if p <= alpha]
    found, suggested = _matched(held, alpha)
    facts = {
        "asked": _asked(own, gain, clusters, alpha),
        "found": found,
        "suggested": suggested,
        "tested": len(tested),
        "conditions": len(conditions),
        "columns": sorted(descriptors),
    }
    return facts | {"sentence": _sentence(facts)}


def discover(gain: Floats, clusters: Ints, conditions: Sequence[Condition], half: Mask, sign: int) -> list[Condition]:
    """Up to three conditions, not much alike, whose gain on this half lies farthest to one side."""
    fewest = max(SMALLEST_ROWS, SMALLEST_SHARE * half.sum())

    def score(condition: Condition) -> float:
        inside = condition.mask & half
        if inside.sum() < fewest or (half & ~condition.mask).sum() < fewest:
            return -np.inf
        found = estimate(gain, clusters, condition.mask, half)
        if found is None or found.contrast_se == 0 or found.se == 0:
            return -np.inf
        return min(sign * found.contrast / found.contrast_se, sign * found.gain / found.se)

    scored = sorted(((score(c), c) for c in conditions), key=lambda pair: -pair[0])
    beam = [pair for pair in scored[:BEAM] if pair[0] > 1]
    for parent_score, parent in list(beam):
        for other in conditions:
            if parent.columns & other.columns:
                continue
            both = Condition(
                " and ".join(sorted([parent.text, other.text])),
                parent.columns | other.columns,
                parent.mask & other.mask,
            )
            if (reached := score(both)) > BETTER * parent_score:
                beam.append((reached, both))
    kept: list[Condition] = []
    for reached, condition in sorted(beam, key=lambda pair: -pair[0]):
        if reached < PROMISING or len(kept) == CANDIDATES:
            break
        if all(overlap(condition.mask & half, other.mask & half) < 0.5 for other in kept):
            kept.append(condition)
    return kept


def estimate(gain: Floats, clusters: Ints, mask: Mask, rows: Mask) -> Estimate | None:
    """Mean gain in the slice and its contrast to the rest, on ``rows`` alone; None if either is empty."""
    inside, outside = mask & rows, ~mask & rows
    n, rest = int(inside.sum()), int(outside.sum())
    if n < 2 or rest < 2:
        return None
    mean, other = float(gain[inside].mean()), float(gain[outside].mean())
    own = np.where(inside, (gain - mean) / n, 0.0)
    away = np.where(outside, (gain - other) / rest, 0.0)
    size = int(clusters.max()) + 1
    influence: Floats = np.asarray(np.bincount(clusters, weights=own, minlength=size), dtype=np.float64)
    contrast = np.bincount(clusters, weights=own - away, minlength=size)
    count = len(np.unique(clusters[inside]))
    grow = np.sqrt(count / max(count - 1, 1))
    return Estimate(
        n,
        count,
        mean,
        grow * float(np.sqrt((influence**2).sum())),
        mean - other,
        grow * float(np.sqrt((contrast**2).sum())),
        influence,
    )


def overlap(a: Mask, b: Mask) -> float:
    """Rows in both over rows in either (Jaccard)."""
    return float((a & b).sum() / max((a | b).sum(), 1))


def _halves(clusters: Ints, seed: int) -> list[Mask]:
    count = int(clusters.max()) + 1
    first = np.random.default_rng(seed).permutation(count) < count // 2
    return [first[clusters], ~first[clusters]]


def _matched(
    held: list[tuple[int, int, Condition, Estimate]], alpha: float
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Slices that held in both directions (the simpler wording is kept), and those that held in one."""
    quantile = simultaneous_quantile([e.influence for _, _, _, e in held], alpha)
    found: list[tuple[Condition, dict[str, Any]]] = []
    once: list[tuple[Condition, dict[str, Any]]] = []
    used: set[int] = set()
    for i, (half, sign, condition, measured) in enumerate(held):
        twins = [
            j
            for j, (other, direction, twin, _) in enumerate(held)
            if other != half and direction == sign and overlap(condition.mask, twin.mask) >= 0.5
        ]
        if i in used:
            continue
        if twins:
            used |= {i, *twins}
            simpler = min([condition, *[held[j][2] for j in twins]], key=lambda c: (len(c.columns), c.text))
            parts = [measured, held[twins[0]][3]]  # each half is measured by the condition found on the other
            found.append((simpler, _row(simpler, sign, parts, quantile)))
        else:
            once.append((condition, _row(condition, sign, [measured], quantile)))
    return _apart(found), _apart(once)


def _apart(slices: list[tuple[Condition, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Largest gain or harm first; a slice that is much the same as one before it is left out."""
    kept: list[tuple[Condition, dict[str, Any]]] = []
    for condition, row in sorted(slices, key=lambda pair: -abs(pair[1]["gain"])):
        if all(row["kind"] != o["kind"] or overlap(condition.mask, c.mask) < 0.5 for c, o in kept):
            kept.append((condition, row))
    return [row for _, row in kept]


def _row(condition: Condition, sign: int, parts: list[Estimate], quantile: float) -> dict[str, Any]:
    weights = np.array([p.rows for p in parts]) / sum(p.rows for p in parts)
    gain = float(weights @ [p.gain for p in parts])
    se = float(np.sqrt((weights**2) @ np.array([p.se**2 for p in parts])))
    return {
        "slice": condition.text,
        "kind": "rescued" if sign > 0 else "harmed",
        "rows": sum(p.rows for p in parts),
        "clusters": sum(p.clusters for p in parts),
        "gain": gain,
        "low": gain - quantile * se,
        "high": gain + quantile * se,
        "outside": float(weights @ [p.gain - p.contrast for p in parts]),
    }


def _asked(own: Sequence[Condition], gain: Floats, clusters: Ints, alpha: float) -> list[dict[str, Any]]:
    """Every value of the columns asked for, with simultaneous intervals; too small ones without."""
    everyone = np.ones(len(gain), dtype=bool)
    measured = [(c, estimate(gain, clusters, c.mask, everyone)) for c in own]
    large = [e for _, e in measured if e is not None and e.clusters >= SMALLEST_CLUSTERS]
    quantile = simultaneous_quantile([e.influence for e in large], alpha)
    rows: list[dict[str, Any]] = []
    for condition, e in measured:
        if e is None or e.clusters < SMALLEST_CLUSTERS:
            row = {"slice": condition.text, "kind": "too small", "rows": int(condition.mask.sum())}
            rows.append(
                row | dict.fromkeys(("gain", "low", "high", "outside")) | {"clusters": e.clusters if e else None}
            )
            continue
        found = _row(condition, 1, [e], quantile)
        rows.append(found | {"kind": "rescued" if found["low"] > 0 else "harmed" if found["high"] < 0 else "unclear"})
    return rows


def _sentence(facts: dict[str, Any]) -> str:
    told = [
        f"{row['slice']} is {row['kind']} (gain {row['gain']:+.4f} on {row['rows']:,} rows, elsewhere {row['outside']:+.4f})"
        for row in facts["found"]
    ]
    if told:
        return f"Confirmed on rows that did not find it: {'; '.join(told)}."
    if not facts["columns"]:
        return "No slice was looked for: there are no columns to describe the rows by."
    return (
        f"No slice was confirmed: of {facts['conditions']:,} conditions on {len(facts['columns'])} columns, "
        f"{facts['tested']} were worth a test and none held on both halves. That is no proof that there is none."
    )
