"""What each modality is worth, and what a fusion relies on: two things that permutation alone confuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from fuseworthy.evidence.duel import choosing_folds, one_sided_error, simplest_first
from fuseworthy.evidence.intervals import paired_interval
from fuseworthy.evidence.policies import leave_fold_out
from fuseworthy.evidence.shapley import shapley
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats

Subset = tuple[str, ...]


def attribution_facts(ledger: Ledger, losses: Mapping[str, Floats], margin: float) -> dict[str, Any] | None:
    """Shapley value, value when left out, and reliance of every modality, with intervals.

    The value of a set of modalities is minus the loss of what was trained on them alone: nothing (the prior), the best
    single of one modality, or the fusion retrained on a subset. All are per-row losses, so each value is a paired
    difference with the same interval as the verdict.

    shapley    mean gain of adding the modality, over all orders (Shapley 1953); they add up to the whole gain
    left_out   loss of the fusion retrained without it, less that of the whole (leave one modality out)
    reliance   loss of the same fusion when the modality's rows are shuffled, less that of the whole

    Parameters
    ----------
    losses : name -> (repeats, n)

    Returns
    -------
    dict, or None where the subsets were not trained
    """
    known = subset_losses(ledger, losses)
    whole = tuple(ledger.modalities)
    if whole not in known:
        return None
    alpha = one_sided_error(ledger)

    def measured(difference: Floats) -> dict[str, Any]:
        return paired_interval(difference, ledger.folds, alpha=alpha).to_dict()

    chains = _chains(ledger, known)
    rows = []
    for modality in whole:
        rest = tuple(m for m in whole if m != modality)
        shuffled = losses.get(f"permuted:{modality}")
        rows.append(
            {
                "modality": modality,
                "alone": measured(known[()] - known[(modality,)]),
                "shapley": measured(_shapley(modality, known, chains)),
                "left_out": measured(known[rest] - known[whole]) if rest in known else None,
                "reliance": measured(shuffled - known[whole]) if shuffled is not None else None,
            }
        )
    total = measured(known[()] - known[whole])
    facts = {"rows": rows, "total": total, "exact": chains is None, "subsets": len(known) - 1, "margin": margin}
    facts |= _dominance(rows, margin) | {"interaction": _interaction(ledger, losses, alpha)}
    return facts | {"sentence": _sentence(facts)}


def subset_losses(ledger: Ledger, losses: Mapping[str, Floats]) -> dict[Subset, Floats]:
    """Loss of what each set of modalities gives: the prior, the best single by folds, the retrained fusion."""
    known: dict[Subset, Floats] = {}
    if "dummy" in losses:
        known[()] = losses["dummy"]
    folds = choosing_folds(ledger)
    for modality in ledger.modalities:
        policy = leave_fold_out(losses, simplest_first(ledger, modality), folds)
        # a fold in which nothing could be chosen is scored by the first candidate's own losses
        own = losses[simplest_first(ledger, modality)[0]]
        known[(modality,)] = np.where(np.isfinite(policy.loss), policy.loss, own)
    for name in ledger.names(kind="subset"):
        known[tuple(sorted(ledger.strategies[name].modalities))] = losses[name]
    return known if () in known else {}


def _chains(ledger: Ledger, known: Mapping[Subset, Floats]) -> list[Subset] | None:
    """None if every subset is known; else the orders whose every step is known."""
    names = ledger.modalities
    if all(s in known for size in range(len(names) + 1) for s in combinations(names, size)):
        return None
    orders: list[Subset] = [()]
    for _ in names:  # grow orders one modality at a time through subsets that were trained
        orders = [(*o, m) for o in orders for m in names if m not in o and tuple(sorted((*o, m))) in known][:5000]
    return orders


def _shapley(modality: str, known: Mapping[Subset, Floats], chains: Sequence[Subset] | None) -> Floats:
    """Per-row Shapley value, (repeats, n)."""
    if chains is not None:
        steps = []
        for order in chains:
            before = tuple(sorted(order[: order.index(modality)]))
            steps.append(known[before] - known[tuple(sorted((*before, modality)))])
        return np.asarray(np.mean(steps, axis=0))
    return shapley(modality, max(known, key=len), {subset: -loss for subset, loss in known.items()})


def _dominance(rows: list[dict[str, Any]], margin: float) -> dict[str, Any]:
    """Whether the fusion leans on one modality although another has value: harmful dominance."""
    if any(row["reliance"] is None or row["left_out"] is None for row in rows):
        return {"dominant": None, "share": None, "neglected": []}
    reliance = {row["modality"]: max(row["reliance"]["gain"], 0.0) for row in rows}
    total = sum(reliance.values())
    top = max(reliance, key=lambda m: reliance[m])
    share = reliance[top] / total if total > 0 else None
    neglected = [r["modality"] for r in rows if r["modality"] != top and r["left_out"]["low"] >= margin]
    return {"dominant": top, "share": share, "neglected": neglected if share is not None and share > 0.9 else []}


def _interaction(ledger: Ledger, losses: Mapping[str, Floats], alpha: float) -> dict[str, Any] | None:
    """Does the task need interaction (trained additive against full)? Does the model use it (EMAP against full)?"""
    if not {"additive", "early-boosting"} <= set(losses):
        return None
    full = losses["early-boosting"]
    found: dict[str, Any] = {"task": paired_interval(losses["additive"] - full, ledger.folds, alpha=alpha).to_dict()}
    if "emap" in losses:
        found["model"] = paired_interval(losses["emap"] - full, ledger.folds, alpha=alpha).to_dict()
    return found


def _sentence(facts: dict[str, Any]) -> str:
    rows = sorted(facts["rows"], key=lambda row: -row["shapley"]["gain"])
    shares = ", ".join(f"{row['modality']} {row['shapley']['gain']:+.4f}" for row in rows)
    text = f"Of a gain of {facts['total']['gain']:.4f} over the prior, by Shapley value: {shares}."
    idle = [r["modality"] for r in rows if r["left_out"] and r["left_out"]["high"] < facts["margin"]]
    if idle:
        text += f" Retrained without {' or '.join(idle)}, less than the margin is lost."
    if facts["neglected"]:
        text += (
            f" {facts['share']:.0%} of the reliance is on {facts['dominant']} although {', '.join(facts['neglected'])} "
            "has value of its own: harmful dominance."
        )
    return text
