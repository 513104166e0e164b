"""The verdict in words: one sentence, and what would change it."""

from __future__ import annotations

from dataclasses import replace

from fuseworthy.evidence.outcome import Verdict
from fuseworthy.ledger import Ledger

OPENING = {
    "FUSE": "FUSE: combining the modalities pays.",
    "SUPERIOR_UNPROVEN": "SUPERIOR, WORTH UNPROVEN: combining helps, but perhaps less than the margin.",
    "EQUIVALENT": "DO NOT FUSE (equivalent): the best single modality does as well.",
    "NOT_WORTH_IT": "DO NOT FUSE (not worth it): the gain cannot reach the margin.",
    "HARMFUL": "DO NOT FUSE (harmful): combining makes predictions worse.",
    "INCONCLUSIVE": "INCONCLUSIVE: these rows cannot tell.",
}


def complete(verdict: Verdict, ledger: Ledger) -> Verdict:
    """Add the sentence and what would change the verdict."""
    return replace(verdict, sentence=sentence(verdict, ledger), would_change=would_change(verdict))


def sentence(v: Verdict, ledger: Ledger) -> str:
    """One sentence with the outcome, both policies in the headline metric, the gain and its interval."""
    head = v.headline
    more = ""
    if v.rows_needed:
        more = f" About {v.rows_needed:,} {v.rows_unit} would settle it."
    return (
        f"{OPENING[v.outcome]} Best fusion against best single: {head.metric} {head.fusion:.3f} against "
        f"{head.single:.3f}; {v.loss} gain {v.gain:+.4f} ({v.confidence:.0%} interval {v.low:+.4f} to {v.high:+.4f}, "
        f"margin {v.margin:g}) on {ledger.rows:,} rows. Deploy {v.deploy}.{more}"
    )


def would_change(v: Verdict) -> str:
    """What would have to be different for another verdict."""
    rows = f"about {v.rows_needed:,} {v.rows_unit}" if v.rows_needed else "many more rows"
    match v.outcome:
        case "FUSE":
            return (
                f"A margin above {v.low:.3g} would make the gain unproven; a best single that is better by that much "
                "(another encoder, more tuning) would take the gain away."
            )
        case "SUPERIOR_UNPROVEN":
            return f"A margin at or below {v.low:.3g} would make this FUSE; so may {rows}."
        case "EQUIVALENT" | "NOT_WORTH_IT":
            return (
                f"Only a margin at or below {max(v.low, 0):.3g}, a new modality, or a strategy not tried here could "
                f"change this; at most {v.high:.3g} is left to gain with the strategies compared."
            )
        case "HARMFUL":
            return "Less noisy or fewer features in the added modality, or far more rows to learn from."
    if any("control" in reason for reason in v.reasons):
        return f"The gain over the controls must be above zero: {rows}, or a modality that carries more."
    return f"More rows: {rows} would give an 80 % chance of a clear answer."
