"""May something cheaper take a model's place? Non-inferiority by a margin, and what was lost, for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from fuseworthy.evidence.duel import one_sided_error
from fuseworthy.evidence.intervals import Interval, paired_interval
from fuseworthy.evidence.multiple import holm
from fuseworthy.evidence.outcome import classify
from fuseworthy.evidence.refusals import refusal_reasons
from fuseworthy.evidence.rescue import rescue_matrix
from fuseworthy.evidence.routing import interval_on
from fuseworthy.evidence.verdict import rows_needed
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats

FEWEST_OF_A_GROUP = 30
"""Rows of a class, or of a pattern, of which a loss is told."""


def p_inferior(gain: Interval, margin: float) -> float:
    """One-sided p of "it loses the margin or more".

    Examples
    --------
    >>> gain = Interval(gain=0.0, se=0.005, low=-0.008, high=0.008, df=1e6, p_value=0.5)
    >>> round(p_inferior(gain, margin=0.01), 4)
    0.0228
    """
    if gain.se == 0:
        return 0.0 if gain.gain > -margin else 1.0
    return float(stats.t.sf((gain.gain + margin) / gain.se, gain.df))


def inferiority_facts(ledger: Ledger, original: str, names: Sequence[str], margin: float) -> list[dict[str, Any]]:
    """Each candidate against the original: loss, gain (mostly a loss, below zero) with its interval, and where it stands.

    standing   "not inferior" where a loss of the margin is ruled out, by Holm's method over all candidates (Holm 1979);
               "inferior" where the whole interval lies below minus the margin; else "undecided", with the rows that
               would tell. On too few rows nothing is called not inferior, and the reasons are given.

    Parameters
    ----------
    names : candidates
    margin : the loss that is just too much, in the unit of the deciding loss
    """
    alpha, losses = one_sided_error(ledger), ledger.losses([original, *names])
    gains = {name: paired_interval(losses[original] - losses[name], ledger.folds, alpha=alpha) for name in names}
    adjusted = dict(zip(names, holm([p_inferior(gains[name], margin) for name in names]), strict=True))
    refusals = refusal_reasons(ledger.y, ledger.task, ledger.folds, ledger.labels)
    found = []
    for name in names:
        standing = _standing(gains[name], margin, adjusted[name] <= alpha and not refusals)
        row: dict[str, Any] = {"name": name, "loss": float(np.nanmean(losses[name]))} | gains[name].to_dict()
        row |= {"p_inferior": adjusted[name], "standing": standing, "reasons": refusals}
        row["rows_needed"] = rows_needed("INCONCLUSIVE", _moved(gains[name], margin), margin, ledger)
        row["rows_needed"] = row["rows_needed"] if standing == "undecided" else None
        found.append(
            row | {"changed": rescue_matrix(ledger, original, name), "groups": _groups(ledger, original, name)}
        )
    return found


def duel_of(ledger: Ledger, better: str, plain: str, margin: float) -> dict[str, Any]:
    """Whether one is better than the other, with one of the six outcomes: the gain, its interval, the margin."""
    losses = ledger.losses([better, plain])
    gain = paired_interval(losses[plain] - losses[better], ledger.folds, alpha=one_sided_error(ledger))
    outcome, _ = classify(gain, margin, guard_holds=True)
    refusals = refusal_reasons(ledger.y, ledger.task, ledger.folds, ledger.labels)
    outcome = "INCONCLUSIVE" if refusals and outcome != "HARMFUL" else outcome
    needed = rows_needed(outcome, gain, margin, ledger)
    return {"name": better, "against": plain, "outcome": outcome, "rows_needed": needed} | gain.to_dict()


def _standing(gain: Interval, margin: float, ruled_out: bool) -> str:
    if ruled_out:
        return "not inferior"
    return "inferior" if gain.high < -margin else "undecided"


def _moved(gain: Interval, margin: float) -> Interval:
    """The gain over "loses just the margin", which `rows_needed` asks about."""
    by = 2 * margin
    return Interval(gain.gain + by, gain.se, gain.low + by, gain.high + by, gain.df, gain.p_value)


def _groups(ledger: Ledger, original: str, name: str) -> list[dict[str, Any]]:
    """The gain in every class and every pattern of enough rows, the largest loss first."""
    losses = ledger.losses([original, name])
    difference: Floats = np.nanmean(losses[original] - losses[name], axis=0)
    kinds: list[tuple[str, str, NDArray[np.bool_]]] = []
    if ledger.task.is_classification:
        kinds += [("class", label, ledger.y == code) for code, label in enumerate(ledger.task.classes)]
    patterns = np.unique(ledger.pattern.astype(str))
    kinds += [("modalities", str(p), ledger.pattern == p) for p in patterns if len(patterns) > 1]
    scored, rows = ledger.scored.any(axis=0), []
    for kind, label, own in kinds:
        here = own & scored
        if FEWEST_OF_A_GROUP <= here.sum() < scored.sum():
            gain = interval_on(ledger.folds, difference, here, one_sided_error(ledger))
            rows.append({"by": kind, "name": label, "rows": int(here.sum())} | gain.to_dict())
    return sorted(rows, key=lambda row: row["gain"])
