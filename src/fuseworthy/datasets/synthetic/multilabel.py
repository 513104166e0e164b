"""Task T18: several labels at once, each with a truth of its own."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np

from .gaussian import complementary, conditionally_null, noise_modality
from .task import Draws, RandomState, Task, task_from_signals
from .truth import Scores, Truth, truth_of
from .xor import xor


def multilabel(n: int, random_state: RandomState = None, *, p: int = 20, pad: int = 0, rotate: bool = False) -> Task:
    """T18: four labels that are the targets of T1, T2, T5 and T6; each modality holds the columns of all four.

    The labels are independent, so each has the truth of its own task (`truth.labels`), and the scores of `truth` are
    means over labels. `p` is the width that T6 adds to x2. Source: canonical task T18.

    Examples
    --------
    >>> task = multilabel(10, random_state=0)
    >>> task.y.shape, [sorted(truth.expected)[0] for truth in task.truth.labels.values()]
    ((10, 4), ['FUSE', 'EQUIVALENT', 'FUSE', 'EQUIVALENT'])
    """
    *streams, hiding = np.random.default_rng(random_state).spawn(5)
    parts = {
        "label_T1": complementary(n, streams[0]),
        "label_T2": conditionally_null(n, streams[1]),
        "label_T5": xor(n, streams[2]),
        "label_T6": noise_modality(n, streams[3], p=p),
    }
    signals = {key: np.hstack([part.inputs[key] for part in parts.values()]) for key in ("x1", "x2")}
    y = np.column_stack([part.y for part in parts.values()]).astype(np.int64)
    truth = _mean_truth({name: part.truth for name, part in parts.items()})
    return task_from_signals("multilabel", Draws(n, hiding), signals, y, truth, pad, rotate)


def _mean_truth(labels: dict[str, Truth[Scores]]) -> Truth[Scores]:
    def mean(side: str) -> Scores:
        rows = [astuple(getattr(truth, side)) for truth in labels.values()]
        return Scores(*np.mean(rows, axis=0).tolist())

    return replace(truth_of(mean("single1"), mean("single2"), mean("fused"), mean("late")), labels=labels)
