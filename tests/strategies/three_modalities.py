"""A small problem with three modalities, one of which some rows lack, and canonical tasks as blocks."""

from __future__ import annotations

import numpy as np

from fuseworthy.datasets.synthetic import make
from fuseworthy.folds import make_folds
from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.part import Part, make_part
from fuseworthy.task import Task


def vectors(name, values, present=None):
    """One modality of vectors."""
    present = np.ones(len(values), dtype=bool) if present is None else present
    return {"vectors": Block(name, "vectors", np.asarray(values, dtype=float), present)}


def three_modalities(kind="binary", n=225, seed=0, names=("a", "b", "c")):
    """A part of two thirds of the rows to learn from, and the blocks: vectors, a table, vectors of which a few lack."""
    rng = np.random.default_rng(seed)
    width = {"binary": 2, "multiclass": 3, "regression": 1}[kind]
    label = rng.integers(0, max(width, 2), n)
    y = label if kind != "regression" else 50 + 10 * label + rng.normal(size=n)
    classes = tuple("xyz"[:width]) if kind != "regression" else ()
    task = Task(kind, classes, 1.0 if kind != "regression" else float(y.var()))
    a, b, c = names
    cells = np.column_stack([label + rng.normal(size=n), rng.integers(0, 3, n)]).astype(float)
    cells[rng.random(n) < 0.1, 0] = np.nan
    signal = np.eye(3)[label]
    blocks = {
        a: vectors(a, 1.5 * signal + rng.normal(size=(n, 3))),
        b: {"cells": Block(b, "cells", cells, np.ones(n, dtype=bool), {"features": ["p", "q"], "categories": [0, 3]})},
        c: vectors(c, np.hstack([signal, np.zeros((n, 1))]) + rng.normal(size=(n, 4)), rng.random(n) < 0.75),
    }
    part = make_part(y, task, make_folds(y, task, n_folds=3, n_repeats=1), 0, 0, 0)
    return part, blocks


def with_patterns(blocks, kept):
    """The same blocks in which only some modalities are present."""
    found = {}
    for m, views in blocks.items():
        ((view, block),) = views.items()
        here = block.present & (m in kept)
        found[m] = {view: Block(m, view, np.where(here[:, None], block.values, 0.0), here, block.meta)}
    return found


def canonical(number, n, scored, seed=0):
    """A canonical task: part and blocks; columns beside the modalities become a modality of their own."""
    made = make(number, n + scored, seed)
    y, task = made.y, Task("binary", ("0", "1"))
    blocks = {m: vectors(m, x) for m, x in made.inputs.items()}
    blocks |= {m: vectors(m, column[:, None].astype(float)) for m, column in made.columns.items()}
    train, test = np.arange(n), np.arange(n, n + scored)
    inner = np.random.default_rng(seed).integers(0, 3, n)
    return Part(task, y, train, test, inner, seed), blocks


def accuracy(part, fitted):
    return float((fitted.test.argmax(axis=1) == part.y[part.test]).mean())
