"""What decides: the task's proper loss, or another metric if the user insists."""

from __future__ import annotations

import numpy as np

from fuseworthy.errors import InputError
from fuseworthy.evidence.metrics import LOWER_IS_BETTER, TITLES, check_metric, ledger_scores
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats


def deciding_losses(ledger: Ledger, decide_on: str | None = None) -> dict[str, Floats]:
    """What is averaged and compared, lower is better: name -> (repeats, n), NaN where a row is not scored.

    Without ``decide_on`` the rows' own proper losses. With a metric, its row scores with the sign turned; for metrics
    that are no mean over rows (AUC, macro F1) these are influence values, taken fold by fold, whose mean is the metric.

    Parameters
    ----------
    decide_on : str, optional
        A metric of `fuseworthy.evidence.metrics.FITTING`.

    Raises
    ------
    InputError
        The metric does not fit the target, or is not defined in some fold.
    """
    if decide_on is None:
        return ledger.losses()
    metric = check_metric(decide_on, ledger.task)
    sign = 1.0 if metric in LOWER_IS_BETTER else -1.0
    scored = ledger.scored
    losses = {}
    for name in ledger.predictions:
        scores = ledger_scores(metric, ledger, ledger.of(name))
        if not np.isfinite(scores[scored]).all():
            raise InputError(
                f"a metric that decides must be defined in every fold, but {TITLES[metric]} is not: some fold has one "
                "class only. Pass fewer folds, or leave decide_on (--decide-on) out."
            )
        losses[name] = sign * scores
    return losses


def deciding_name(ledger: Ledger, decide_on: str | None = None) -> str:
    """What readers call it."""
    return ledger.task.loss_name if decide_on is None else TITLES[decide_on]
