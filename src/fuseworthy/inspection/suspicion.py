"""What a suspiciously good column means, in words: never more certain than the measurement."""

from __future__ import annotations

from collections.abc import Sequence

from fuseworthy.inspection.leakage import Suspect
from fuseworthy.inspection.problem import Problem

ASK = (
    "Ask whether it is known, and known before the outcome, when a prediction is made. If not, take it out; if it is, "
    "it stays, and little is left for other modalities to add."
)
TITLES = {
    "used": "suspiciously good column: leakage?",
    "left out": "a column that is left out tells the target",
    "declared": "the id or time column tells the target",
}
STAYS_OUT = "A study does not learn from it; never add it to a modality."


def suspect_problems(suspects: Sequence[Suspect]) -> list[Problem]:
    """The suspects as problems: an error only for the target itself, milder words below .98.

    One column between .95 and .98 stands out and gets a warning; several are usual where the target is easy, and share
    a note.
    """
    high = [s for s in suspects if s.level == "high" and s.use == "used"]
    single = [s for s in suspects if s.level == "one class" and s.use == "used"]
    problems = [_problem(s) for s in suspects if s.level in ("equal", "suspicious")]
    if len(high) == 1 and not problems:
        found = (
            f"{_reaches(high[0])} That is high, and no other column is above 0.95; but some honest columns are so good."
        )
        problems.append(Problem("warning", "one very good column", found, ASK))
    elif high:
        found = f"{_reaches(high[0])} {_others(high)}That is high, but honest columns often are."
        problems.append(Problem("note", "very good columns", found, ASK))
    if single:
        best = single[0]
        found = (
            f"column {best.column!r} by itself tells class {best.label!r} from the rest with an AUC of "
            f"{_shown(best.best)} ({_how(best)}), though not the other classes. {_others(single)}"
        )
        problems.append(Problem("note", "one class is told by one column", found.strip(), ASK))
    return problems


def _problem(suspect: Suspect) -> Problem:
    learned = suspect.use == "used"
    if suspect.level == "equal":
        return Problem(
            "error" if learned else "warning",
            "a column is the target itself",
            f"column {suspect.column!r} has one value for each value of the target, in every row where it is known.",
            "Take it out of the modalities." if learned else STAYS_OUT,
        )
    return Problem(
        "note" if suspect.use == "declared" else "warning",
        TITLES[suspect.use],
        f"{_reaches(suspect)} That is suspiciously good, but no proof of leakage.",
        ASK if learned else STAYS_OUT,
    )


def _reaches(suspect: Suspect) -> str:
    article = "an" if suspect.measure.startswith("AUC") else "a"
    return (
        f"column {suspect.column!r} by itself reaches {article} {suspect.measure} of {_shown(suspect.score)} for the "
        f"target ({_how(suspect)})."
    )


def _others(suspects: Sequence[Suspect]) -> str:
    if len(suspects) == 1:
        return ""
    names = ", ".join(repr(s.column) for s in suspects[1:5]) + (" and others" if len(suspects) > 5 else "")
    return f"Much the same holds for {names}. "


def _how(suspect: Suspect) -> str:
    return ", ".join(part for part in (suspect.through, suspect.how) if part)


def _shown(score: float) -> str:
    return f"{score:.3f}" if score < 0.9995 else f"{score:.4f}"
