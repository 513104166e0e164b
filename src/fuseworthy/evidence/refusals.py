"""On how little data no verdict is given."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.evidence.intervals import row_error
from fuseworthy.folds import Folds, Ints
from fuseworthy.task import Task

MINIMUM_ROWS, MINIMUM_CLUSTERS, MINIMUM_CLASS_ROWS = 50, 20, 10
MINIMUM_FOLD_ROWS = 2 * MINIMUM_CLASS_ROWS
"""Of a target that is a number: as many as two classes need."""


def refusal_reasons(y: Any, task: Task, folds: Folds, labels: NDArray[Any] | None = None) -> list[str]:
    """Why these rows allow no verdict but INCONCLUSIVE or HARMFUL; empty if they do.

    With ``labels`` each row of the table is there once for each label, and every label must have rows enough.
    """
    reasons = []
    scored = folds.assignment[0] >= 0
    names = [None] if labels is None else list(np.unique(labels))
    n = int(scored.sum()) // len(names)
    if n < MINIMUM_ROWS:
        reasons.append(f"{n} rows are scored; a verdict needs {MINIMUM_ROWS}")
    if (
        folds.clusters is not None
        and (g := len(np.unique(folds.clusters[scored]))) < MINIMUM_CLUSTERS
        and (labels is None or g < n)
    ):
        reasons.append(f"there are {g} groups; a verdict needs {MINIMUM_CLUSTERS}")
    if not task.is_classification:
        if MINIMUM_ROWS <= n < MINIMUM_FOLD_ROWS * folds.count:
            reasons.append(f"{n} rows are {n / folds.count:.3g} per fold; a verdict needs {MINIMUM_FOLD_ROWS} per fold")
        return reasons
    for label in names:
        own = np.flatnonzero(scored if label is None else scored & (labels == label))
        codes = np.asarray(y)[own].astype(int)
        counts = np.bincount(codes, minlength=task.width)
        rare = int(counts.argmin())
        alike = 1.0 if folds.clusters is None else design_effect(codes == rare, folds.clusters[own])
        each = counts[rare] / alike / folds.count
        if each < MINIMUM_CLASS_ROWS:
            of = "" if label is None else f" of label '{label}'"
            speak = "" if alike == 1 else f" that speak as {counts[rare] / alike:.3g}, because groups share their class"
            reasons.append(
                f"class {task.classes[rare]!r}{of} has {counts[rare]} rows{speak}, {each:.3g} per "
                f"fold; a verdict needs {MINIMUM_CLASS_ROWS} per fold"
            )
    return reasons


def design_effect(values: NDArray[Any], clusters: Ints) -> float:
    """How many rows of clusters say as much about the mean as one row by itself would (Kish 1965); at least 1."""
    alone = row_error(values.astype(float), None)
    return max((row_error(values.astype(float), clusters) / alone) ** 2, 1.0) if alone > 0 else 1.0
