"""Encoders of one modality against its floor."""

import numpy as np

from fuseworthy.evidence.encoders import encoder_facts
from fuseworthy.folds import make_folds
from fuseworthy.ledger import Ledger, Strategy
from fuseworthy.task import Task

READ = {
    "image": {"image/linear": "statistics", "image/boosting": "statistics", "image/clip": "clip"},
    "text": {"text/linear": "counts"},
}


def test_the_encoder_that_won_is_named_with_its_gain_over_the_floor():
    rng, task = np.random.default_rng(0), Task("binary", ("0", "1"))
    y = rng.integers(0, 2, 400)
    folds = make_folds(y, task, n_folds=5, n_repeats=1, clusters=None, time=None, random_state=0)
    strength = {"image/linear": 0.5, "image/boosting": 0.3, "image/clip": 1.5, "text/linear": 1.0}
    predictions = {}
    for name, a in strength.items():
        p = 1 / (1 + np.exp(-2 * a * (a * (2 * y - 1) + rng.normal(size=400))))
        predictions[name] = np.column_stack([1 - p, p])[None]
    strategies = {name: Strategy(name, "single", name, name.split("/")[0]) for name in strength}
    ledger = Ledger(
        task, y, folds, predictions, strategies, np.arange(400), np.full(400, "image+text", dtype=object), "h"
    )
    rows = encoder_facts(ledger, ledger.losses(), READ)
    assert [(row["encoder"], row["single"], row["won"]) for row in rows] == [
        ("statistics", "image/linear", False),
        ("clip", "image/clip", True),
    ]
    assert rows[1]["low"] > 0.1
    assert "gain" not in rows[0]
