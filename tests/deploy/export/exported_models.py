"""Small models to export, made without a study: two or three modalities, rows that lack some."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from fuseworthy.deploy.export.parity import measured
from fuseworthy.deploy.export.write import built
from fuseworthy.deploy.model import Model
from fuseworthy.deploy.router import Choice, Router
from fuseworthy.inputs.encode import learn_encodings
from fuseworthy.inputs.modality import Embedding, Tabular, Text
from fuseworthy.strategies.calibration import Calibrator
from fuseworthy.strategies.part import whole_part
from fuseworthy.strategies.singles import FeatureStore, families_of, fit_single
from fuseworthy.task import Task

ROWS = 130
KINDS = ("binary", "multiclass", "regression")
MODALITIES = {
    "cells": Tabular("size", "shop", "day"),
    "note": Text("note"),
    "steps": Embedding("steps", times="times"),
    "voice": Embedding("voice"),
}
WORDS = np.array(["red", "blue", "big", "small", "old", "new", "odd", "even", "calm", "loud"])


def rows_of(kind, n=ROWS, seed=0):
    """A table in which every modality tells something of the target, and is missing in some rows."""
    rng = np.random.default_rng(seed)
    voice, size, shop = rng.normal(size=(n, 4)), rng.normal(20, 7, n).round(2), rng.integers(0, 70, n)
    words = [rng.integers(0, len(WORDS), rng.integers(3, 30)) for _ in range(n)]
    steps = [rng.normal(size=(rng.integers(1, 5), 3)) for _ in range(n)]
    score = (
        voice[:, 0]
        + (size - 20) / 7
        + (shop % 2)
        + np.array([(w < 4).mean() * 3 + s[:, 0].mean() for w, s in zip(words, steps, strict=True)])
    )
    score = score + rng.normal(size=n) / 2
    edges = np.quantile(score, [0.5] if kind == "binary" else [0.3, 0.7])
    y = score if kind == "regression" else np.array(["no", "so so", "yes"])[np.digitize(score, edges)]

    def some(values):
        return [None if gone else value for value, gone in zip(values, rng.random(n) < 0.15, strict=True)]

    there = rng.random(n) > 0.15
    return pa.table(
        {
            "voice": some(voice.tolist()),
            "size": pa.array(some(size.tolist()), pa.float64()),
            "shop": pa.array(some([f"shop {s}" for s in shop]), pa.string()),
            "day": pa.array(some((rng.integers(0, 10**15, n)).tolist()), pa.timestamp("us")),
            "note": some([" ".join(WORDS[w]) for w in words]),
            "steps": [s.tolist() if here else None for s, here in zip(steps, there, strict=True)],
            "times": [
                np.cumsum(rng.random(len(s))).tolist() if here else None for s, here in zip(steps, there, strict=True)
            ],
            "y": y.tolist(),
        }
    )


def learned(kind, names):
    """Encodings, blocks and the whole part of a task, of these modalities."""
    table = rows_of(kind)
    encodings, blocks = learn_encodings(table, {m: MODALITIES[m] for m in names})
    y = np.array(table["y"].to_pylist())
    if kind == "regression":
        return encodings, blocks, whole_part(y, Task(kind, variance=float(y.var())), 0)
    classes = tuple(sorted(set(y.tolist())))
    return encodings, blocks, whole_part(np.array([classes.index(v) for v in y]), Task(kind, classes), 0)


def single(blocks, part, modality, family="linear", setting=0):
    """A single that is not tuned, calibrated so that it says something even of a modality that tells little."""
    own, block = next((own, block) for own, block in families_of(blocks[modality]) if own.name == family)
    fitted = fit_single(own, block, part, FeatureStore(part), own.settings[setting])
    return replace(fitted, predictor=replace(fitted.predictor, calibrator=Calibrator(part.task, 1.3, 0.1)))


def model_of(encodings, part, singles, fusion=None, router=None):
    """A model of fitted singles (by ``modality/family``) and a fusion, which is asked wherever nothing else is said."""
    names = sorted(encodings)
    everything = {"+".join(names): Choice(True, next(iter(singles)), tuple(names), "the verdict's rows")}
    return Model(
        task=part.task,
        target="y",
        modalities={m: MODALITIES.get(m) for m in names},
        encodings=encodings,
        singles={name: fitted.predictor for name, fitted in singles.items()},
        fusion=None if fusion is None else ("fusion", fusion),
        router=router or Router(everything if fusion else {}, tuple(singles)),
        prior=part.prior,
    )


def parity_of(model, blocks):
    """How far the model's graph is from it, on the probe with every set of modalities and on these rows."""
    content, inputs, outputs, _ = built(model)
    return measured(model, content, inputs, outputs, blocks)
