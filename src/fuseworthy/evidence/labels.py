"""Several labels a row: one verdict on their mean, and one on each label, corrected for their number."""

from __future__ import annotations

from typing import Any

from fuseworthy.evidence.deciding import deciding_losses
from fuseworthy.evidence.duel import Duel, fight, simplest_first
from fuseworthy.evidence.intervals import paired_interval
from fuseworthy.evidence.outcome import classify
from fuseworthy.evidence.policies import best_overall
from fuseworthy.ledger import Ledger


def label_verdicts(ledger: Ledger, margin: float, decide_on: str | None, alpha: float) -> list[dict[str, Any]]:
    """The outcome for each label, step-down over their p-values (Holm 1979); empty for an ordinary target.

    The label with the smallest p is tested at alpha / L, the next at alpha / (L - 1), and so on; from the first that
    fails on, the level stays. A gain must also beat every modality's single and every control, as in the verdict.

    Parameters
    ----------
    margin : float
        As for the verdict.
    alpha : float
        One-sided error over all labels together.
    """
    duels: dict[str, tuple[Duel, dict[str, Any]]] = {}
    for label in ledger.label_names:
        own = ledger.of_label(label)
        losses = deciding_losses(own, decide_on)
        best = {f"best_{kind}": best_overall(losses, simplest_first(own, kind=kind)) for kind in ("single", "fusion")}
        duels[label] = fight(own, losses, alpha), best | {"rows": own.n, "rate": float(own.y.mean())}
    rising = sorted(duels, key=lambda label: _p(duels[label][0]))
    rows: dict[str, dict[str, Any]] = {}
    failed, left, adjusted = False, len(rising), 0.0
    for label in rising:
        duel, more = duels[label]
        level = alpha / left
        adjusted = max(adjusted, min(1.0, left * _p(duel)))
        failed = failed or _p(duel) > level
        left -= not failed
        difference = duel.single.loss - duel.fusion.loss
        gain = paired_interval(
            difference,
            ledger.of_label(label).folds,
            alpha=level,
            choice=duel.single.regret,
            optimism=duel.fusion.regret,
        )
        outcome, reasons = classify(gain, margin, duel.guard_p <= level)
        if outcome in ("FUSE", "SUPERIOR_UNPROVEN") and (failed or not all(c["holds"] for c in duel.controls)):
            outcome, reasons = "INCONCLUSIVE", ["the gain does not survive the correction, or a control"]
        rows[label] = {"label": label, "outcome": outcome, "reason": reasons[0], "p_holm": adjusted}
        rows[label] |= gain.to_dict() | more
    return [rows[label] for label in ledger.label_names]


def _p(duel: Duel) -> float:
    return max(duel.gain.p_value, duel.guard_p)
