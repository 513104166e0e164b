"""On how little data no verdict is given."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.folds import Folds
from fuseworthy.task import Task

MINIMUM_ROWS, MINIMUM_CLUSTERS, MINIMUM_CLASS_ROWS = 50, 20, 10


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
        return reasons
    for label in names:
        own = scored if label is None else scored & (labels == label)
        counts = np.bincount(np.asarray(y)[own].astype(int), minlength=task.width)
        rare = int(counts.argmin())
        if counts[rare] / folds.count < MINIMUM_CLASS_ROWS:
            of = "" if label is None else f" of label '{label}'"
            reasons.append(
                f"class {task.classes[rare]!r}{of} has {counts[rare]} rows, {counts[rare] / folds.count:.3g} per "
                f"fold; a verdict needs {MINIMUM_CLASS_ROWS} per fold"
            )
    return reasons
