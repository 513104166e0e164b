"""Does one modality keep the others from being learned in a joint network, and does a remedy help?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fuseworthy.evidence.duel import one_sided_error
from fuseworthy.evidence.intervals import Interval, paired_interval, row_means
from fuseworthy.evidence.outcome import classify
from fuseworthy.evidence.policies import best_overall
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats

JOINT, STACK, PREFIX = "concat", "stacking", "concat-"
LEAST_RATIO = 0.95
"""Below this share of what a modality gives alone its encoder counts as under-trained."""


def dominance_facts(ledger: Ledger, losses: Mapping[str, Floats], margin: float) -> dict[str, Any] | None:
    """A network trained jointly against the stack of what was trained apart, and what is left of each modality inside.

    joint      loss of the stack less that of the joint network: below zero for sure, training together costs something
               (Du et al. 2023); otherwise there is no problem, whatever else is said of dominance
    encoders   gain over the prior of a linear probe of each modality's encoder, over that of its best single
    remedies   gain of each remedy over the stack, and the verdict on it: only ``FUSE`` recommends one

    Parameters
    ----------
    losses : name -> (repeats, n)
    margin : smallest gain worth having

    Returns
    -------
    dict, or None where no joint network or no stack was fitted
    """
    if JOINT not in losses or STACK not in losses:
        return None
    alpha = one_sided_error(ledger)

    def over_stack(name: str) -> Interval:
        return paired_interval(losses[STACK] - losses[name], ledger.folds, alpha=alpha)

    joint = over_stack(JOINT)
    remedies = []
    for name in ledger.names(kind="fusion"):
        if name.startswith(PREFIX):
            gain = over_stack(name)
            outcome, _ = classify(gain, margin, True)
            remedies.append({"name": name, "outcome": outcome, "recommended": outcome == "FUSE"} | gain.to_dict())
    facts = {
        "joint": joint.to_dict(),
        "under_trained": joint.high < 0,
        "encoders": _encoders(ledger, losses, alpha),
        "remedies": remedies,
    }
    return facts | {"sentence": _sentence(facts)}


def _encoders(ledger: Ledger, losses: Mapping[str, Floats], alpha: float) -> list[dict[str, Any]]:
    """Each modality inside and alone; under-trained where less is left of it inside for sure, and by enough."""
    if "dummy" not in losses:
        return []
    prior, rows = _mean(losses["dummy"]), []
    for name in ledger.names(kind="encoder"):
        modality = str(ledger.strategies[name].modality)
        best = losses[best_overall(losses, ledger.names(modality=modality))]
        alone = prior - _mean(best)
        inside = prior - _mean(losses[name])
        ratio = inside / alone if alone > 0 else None
        lost = paired_interval(losses[name] - best, ledger.folds, alpha=alpha)
        low = ratio is not None and ratio < LEAST_RATIO and lost.low > 0
        rows.append({"modality": modality, "inside": inside, "alone": alone, "ratio": ratio, "under_trained": low})
    return rows


def _mean(loss: Floats) -> float:
    return float(np.nanmean(row_means(loss)))


def _sentence(facts: Mapping[str, Any]) -> str:
    joint = facts["joint"]
    span = f"{joint['gain']:+.4f} ({joint['low']:+.4f} to {joint['high']:+.4f})"
    if not facts["under_trained"]:
        return f"Trained jointly, a network gains {span} over the stack of what was trained apart: no sign that one modality holds the others back."
    weak = [e["modality"] for e in facts["encoders"] if e["under_trained"]]
    text = f"Trained jointly, a network gains {span} over the stack of what was trained apart: training together costs something."
    if weak:
        text += f" Inside it {' and '.join(weak)} {'gives' if len(weak) == 1 else 'give'} less than alone."
    if facts["remedies"]:
        good = [r["name"] for r in facts["remedies"] if r["recommended"]]
        text += (
            f" Beating the stack by enough to be worth it: {', '.join(good)}."
            if good
            else " No remedy beats the stack by enough to be worth it: stack."
        )
    return text
