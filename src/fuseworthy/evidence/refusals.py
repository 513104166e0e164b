"""On how little data no verdict is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from fuseworthy.folds import Folds
from fuseworthy.task import Task

MINIMUM_ROWS, MINIMUM_CLUSTERS, MINIMUM_CLASS_ROWS = 50, 20, 10


def refusal_reasons(y: Any, task: Task, folds: Folds) -> list[str]:
    """Why these rows allow no verdict but INCONCLUSIVE or HARMFUL; empty if they do."""
    reasons = []
    scored = folds.assignment[0] >= 0
    n = int(scored.sum())
    if n < MINIMUM_ROWS:
        reasons.append(f"{n} rows are scored; a verdict needs {MINIMUM_ROWS}")
    if folds.clusters is not None and (g := len(np.unique(folds.clusters[scored]))) < MINIMUM_CLUSTERS:
        reasons.append(f"there are {g} groups; a verdict needs {MINIMUM_CLUSTERS}")
    if task.is_classification:
        counts = np.bincount(np.asarray(y)[scored].astype(int), minlength=task.width)
        rare = int(counts.argmin())
        if counts[rare] / folds.count < MINIMUM_CLASS_ROWS:
            reasons.append(
                f"class {task.classes[rare]!r} has {counts[rare]} rows, {counts[rare] / folds.count:.3g} per fold; "
                f"a verdict needs {MINIMUM_CLASS_ROWS} per fold"
            )
    return reasons
