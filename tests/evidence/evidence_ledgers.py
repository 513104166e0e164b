"""Ledgers made by hand: wanted losses in, ledger out; and closed-form predictions of a task with a known truth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fuseworthy.folds import Folds, make_folds
from fuseworthy.ledger import Ledger, Strategy
from fuseworthy.task import Task

BINARY = Task("binary", ("no", "yes"))
PLAIN = Task("regression", variance=1.0)


def strategy(name, rank=0):
    """``a/x`` is a single of modality ``a``, ``control:x`` a control, any other name a late fusion."""
    if name.startswith("control:"):
        return Strategy(name, "control", name, rank=rank)
    if "/" in name:
        return Strategy(name, "single", name, name.split("/")[0], rank)
    return Strategy(name, "late", name, rank=rank)


def ledger_of(task, y, folds, predictions: Mapping[str, np.ndarray], ranks: Mapping[str, int] | None = None) -> Ledger:
    """A ledger of (repeats, n, width) predictions; the strategies' places are read off their names."""
    return Ledger(
        task=task,
        y=y,
        folds=folds,
        predictions=dict(predictions),
        strategies={name: strategy(name, (ranks or {}).get(name, 0)) for name in predictions},
        ids=np.arange(len(y)),
        pattern=np.full(len(y), "a+b", dtype=object),
        data_hash="made",
    )


def ledger_of_losses(folds, losses: Mapping[str, np.ndarray], ranks: Mapping[str, int] | None = None) -> Ledger:
    """A regression ledger whose losses are those given, (repeats, n), none below zero."""
    y = np.zeros(folds.assignment.shape[1])
    return ledger_of(PLAIN, y, folds, {name: np.sqrt(loss)[:, :, None] for name, loss in losses.items()}, ranks)


def plain_folds(n, *, n_folds=5, n_repeats=5, clusters=None, seed=0) -> Folds:
    return make_folds(np.zeros(n), PLAIN, n_folds=n_folds, n_repeats=n_repeats, clusters=clusters, random_state=seed)


def two_sided(logit):
    """Probabilities of both classes from log-odds of the second."""
    p = 1 / (1 + np.exp(-logit))
    return np.stack([1 - p, p], axis=-1)


def gaussian_ledger(rng, n, *, second: float, fusions: int = 1, wobble: float = 0.0, repeats: int = 5) -> Ledger:
    """canonical task T1: x1 = s + noise, x2 = second·s + noise, and the Bayes log-odds of each.

    Each fusion adds what x2 says, and a useless feature with a weight of its own in every fold, as training would.
    """
    y = rng.integers(0, 2, n)
    s = 2.0 * y - 1
    x1, x2 = s + rng.normal(size=n), second * s + rng.normal(size=n)
    folds = make_folds(y, BINARY, n_folds=5, n_repeats=repeats, random_state=int(rng.integers(1 << 30)))

    def trained(logit, weights):
        return two_sided(logit[None] + weights[np.arange(repeats)[:, None], folds.assignment] * rng.normal(size=n))

    predictions = {
        "a/x": trained(2 * x1, np.zeros((repeats, 5))),
        "b/x": trained(2 * second * x2, wobble * rng.normal(size=(repeats, 5))),
    }
    for f in range(fusions):
        predictions[f"fusion{f}"] = trained(2 * x1 + 2 * second * x2, wobble * rng.normal(size=(repeats, 5)))
    return ledger_of(BINARY, y, folds, predictions)
