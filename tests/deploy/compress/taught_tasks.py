"""Tasks on which it is known whether one modality can be taught by another, and models that learned from one half of them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa

import fuseworthy as fw
from fuseworthy.deploy.learned import LearnedRows
from fuseworthy.deploy.model import Model
from fuseworthy.deploy.router import Choice, Router
from fuseworthy.inputs.encode import learn_encodings
from fuseworthy.strategies.part import whole_part
from fuseworthy.strategies.singles import Singles
from fuseworthy.strategies.strategy import strategy_named
from fuseworthy.task import Task

MODALITIES = {"cheap": fw.Embedding("cheap"), "dear": fw.Embedding("dear")}


def rows(kind: str, n: int, seed: int) -> pa.Table:
    """``teaches``: the label is a coin weighed by the dear modality, of which the cheap one has 40 blurred views, so that
    its chance tells far more of the cheap one than its fall. ``silent``: the dear one is noise, and the cheap one a number
    that says all and needs no teacher.
    """
    rng = np.random.default_rng(seed)
    if kind == "teaches":
        dear = rng.normal(size=(n, 1))
        cheap, odds = 0.5 * dear + rng.normal(size=(n, 40)), 3 * dear[:, 0]
    else:
        dear, cheap = rng.normal(size=(n, 1)), rng.normal(size=(n, 1))
        odds = 2 * cheap[:, 0]
    label = np.where(rng.random(n) < 1 / (1 + np.exp(-odds)), "yes", "no")
    return pa.table({"cheap": cheap.tolist(), "dear": dear.tolist(), "y": label, "key": np.arange(n)})


@cache
def model_for(kind: str, strategy: str = "early-linear", n: int = 600) -> Model:
    """A model of both modalities that learned from rows of seed 0."""
    table = rows(kind, n, 0)
    encodings, blocks = learn_encodings(table, MODALITIES)
    task = Task("binary", ("no", "yes"))
    part = whole_part(np.array([label == "yes" for label in table["y"].to_pylist()]).astype(int), task, 0)
    singles = Singles(blocks, part)
    own = ["cheap/linear", "dear/linear"]
    fusion = (strategy, strategy_named(strategy).fit(blocks, singles, part).predictor)
    return Model(
        task=task,
        target="y",
        modalities=MODALITIES,
        encodings=encodings,
        singles={name: singles[name].predictor for name in own},
        fusion=fusion,
        router=Router({"cheap+dear": Choice(True, own[0], ("cheap", "dear"), "so it was found")}, tuple(own)),
        prior=part.prior,
        about={"rows": n, "limits": [], "sentence": "Said so."},
        learned_rows=LearnedRows.of(table, ["cheap", "dear"]),
    )
