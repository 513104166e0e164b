"""The words the note, the page and the summary share: verdicts, terms, roles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """How one verdict is called, what it means in general, and the CSS class that colours it."""

    label: str
    meaning: str
    css: str


OUTCOMES = {
    "FUSE": Outcome("Fuse", "Fusion is better than the best single modality by at least the margin.", "fuse"),
    "SUPERIOR_UNPROVEN": Outcome(
        "Better, worth unproven", "Fusion is better, but it is not yet shown to be better by the margin.", "superior"
    ),
    "EQUIVALENT": Outcome(
        "Equivalent", "Whatever fusion changes is smaller than the margin: keep the simpler single.", "equivalent"
    ),
    "NOT_WORTH_IT": Outcome(
        "Not worth it", "Fusion cannot be as good as the margin asks: keep the single modality.", "notworth"
    ),
    "HARMFUL": Outcome("Harmful", "Fusion is worse than the best single modality: keep the single.", "harmful"),
    "INCONCLUSIVE": Outcome("Inconclusive", "These rows cannot tell whether fusion is worth it.", "inconclusive"),
}

TERMS = {
    "gain": "how much lower the loss of fusion is than that of the best single modality, on the same rows; "
    "positive means that fusion is better",
    "margin": "the smallest gain that would pay for a second modality",
    "interval": "the range of gains these rows leave plausible",
    "deciding loss": "the penalty on which the verdict is taken; lower is better",
    "headline metric": "the familiar score, shown because people know it; the verdict does not rest on it",
    "guard": "fusion must beat the best model of each modality, not only the best one overall",
    "control": "a comparison in which no modality brings anything new; if it gains as much as the fusion does, "
    "the modality is not the cause",
    "rescue": "a row the best single gets wrong and fusion gets right",
    "harm": "a row the best single gets right and fusion gets wrong",
    "rescue_closer": "a row on which fusion comes closer to the truth",
    "harm_closer": "a row on which the best single comes closer to the truth",
    "slope": "how far predictions must be stretched to match what happened: 1 is calibrated, below 1 is "
    "overconfident, above 1 is too timid",
    "pattern": "which modalities a row has",
    "headroom": "what cheap probes gain over the best single; they show what can be had, never that nothing can",
    "shapley": "what a modality adds, averaged over all orders in which modalities could be added, each time trained anew",
    "left_out": "what is lost when everything is trained again without the modality: its value",
    "reliance": "what is lost when a trained fusion gets another row's modality: how much it leans on it, not what it is worth",
    "weight": "the share of gates or attention that a network gives a modality; where it looks, not what the modality is worth",
    "dominance": "one modality learns so fast that a network trained on all of them leaves the others under-trained",
    "routed": "what answers rows with these modalities: the fusion where it is not inferior to the best single left, or that single",
    "limit": "the share of rows that may lack a modality before the expected gain falls below the margin",
    "slice": "rows that can be told by a condition; found on one half of the rows and tested on the other, both ways round",
    "lost": "calibration counts as lost when fusing adds miscalibration for sure, or stretches the scale for sure",
    "coverage": "the share of rows that are answered, the surest first",
    "rank": "complexity: a lower rank is simpler and wins ties",
}

FAMILIES = {
    "single": "single",
    "late": "late fusion",
    "early": "early fusion",
    "intermediate": "intermediate fusion",
    "attention": "attention fusion",
    "hybrid": "hybrid fusion",
    "uncertainty": "uncertainty fusion",
    "control": "control",
    "reference": "reference",
    "tuned": "trained with its encoders",
    "custom": "your own strategy",
    "judged": "given predictions",
    "probe": "probe",
    "subset": "retrained on a subset",
    "permuted": "one modality shuffled",
    "encoder": "one modality inside a network",
}

FOLD_KINDS = {
    "stratified": "stratified by the target",
    "grouped": "each group on one side only",
    "temporal": "trained on the past, scored on the future",
    "shuffled": "shuffled",
    "given": "given by the user",
    "held-out": "one held-out set",
}

_DURATION = re.compile(
    r"\s*[,(]?\s*(?:\bin|\bafter|\btook)?\s*\b\d[\d.,]*\s*(?:ms|s|sec|seconds?|min|minutes?|h|hours?)\b\)?"
)


def is_docs(link: object) -> bool:
    """Whether a link may be shown as one: a plain page of the documentation.

    Examples
    --------
    >>> is_docs("https://github.com/fuseworthy/fuseworthy/blob/main/docs/checks/F001.md"), is_docs("javascript:alert(1)")
    (True, False)
    """
    return re.fullmatch(r"https://github\.com/fuseworthy/[\w./-]+/F\d{3}\.md", str(link)) is not None


def outcome(code: object) -> Outcome:
    """Return the words for a verdict code; an unknown code is shown as it came, in the neutral colour."""
    text = str(code or "INCONCLUSIVE")
    return OUTCOMES.get(text, Outcome(text.replace("_", " ").capitalize(), "", "inconclusive"))


def without_durations(line: str) -> str:
    """Take durations out of a line, because they differ from run to run.

    Examples
    --------
    >>> without_durations("singles: 6 strategies in 31 s, 2 left out")
    'singles: 6 strategies, 2 left out'
    """
    return _DURATION.sub("", line)


def splits(question: dict[str, Any]) -> str:
    """Say how the rows were split.

    Examples
    --------
    >>> splits({"folds": 5, "repeats": 2, "fold_kind": "stratified"})
    '5 folds × 2 repeats, stratified by the target'
    >>> splits({"folds": 1, "repeats": 1, "fold_kind": "held-out"})
    'one held-out set'
    """
    kind = question.get("fold_kind")
    folds, repeats = question.get("folds"), question.get("repeats")
    words = FOLD_KINDS.get(str(kind), str(kind)) if kind else ""
    if kind == "held-out" or folds is None:
        return words or "–"
    times = f"{folds} folds × {repeats or 1} repeat{'' if (repeats or 1) == 1 else 's'}"
    return f"{times}, {words}" if words else times
