"""A small problem with two modalities, one of which is missing in some rows."""

import numpy as np
import pytest

from fuseworthy.folds import make_folds
from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.part import make_part
from fuseworthy.task import Task


def problem(kind: str = "binary", n: int = 240, seed: int = 0):
    rng = np.random.default_rng(seed)
    width = {"binary": 2, "multiclass": 3, "regression": 1}[kind]
    label = rng.integers(0, max(width, 2), n)
    signal = np.eye(3)[label]
    y = label if kind != "regression" else label + 0.1 * rng.normal(size=n)
    task = Task(
        kind, tuple("abc"[:width]) if kind != "regression" else (), 1.0 if kind != "regression" else float(y.var())
    )
    present = rng.random(n) < 0.8
    vectors = np.where(present[:, None], signal + 0.8 * rng.normal(size=(n, 3)), 0.0)
    cells = np.column_stack([label + rng.normal(size=n), rng.integers(0, 4, n)]).astype(float)
    cells[rng.random(n) < 0.1, 0] = np.nan
    blocks = {
        "v": {"vectors": Block("v", "vectors", vectors, present)},
        "t": {
            "cells": Block("t", "cells", cells, np.ones(n, dtype=bool), {"features": ["x", "c"], "categories": [0, 4]})
        },
    }
    folds = make_folds(y, task, n_folds=4, n_repeats=1)
    return make_part(y, task, folds, 0, 0, 0), blocks


@pytest.fixture(params=["binary", "multiclass", "regression"])
def any_problem(request):
    return problem(request.param)


@pytest.fixture
def binary_problem():
    return problem()
