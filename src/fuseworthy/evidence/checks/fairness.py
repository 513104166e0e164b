"""Was the comparison fair: tuned singles, the same rows for all, no candidate chosen on the rows it is scored on?"""

from __future__ import annotations

import numpy as np

from fuseworthy.evidence.checks.readings import interval_of, listed, span
from fuseworthy.evidence.checks.rule import DoesNotApply, Evidence, Finding, Severity
from fuseworthy.evidence.duel import policies, simplest_first
from fuseworthy.evidence.policies import best_overall
from fuseworthy.ledger import Ledger

FEWEST_ROWS = 20


class UntunedSingle:
    """Counts the learners and settings that were tried on each modality alone; fewer than two is no tuning."""

    code = "F001"
    title = "modality without a tuned single"
    severity: Severity = "warning"
    advice = "Add a second learner or setting for that modality, with as much tuning as the fusions got."

    def look(self, evidence: Evidence) -> Finding | None:
        ledger = evidence.ledger
        tried = {m: len(ledger.names(modality=m)) for m in ledger.modalities}
        lost = [m for m, count in tried.items() if count < 2]
        if not lost:
            return None
        fusions = len(ledger.names(kind="fusion"))
        return Finding(
            f"Only one single was tried for {listed(lost)}, against {fusions} fusion{'s' * (fusions != 1)}: "
            "what tuning it alone would bring is booked as a gain of fusing.",
            {"singles": tried, "fusions": fusions, "modalities": lost},
        )


class OtherRowsOrSplits:
    """Looks for singles and fusions that predict rows outside the scored ones where others do not, and for those whose
    predictions stay the same for most rows in every repeat although the folds change and others change with them.
    """

    code = "F002"
    title = "models scored on different rows or splits"
    severity: Severity = "error"
    advice = "Train every model again on each repeat's training rows, and score it on that repeat's folds alone."

    def look(self, evidence: Evidence) -> Finding | None:
        ledger = evidence.ledger
        names = [*ledger.names(kind="single"), *ledger.names(kind="fusion")]
        outside = [name for name in names if np.isfinite(ledger.of(name)[~ledger.scored]).any()]
        if 0 < len(outside) < len(names):
            return Finding(
                f"{listed(outside)} predict rows that are not scored, {len(names) - len(outside)} others do not: they "
                "were not made on the same rows.",
                {"outside": outside},
            )
        if ledger.folds.repeats < 2:
            raise DoesNotApply("there is one repeat: nothing shows whether all models used its folds")
        if (ledger.folds.assignment == ledger.folds.assignment[0]).all():
            raise DoesNotApply("the folds are the same in every repeat: nothing shows whether all models used them")
        shares = {name: share for name in names if (share := unmoved(ledger, name)) is not None}
        if not any(share < 0.1 for share in shares.values()):
            raise DoesNotApply("no prediction changes from repeat to repeat: every model was trained once")
        still = {name: share for name, share in shares.items() if share > 0.5}
        if not still:
            return None
        return Finding(
            f"{listed(still)} predict {max(still.values()):.0%} of the rows the same in all {ledger.folds.repeats} "
            f"repeats although the folds differ, while {len(shares) - len(still)} other models change: they seem to have "
            "been trained once, on rows that they are scored on.",
            {"unmoved": shares},
        )


def unmoved(ledger: Ledger, name: str) -> float | None:
    """Share of rows predicted the same in all repeats; the commonest prediction (a prior, say) does not count.

    None where fewer than `FEWEST_ROWS` rows are left.
    """
    p = ledger.of(name)[:, ledger.scored.all(axis=0)]
    if not p.shape[1]:
        return None
    _, place, counts = np.unique(np.round(p[0], 9), axis=0, return_inverse=True, return_counts=True)
    counted = np.ones(p.shape[1], dtype=bool)
    if counts.max() > 1:
        counted = place.ravel() != counts.argmax()
    if counted.sum() < FEWEST_ROWS:
        return None
    return float((np.ptp(p[:, counted], axis=0).max(axis=1) <= 1e-12).mean())


class ChosenOnScoredRows:
    """Compares the gain of the best fusion over the best single, both named on the rows they are scored on, with the
    verdict's gain, for which both are chosen on the other folds.
    """

    code = "F003"
    title = "candidate chosen on the rows it is scored on"
    severity: Severity = "warning"
    advice = (
        "Quote the verdict's gain, never the difference between the best two rows of a table; try fewer candidates."
    )

    def look(self, evidence: Evidence) -> Finding | None:
        ledger, verdict = evidence.ledger, evidence.verdict
        singles, fusions = (simplest_first(ledger, kind=kind) for kind in ("single", "fusion"))
        if len(fusions) < 2:
            raise DoesNotApply("one fusion was tried: none was chosen")
        best = [best_overall(evidence.losses, names) for names in (singles, fusions)]
        single, fusion = policies(ledger, evidence.losses)
        same = np.where(np.isfinite(single.loss - fusion.loss), 0.0, np.nan)  # the rows that the verdict is on
        naive = interval_of(evidence, evidence.losses[best[0]] - evidence.losses[best[1]] + same)
        more = naive.gain - verdict.gain
        crossed = next((bar for bar in (verdict.margin, 0.0) if naive.low >= bar > verdict.low and naive.low > 0), None)
        if crossed is None and not more > verdict.se:
            return None
        against = "" if crossed is None else f", so that it would seem {_bar(crossed)}"
        return Finding(
            f"Choosing {best[1]!r} of {len(fusions)} fusions on the rows that score it makes the gain {naive.gain:+.4f} "
            f"({span(naive.low, naive.high)}){against}; chosen on other rows it is {verdict.gain:+.4f} "
            f"({span(verdict.low, verdict.high)}).",
            {"naive": naive.to_dict(), "honest": verdict.gain, "low": verdict.low, "candidates": len(fusions)},
        )


def _bar(margin: float) -> str:
    return f"above the margin of {margin:g}" if margin > 0 else "above zero"
