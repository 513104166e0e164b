"""Rows in memory to teach networks with: two complementary modalities, one absent in some rows."""

from __future__ import annotations

import numpy as np
import torch

from fuseworthy import nn
from fuseworthy.strategies.training.lesson import Lesson
from fuseworthy.strategies.training.recipe import Copy, Recipe
from fuseworthy.strategies.training.rows import Rows

SIZES = {"a": 3, "b": 2}
SHORT = Recipe(rate=5e-3, batch=32, epochs=4, patience=4, warm_up=3)


def taught_rows(n=120, seed=0, *, numeric=False, absent=0.2):
    """Rows of a binary target, or of a number, that both modalities tell."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    a = (2 * y - 1)[:, None] * [1.0, 0, 0] + rng.normal(size=(n, 3))
    b = (2 * y - 1)[:, None] * [0.7, 0] + rng.normal(size=(n, 2))
    inputs = {m: torch.tensor(x, dtype=torch.float32) for m, x in {"a": a, "b": b}.items()}
    target = torch.tensor(2 * y - 1 + 0.1 * rng.normal(size=n), dtype=torch.float32) if numeric else torch.tensor(y)
    present = {"b": torch.tensor(rng.random(n) >= absent)} if absent else {}
    return Rows(inputs, present, target, torch.ones(n))


def maker(name="concat", *, outputs=2, unimodal=False, width=16):
    """Makes lessons of one of the networks, without dropout."""
    return lambda: Lesson(nn.FUSIONS[name](inputs=SIZES, outputs=outputs, width=width), unimodal=unimodal)


def copies_of(n=120, folds=3, *, uneven=0):
    """A copy a fold, each watching its own; ``uneven`` takes rows away from all but the first."""
    fold = np.arange(n) % folds
    found = []
    for k in range(folds):
        rows = np.flatnonzero(fold != k)
        found.append(Copy(rows[: len(rows) - uneven * k], np.flatnonzero(fold == k)[: 30 + k], 7 + k))
    return found


def weights_of(trained):
    return [{name: p.detach().clone() for name, p in module.named_parameters()} for module in trained.modules]


def assert_same_weights(one, other, **tolerance):
    for left, right in zip(one, other, strict=True):
        assert left.keys() == right.keys()
        for name in left:
            torch.testing.assert_close(left[name], right[name], **(tolerance or {"rtol": 0, "atol": 0}), msg=name)
