"""The folds a study would use, whether they allow a verdict, and how small a gain they could show."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from fuseworthy.errors import FoldError
from fuseworthy.evidence.refusals import refusal_reasons
from fuseworthy.evidence.verdict import DEFAULT_MARGIN
from fuseworthy.folds import Folds, Ints
from fuseworthy.inspection.problem import Problem, problem_of
from fuseworthy.study.question import Question
from fuseworthy.study.splits import plan_folds
from fuseworthy.task import Task

TYPICAL_SPREAD = 0.4
"""Standard deviation of a row's log-loss difference between two good models, nats: .05 nats are then detected at 400 rows."""


@dataclass(frozen=True)
class Split:
    """Folds and repeats, and what they can show.

    Parameters
    ----------
    kind : str
    folds, repeats : int
    scored : int
        Rows that are scored.
    units : int
        Independent units: groups, or sets of copies, or rows.
    refusals : tuple of str
        Why no verdict but INCONCLUSIVE or HARMFUL could be given; empty if one could.
    detectable : float or None
        Smallest gain in log-loss, nats a row, found with 80 % power: (z.95 + z.80) * 0.4 / sqrt(units), where 0.4 is
        an assumed spread of a row's difference between two good models. A rough guide; None for regression.
    """

    kind: str
    folds: int
    repeats: int
    scored: int
    units: int
    refusals: tuple[str, ...]
    detectable: float | None


def plan_split(
    y: NDArray[Any], task: Task, question: Question, clusters: Ints | None, time: Ints | None
) -> tuple[Split | None, list[Problem]]:
    """The split as `prepare` makes it, or the error it would stop with."""
    try:
        folds = plan_folds(y, task, question, clusters, time)
    except FoldError as error:
        return None, [problem_of(error, "the rows cannot be split")]
    split = _split(folds, tuple(refusal_reasons(y, task, folds)), task)
    return split, _problems(split)


def _split(folds: Folds, refusals: tuple[str, ...], task: Task) -> Split:
    scored = folds.assignment[0] >= 0
    units = int(scored.sum()) if folds.clusters is None else len(np.unique(folds.clusters[scored]))
    power = float(stats.norm.ppf(0.95) + stats.norm.ppf(0.80))
    detectable = power * TYPICAL_SPREAD / sqrt(units) if task.is_classification else None
    return Split(folds.kind, folds.count, folds.repeats, int(scored.sum()), units, refusals, detectable)


def _problems(split: Split) -> list[Problem]:
    if split.refusals:
        return [
            Problem(
                "warning",
                "too little data for a verdict",
                f"{'; '.join(split.refusals)}. So the verdict can only be INCONCLUSIVE or HARMFUL.",
                "Collect more rows, or merge rare classes.",
            )
        ]
    if split.detectable and split.detectable > 5 * DEFAULT_MARGIN:
        return [
            Problem(
                "note",
                "only large gains can be shown",
                f"with {split.units:,} independent units a gain below about {split.detectable:.2f} nats a row is likely "
                f"to stay unproven; the usual margin is {DEFAULT_MARGIN:g}.",
                "Expect INCONCLUSIVE unless fusion helps much.",
            )
        ]
    return []
