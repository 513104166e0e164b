"""Several labels a row: one verdict on their mean, and one on each label, corrected for their number."""

from __future__ import annotations

from typing import Any

from fuseworthy.evidence.deciding import deciding_losses
from fuseworthy.evidence.duel import Duel, fight, simplest_first
from fuseworthy.evidence.intervals import paired_interval
from fuseworthy.evidence.multiple import holm
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
    own = {label: ledger.of_label(label) for label in ledger.label_names}
    losses = {label: deciding_losses(part, decide_on) for label, part in own.items()}
    duels = {label: fight(own[label], losses[label], alpha) for label in own}
    p = {label: max(duel.gain.p_value, duel.guard_p) for label, duel in duels.items()}
    adjusted = dict(zip(p, holm(list(p.values())), strict=True))
    rows: dict[str, dict[str, Any]] = {}
    failed, left = False, len(own)
    for label in sorted(p, key=lambda name: p[name]):
        level = alpha / left
        failed = failed or p[label] > level
        left -= not failed
        rows[label] = {
            "label": label,
            "p_holm": adjusted[label],
            "rows": own[label].n,
            "rate": float(own[label].y.mean()),
        }
        for kind in ("single", "fusion"):
            rows[label][f"best_{kind}"] = best_overall(losses[label], simplest_first(own[label], kind=kind))
        rows[label] |= _outcome(duels[label], own[label], margin, level, failed)
    return [rows[label] for label in ledger.label_names]


def _outcome(duel: Duel, own: Ledger, margin: float, level: float, failed: bool) -> dict[str, Any]:
    """The outcome of one label at its corrected level, and its interval."""
    gain = paired_interval(
        duel.single.loss - duel.fusion.loss,
        own.folds,
        alpha=level,
        choice=duel.single.regret,
        optimism=duel.fusion.regret,
    )
    outcome, reasons = classify(gain, margin, duel.guard_p <= level)
    if outcome in ("FUSE", "SUPERIOR_UNPROVEN") and (failed or not all(c["holds"] for c in duel.controls)):
        outcome, reasons = "INCONCLUSIVE", ["the gain does not survive the correction, or a control"]
    return {"outcome": outcome, "reason": reasons[0]} | gain.to_dict()
