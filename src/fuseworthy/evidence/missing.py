"""Missing modalities: what the fusion is worth with fewer of them, and from which rate on it stops paying."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.evidence.availability import Availability, Hidden, Set
from fuseworthy.evidence.duel import one_sided_error
from fuseworthy.evidence.inferiority import p_inferior
from fuseworthy.evidence.intervals import paired_interval
from fuseworthy.evidence.multiple import holm
from fuseworthy.evidence.routing import interval_on, route_all, routed_loss
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats

__all__ = ["Hidden", "missing_facts"]

RATES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
FINE = np.linspace(0, 1, 101)
BURST, DRAWS, BURST_RATE = 20, 200, 0.25
"""Mean rows of a burst, draws, and the rate at which bursts are compared with rows missing one by one."""
EXACT = 5


def missing_facts(ledger: Ledger, hidden: Hidden | None, margin: float) -> dict[str, Any] | None:
    """Every subset of the modalities, routes, rates and bursts, and what missingness alone gives away.

    patterns   for each set of modalities, on rows that have no others if there are 200 of them, or else on all that have
               these, with the others hidden: the fusion against the best single that is left, whether it is not inferior
               by the margin (one-sided, Holm over the sets), and what the router does
    curves     expected loss if each modality (or all of them) is missing at a rate, at random: a mixture over subsets,
               so nothing is drawn
    limits     the rate above which the expected gain falls below the margin, for each modality and for all together
    bursts     how far the mean gain scatters if rows are missing one by one or in runs

    Returns
    -------
    dict, or None where the fusion was not asked, or several labels are decided on together
    """
    if hidden is None or ledger.labels is not None or "dummy" not in ledger.predictions:
        return None
    known, alpha = Availability.of(ledger, hidden), one_sided_error(ledger)
    if len(known.modalities) > EXACT or known.scored.sum() < 2:
        curves, limits, bursts = [], [], []
    else:
        curves = [_curve(known, which, alpha) for which in _scenarios(known)]
        limits = [_limit(known, which, margin) for which in _scenarios(known)]
        bursts = [_bursts(known, m) for m in known.modalities]
    facts = {
        "fusion": hidden.strategy,
        "margin": margin,
        "rows": int(known.scored.sum()),
        "patterns": _patterns(known, ledger, margin, alpha),
        "curves": curves,
        "limits": limits,
        "bursts": bursts,
        "mask_only": _mask_only(ledger, alpha),
    }
    return facts | {"sentence": _sentence(facts)}


def _patterns(known: Availability, ledger: Ledger, margin: float, alpha: float) -> list[dict[str, Any]]:
    routes = route_all(known, known.scored, margin, alpha)
    observed = dict(zip(*np.unique(ledger.pattern.astype(str), return_counts=True), strict=True))
    rows = []
    for visible, route in routes.items():
        having, exactly = known.telling(visible, known.scored)
        row: dict[str, Any] = route.to_dict() | {"observed": int(observed.get(route.to_dict()["pattern"], 0))}
        row |= {"rows": int(having.sum()), "basis": "as observed" if exactly else "others hidden"}
        if having.sum() > 1:
            left, _ = known.best_left(visible)
            gain = interval_on(known.folds, left - known.fusion[visible], having, alpha)
            row |= gain.to_dict() | {
                "loss_single": float(left[having].mean()),
                "loss_fusion": float(known.fusion[visible][having].mean()),
                "p_inferior": p_inferior(gain, margin),
                "routed": interval_on(
                    known.folds, left - routed_loss(known, visible, margin, alpha), having, alpha
                ).to_dict(),
            }
        rows.append(row)
    tested = [row for row in rows if "p_inferior" in row and "+" in row["pattern"]]
    for row, adjusted in zip(tested, holm([row["p_inferior"] for row in tested]), strict=True):
        row["not_inferior"] = adjusted <= alpha
    return rows


def _scenarios(known: Availability) -> list[tuple[str, ...]]:
    """Which modalities go missing: each alone, then all of them independently."""
    return [*((m,) for m in known.modalities), tuple(known.modalities)]


def _mixture(known: Availability, missing: Sequence[str]) -> tuple[list[int], Floats, Floats]:
    """Loss of the best single left and of the fusion, (sets, n), and how many modalities each set hides."""
    hidden, singles, fusions = [], [], []
    everything = frozenset(known.modalities)
    for size in range(len(missing) + 1):
        for lost in combinations(missing, size):
            visible: Set = everything - set(lost)
            hidden.append(size)
            singles.append(known.best_left(visible)[0] if visible else known.prior)
            fusions.append(_shown(known, visible))
    return hidden, np.array(singles), np.array(fusions)


def _shown(known: Availability, visible: Set) -> Floats:
    """Loss of the fusion; the prior where a row has nothing left."""
    if not visible:
        return known.prior
    nothing = ~np.column_stack([known.present[m] for m in visible]).any(axis=1)
    return np.where(nothing, known.prior, known.fusion[visible])


def _weights(hidden: Sequence[int], of: int, rate: Any) -> Floats:
    """Chance of each set if each of ``of`` modalities is missing at the rate."""
    lost = np.array(hidden)
    return np.asarray(rate**lost * (1 - rate) ** (of - lost))


def _curve(known: Availability, missing: tuple[str, ...], alpha: float) -> dict[str, Any]:
    hidden, singles, fusions = _mixture(known, missing)
    rows = []
    for rate in RATES:
        weights = _weights(hidden, len(missing), rate)
        single, fusion = weights @ singles, weights @ fusions
        gain = interval_on(known.folds, single - fusion, known.scored, alpha).to_dict()
        mean = {"single": float(single[known.scored].mean()), "fusion": float(fusion[known.scored].mean())}
        rows.append({"rate": rate} | mean | gain)
    return {
        "missing": _name(known, missing),
        "rates": rows,
        "area": float(np.trapezoid([r["gain"] for r in rows], RATES)),
    }


def _limit(known: Availability, missing: tuple[str, ...], margin: float) -> dict[str, Any]:
    """The rate up to which the expected gain is at least the margin; None where it never is."""
    hidden, singles, fusions = _mixture(known, missing)
    means = (singles - fusions)[:, known.scored].mean(axis=1)
    gains = np.array([_weights(hidden, len(missing), rate) @ means for rate in FINE])
    short = np.flatnonzero(gains < margin)
    rate = 1.0 if not len(short) else float(FINE[short[0] - 1]) if short[0] else None
    return {"missing": _name(known, missing), "rate": rate}


def _bursts(known: Availability, modality: str) -> dict[str, Any]:
    """5 to 95 % of the mean gain over draws, with rows missing one by one and in runs of 20, at a rate of a quarter."""
    rows = known.scored
    everything = frozenset(known.modalities)
    rest = everything - {modality}
    with_it = (known.best_left(everything)[0] - known.fusion[everything])[rows]
    without = (known.best_left(rest)[0] - _shown(known, rest))[rows] if rest else np.zeros(int(rows.sum()))
    rng, found = np.random.default_rng(0), {}
    for kind in ("one_by_one", "in_runs"):
        means = []
        for _ in range(DRAWS):
            lost = _runs(len(with_it), rng) if kind == "in_runs" else rng.random(len(with_it)) < BURST_RATE
            means.append(np.where(lost, without, with_it).mean())
        found[kind] = [float(q) for q in np.quantile(means, (0.05, 0.95))]
    return {"modality": modality, "rate": BURST_RATE, "length": BURST} | found


def _runs(n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Rows in runs: a two-state chain with the mean length of a burst and the rate asked for."""
    rests = BURST * (1 - BURST_RATE) / BURST_RATE
    lengths, states, total, state = [], [], 0, bool(rng.random() < BURST_RATE)
    while total < n:
        length = int(rng.geometric(1 / (BURST if state else rests)))
        lengths.append(length)
        states.append(state)
        total, state = total + length, not state
    return np.repeat(states, lengths)[:n]


def _mask_only(ledger: Ledger, alpha: float) -> dict[str, Any] | None:
    """What the mask alone gains over the prior: missingness that carries the label."""
    if "mask-only" not in ledger.predictions:
        return None
    losses = ledger.losses(["dummy", "mask-only"])
    return paired_interval(losses["dummy"] - losses["mask-only"], ledger.folds, alpha=alpha).to_dict()


def _name(known: Availability, missing: tuple[str, ...]) -> str:
    return missing[0] if len(missing) == 1 and len(known.modalities) > 1 else "each"


def _sentence(facts: dict[str, Any]) -> str:
    fusion, margin = facts["fusion"], facts["margin"]
    singles = [row["pattern"] for row in facts["patterns"] if "+" in row["pattern"] and row["route"] == "single"]
    routed = f" Rows with {', '.join(singles)} are left to the best single there." if singles else ""
    said = []
    for limit in facts["limits"]:
        if limit["missing"] != "each" and limit["rate"] is not None and limit["rate"] < 1:
            said.append(f"{limit['missing']} in more than {limit['rate']:.0%} of rows")
    never = any(limit["missing"] == "each" and limit["rate"] is None for limit in facts["limits"])
    if never:
        return f"{fusion} gains less than {margin:g} over the best single even with nothing missing.{routed}"
    if not said:
        return f"{fusion} keeps a gain of {margin:g} or more whichever single modality goes missing.{routed}"
    return f"{fusion} no longer gains {margin:g} over the best single left if rows lack {', or '.join(said)}, at random.{routed}"
