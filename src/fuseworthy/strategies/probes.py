"""Probes: cheap fusions that measure what there is to gain, before fusing in earnest.

additive   boosting in which no tree may split on two modalities: all that needs no interaction
full       early-boosting itself
emap       the additive part of the full model, without retraining (Hessel & Lee 2020)
"""

from __future__ import annotations

import numpy as np
from scipy import special

from fuseworthy.strategies.calibration import log_odds
from fuseworthy.strategies.early import Joint
from fuseworthy.strategies.part import Cost, Fitted, Part
from fuseworthy.task import Floats, Task

MOST_PREDICTIONS = 200_000
FEWEST_PARTNERS, MOST_PARTNERS = 25, 200


def fit_emap(full: Joint, part: Part) -> Fitted:
    """Empirical multimodally-additive projection of a fitted model onto its scored rows.

    On the scale on which evidence adds (log-odds, log-probabilities, or the value) every modality of a row is paired
    with the others of ``J`` partner rows: f(x) ≈ Σ_m mean_j f(x_m, x_-m of j) - (M - 1)·mean f.

    Source: Hessel & Lee 2020, with partners sampled where all pairs are too many.
    """
    cost, names, n = Cost(), full.design.names, len(part.test)
    with cost.predicting():
        count = min(n, max(FEWEST_PARTNERS, min(MOST_PARTNERS, MOST_PREDICTIONS // (n * len(names)))))
        partners = np.sort(np.random.default_rng(part.seed).choice(n, count, replace=False))
        x, columns = full.design(part.test), full.design.columns
        total, levels = np.zeros((n, _width(part.task))), []
        for name in names:
            own = np.zeros_like(total)
            for partner in partners:
                mixed = np.tile(x[partner], (n, 1))
                mixed[:, columns[name]] = x[:, columns[name]]
                own += _evidence(full.predict(mixed), part.task)
            own /= count
            total += own
            levels.append(own[partners].mean(axis=0))
        test = _prediction(total - (len(names) - 1) * np.mean(levels, axis=0), part.task)
    return Fitted(test, None, None, cost)


def _width(task: Task) -> int:
    return 1 if task.kind != "multiclass" else task.width


def _evidence(prediction: Floats, task: Task) -> Floats:
    if task.kind == "binary":
        return log_odds(prediction)[:, None]
    return np.log(np.clip(prediction, 1e-6, 1.0)) if task.is_classification else prediction


def _prediction(evidence: Floats, task: Task) -> Floats:
    if task.kind == "binary":
        p = special.expit(evidence[:, 0])
        return np.column_stack([1 - p, p])
    return np.asarray(special.softmax(evidence, axis=1)) if task.is_classification else evidence
