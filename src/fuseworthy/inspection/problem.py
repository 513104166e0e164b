"""Something found before training that a user should know: how bad, what, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fuseworthy.errors import FuseworthyError

Severity = Literal["error", "warning", "note"]
ORDER: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Problem:
    """One finding of an inspection.

    Parameters
    ----------
    severity : {"error", "warning", "note"}
        An error stops a study or makes it meaningless, a warning may mislead it, a note is worth a look.
    title : str
        A few words.
    finding : str
        A sentence with the column, the row or the count.
    advice : str
        What to do.
    """

    severity: Severity
    title: str
    finding: str
    advice: str = ""


def problem_of(error: FuseworthyError, title: str) -> Problem:
    """A study would stop with this error; its message already says what to do."""
    return Problem("error", title, str(error))


def sorted_problems(problems: list[Problem]) -> tuple[Problem, ...]:
    """Errors first, then warnings, then notes; otherwise in the order found."""
    return tuple(sorted(problems, key=lambda p: ORDER.index(p.severity)))
