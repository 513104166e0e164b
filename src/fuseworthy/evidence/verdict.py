"""The verdict of record: best single against best fusion, policy against policy, with a minimum gain."""

from __future__ import annotations

from math import ceil, inf
from typing import Any

import numpy as np
from scipy import stats

from fuseworthy.errors import InputError, LedgerError
from fuseworthy.evidence.deciding import deciding_losses, deciding_name
from fuseworthy.evidence.duel import fight, one_sided_error, simplest_first
from fuseworthy.evidence.intervals import Interval, paired_interval, row_means
from fuseworthy.evidence.labels import label_verdicts
from fuseworthy.evidence.metrics import LOWER_IS_BETTER, TITLES, check_metric, ledger_scores
from fuseworthy.evidence.outcome import Headline, Outcome, Verdict, classify
from fuseworthy.evidence.policies import Policy, best_overall
from fuseworthy.evidence.refusals import MINIMUM_CLUSTERS, MINIMUM_FOLD_ROWS, MINIMUM_ROWS, refusal_reasons
from fuseworthy.evidence.wording import complete
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats

DEFAULT_MARGIN = 0.01


def decide(
    ledger: Ledger, *, margin: float = DEFAULT_MARGIN, metric: str | None = None, decide_on: str | None = None
) -> Verdict:
    """Give the verdict of record on a ledger.

    Parameters
    ----------
    ledger : Ledger
        At least one single and one fusion.
    margin : float
        Smallest gain in the deciding loss that is worth a fusion's cost: nats per row, or share of the variance.
    metric : str, optional
        Headline metric; it is reported, never decided on.
    decide_on : str, optional
        A metric to decide on instead of the proper loss; ``margin`` is then in its unit. Needs more rows for the same
        gain.

    Raises
    ------
    LedgerError
        No single, no fusion, or fewer than two independent rows or groups.
    InputError
        The margin is below zero or not a number, or the metric does not fit the target.

    Notes
    -----
    Both policies are chosen for each fold on the other folds, so that no candidate is chosen on the rows it is
    scored on. The guard is an intersection-union test (Berger 1982) over the modalities. Several labels are decided
    on together, by the mean of their losses; the verdicts on each are corrected by Holm's method.
    """
    _check(ledger, margin)
    singles, fusions = simplest_first(ledger, kind="single"), simplest_first(ledger, kind="fusion")
    headline_metric = check_metric(metric or decide_on, ledger.task)
    alpha = one_sided_error(ledger)
    losses = deciding_losses(ledger, decide_on)
    duel = fight(ledger, losses, alpha)
    outcome, reasons = classify(duel.gain, margin, duel.guard_p <= alpha)
    outcome, reasons = _withdraw(outcome, reasons, duel.controls)
    outcome, reasons = _refuse(outcome, reasons, ledger)
    best_single, best_fusion = best_overall(losses, singles), best_overall(losses, fusions)
    deploy = simplest_within_one_se(losses, fusions, ledger) if outcome == "FUSE" else best_single
    verdict = Verdict(
        outcome=outcome,
        gain=duel.gain.gain,
        low=duel.gain.low,
        high=duel.gain.high,
        se=duel.gain.se,
        margin=margin,
        confidence=1 - 2 * alpha,
        rows_needed=rows_needed(outcome, duel.gain, margin, ledger),
        rows_unit=unit_of(ledger)[0],
        best_single=best_single,
        best_fusion=best_fusion,
        deploy=deploy,
        loss=deciding_name(ledger, decide_on),
        headline=headline(ledger, duel.single, duel.fusion, headline_metric, alpha),
        guard=tuple(duel.guard),
        controls=tuple(duel.controls),
        reasons=tuple(reasons),
        flags=tuple(_flags(ledger)),
        labels=tuple(label_verdicts(ledger, margin, decide_on, alpha)),
    )
    return complete(verdict, ledger)


def simplest_within_one_se(losses: dict[str, Floats], names: list[str], ledger: Ledger) -> str:
    """The least complex strategy whose paired loss over the best is within one standard error."""
    best = best_overall(losses, names)
    for name in sorted(names, key=lambda n: ledger.strategies[n].rank):
        excess = paired_interval(losses[name] - losses[best], ledger.folds)
        if name == best or excess.gain <= excess.se:
            return name
    return best


def rows_needed(outcome: Outcome, gain: Interval, margin: float, ledger: Ledger) -> int | None:
    """Rows (or groups) for 80 % power: to prove a gain worth having, or to rule it out; never below what a verdict needs.

    None where more would not help, or where there are as many already and chance or a guard stood in the way.
    """
    if outcome not in ("INCONCLUSIVE", "SUPERIOR_UNPROVEN"):
        return None
    above = gain.gain - margin
    effect = above if above > 0 else margin if outcome == "INCONCLUSIVE" else margin - gain.gain
    if effect <= 0 or gain.se == 0:
        return None
    unit, n = unit_of(ledger)
    need = n * (gain.se * (stats.norm.ppf(0.95) + stats.norm.ppf(0.80)) / effect) ** 2
    least = max(MINIMUM_ROWS, MINIMUM_FOLD_ROWS * ledger.folds.count)
    need = max(need, MINIMUM_CLUSTERS if unit == "groups" else least)
    return ceil(need) if n < need < 1e10 else None


def unit_of(ledger: Ledger) -> tuple[str, int]:
    """What more of is needed for a surer answer, "rows" or "groups", and how many there are."""
    if ledger.folds.clusters is not None and (groups := len(np.unique(ledger.folds.clusters))) < 0.8 * ledger.rows:
        return "groups", groups
    return "rows", ledger.rows


def headline(ledger: Ledger, single: Policy, fusion: Policy, metric: str, alpha: float) -> Headline:
    """Both policies in the headline metric, averaged over folds, with a paired interval of the difference."""
    ours = ledger_scores(metric, ledger, fusion.predictions(ledger))
    theirs = ledger_scores(metric, ledger, single.predictions(ledger))
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    interval = paired_interval(sign * (ours - theirs), ledger.folds, alpha=alpha)
    return Headline(
        TITLES[metric],
        float(np.nanmean(row_means(theirs))),
        float(np.nanmean(row_means(ours))),
        interval.gain,
        interval.low,
        interval.high,
    )


def _check(ledger: Ledger, margin: float) -> None:
    if not 0 <= margin < inf:
        raise InputError(f"margin must be a number from 0 up, but {margin} came. Pass margin={DEFAULT_MARGIN:g}.")
    for kind in ("single", "fusion"):
        if not ledger.names(kind=kind):
            raise LedgerError(f"a verdict needs at least one single and one fusion, but the ledger has no {kind}.")
    scored = ledger.scored.any(axis=0)
    if scored.sum() < 2:
        raise LedgerError(f"a verdict needs at least 2 scored rows, but {scored.sum()} came.")
    if ledger.folds.clusters is not None and len(np.unique(ledger.folds.clusters[scored])) < 2:
        raise LedgerError(
            "a verdict needs at least 2 groups, but all scored rows are in one. Pass a finer group column, or none."
        )


def _withdraw(outcome: Outcome, reasons: list[str], controls: list[dict[str, Any]]) -> tuple[Outcome, list[str]]:
    lost = [c for c in controls if not c["holds"]]
    if outcome not in ("FUSE", "SUPERIOR_UNPROVEN") or not lost:
        return outcome, reasons
    named = ", ".join(f"{c['title']} ({c['gain']:+.4f}, interval from {c['low']:+.4f})" for c in lost)
    return "INCONCLUSIVE", [f"the gain over a control is not above zero: {named}; so {outcome} is withdrawn"]


def _refuse(outcome: Outcome, reasons: list[str], ledger: Ledger) -> tuple[Outcome, list[str]]:
    refusals = refusal_reasons(ledger.y, ledger.task, ledger.folds, ledger.labels)
    if not refusals or outcome in ("HARMFUL", "INCONCLUSIVE"):
        return outcome, reasons + refusals
    return "INCONCLUSIVE", [f"{outcome} is not given on so little data", *refusals]


def _flags(ledger: Ledger) -> list[str]:
    folds, flags = ledger.folds, []
    if folds.kind == "held-out":
        flags.append("one held-out set: the verdict is about these trained models, not about training them again")
    elif folds.repeats == 1 and folds.order is None:
        flags.append("fast: one pass over the folds")
    if folds.order is not None and ledger.rows < 2000:
        flags.append("temporal folds on fewer than 2000 rows: intervals are mildly optimistic")
    return flags
