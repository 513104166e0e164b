"""Headroom: how much is left to gain over the best single, measured by cheap probes before fusing in earnest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fuseworthy.evidence.duel import choosing_folds, one_sided_error, simplest_first
from fuseworthy.evidence.intervals import paired_interval, row_means
from fuseworthy.evidence.policies import best_overall, leave_fold_out
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats

PROBES = {
    "stacking": "late: the singles' predictions stacked",
    "additive": "additive: all features, no tree combines modalities",
    "early-boosting": "full: all features, modalities may interact",
}


def headroom_facts(
    ledger: Ledger, losses: Mapping[str, Floats], margin: float, dimensions: Mapping[str, int] | None = None
) -> dict[str, Any] | None:
    """What each probe gains over the best single, whether interaction pays, and what early fusion costs.

    A probe is a lower bound: it can show a gain, never that there is none. G(S) = H(Y) - L(S), the cross-fitted
    information of a set of modalities about the target (Xu et al. 2020), is given as ``gap``. The interaction value is
    the loss of the additive probe minus that of the full one. Learning p features of a useless modality costs about
    p·(C - 1) / 2n nats a row (Akaike 1974), with n rows to learn from and C classes.

    Parameters
    ----------
    losses : name -> (repeats, n)
    margin : smallest gain worth having
    dimensions : modality -> features that an early fusion must learn from it, optional

    Returns
    -------
    dict, or None where no probe was fitted
    """
    names = [name for name in PROBES if name in losses]
    if not names:
        return None
    alpha = one_sided_error(ledger)
    single = leave_fold_out(losses, simplest_first(ledger, kind="single"), choosing_folds(ledger)).loss
    prior = float(np.nanmean(row_means(losses["dummy"]))) if "dummy" in losses else None
    rows = [_row("single", "the best single", single, None, prior)]
    rows += [
        _row(n, PROBES[n], losses[n], paired_interval(single - losses[n], ledger.folds, alpha=alpha), prior)
        for n in names
    ]
    interaction = None
    if {"additive", "early-boosting"} <= set(names):
        found = paired_interval(losses["additive"] - losses["early-boosting"], ledger.folds, alpha=alpha)
        interaction = found.to_dict() | {"needed": found.low > 0}
    most = max(row["high"] for row in rows[1:])
    facts = {
        "rows": rows,
        "interaction": interaction,
        "prices": _prices(ledger, dimensions or {}, ledger.strategies[best_overall(losses, ledger.names())].modality),
        "prior": prior,
        "margin": margin,
        "most": most,
        "unlikely": most < margin,
    }
    return facts | {"sentence": _sentence(facts, ledger.task.is_classification)}


def _row(name: str, title: str, loss: Floats, gain: Any, prior: float | None) -> dict[str, Any]:
    mean = float(np.nanmean(row_means(loss)))
    found: dict[str, Any] = {"name": name, "title": title, "loss": mean, "gap": None if prior is None else prior - mean}
    return found | {key: getattr(gain, key) if gain else None for key in ("gain", "low", "high")}


def _prices(ledger: Ledger, dimensions: Mapping[str, int], kept: str | None) -> list[dict[str, Any]]:
    """What early fusion must pay for every modality besides the best one."""
    folds = ledger.folds
    learned = float(np.mean([len(folds.train(r, k)) for r in range(folds.repeats) for k in range(folds.count)]))
    learned /= max(len(ledger.label_names), 1)
    outputs = max(ledger.task.width - 1, 1)
    unit = 1.0 if ledger.task.is_classification else 2.0  # squared error in units of the variance: p / n at most
    return [
        {
            "modality": m,
            "features": d,
            "price": unit * d * outputs / (2 * learned),
            "rough": learned < 10 * d * outputs,
        }
        for m, d in dimensions.items()
        if m != kept and learned > 0
    ]


def _sentence(facts: dict[str, Any], nats: bool) -> str:
    unit = "nats a row" if nats else "of the variance"
    best = max(facts["rows"][1:], key=lambda row: row["gain"])
    text = (
        f"At most {max(facts['most'], 0):.3g} {unit} is left to gain by these probes; "
        f"the best of them, {best['name']}, gains {best['gain']:+.4f}."
    )
    if facts["prices"]:
        price = sum(p["price"] for p in facts["prices"])
        rough = " (a rough figure: few rows for so many features)" if any(p["rough"] for p in facts["prices"]) else ""
        text += f" Fusing early must pay about {price:.2g} for the features it learns{rough}."
    if facts["interaction"]:
        gap = facts["interaction"]
        text += (
            f" Interaction between modalities is worth {gap['gain']:+.4f}: models that combine features pay."
            if gap["needed"]
            else " No interaction between modalities was found: additive or late fusion loses nothing."
        )
    if facts["unlikely"]:
        text += f" No probe's upper limit reaches the margin of {facts['margin']:g}: fusion is unlikely to pay."
    return text
