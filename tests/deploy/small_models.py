"""Models made in a moment: tables of five kinds of modalities that all tell the class."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

import fuseworthy as fw
from fuseworthy.deploy.model import Model
from fuseworthy.deploy.router import Choice, Router
from fuseworthy.inputs.encode import learn_encodings
from fuseworthy.strategies.part import whole_part
from fuseworthy.strategies.singles import Singles
from fuseworthy.strategies.strategy import FusionStrategy, strategy_named
from fuseworthy.task import Task

ROWS = 150
MODALITIES = {
    "note": fw.Text("title", "body", encoders=("tfidf", "words")),
    "table": fw.Tabular("size", "shop", "day"),
    "photo": fw.Embedding("photo"),
    "clip": fw.Embedding("frames", times="seconds"),
    "remark": fw.Text("body", encoders=("words",)),
}
THREE = ("note", "table", "photo")
SEQUENCES = ("clip", "remark", "table")
KINDS = ("binary", "multiclass", "regression")


@cache
def rows_of(kind: str = "binary", n: int = ROWS, seed: int = 0, *, missing: bool = True) -> tuple[pa.Table, Any, Task]:
    """A table, its target and the task; every modality tells the class, and is missing in a few rows."""
    rng = np.random.default_rng(seed)
    classes = 3 if kind == "multiclass" else 2
    label = rng.permutation(np.arange(n) % classes)
    lacks = [rng.random(n) < (0.12 if missing else 0) for _ in range(4)]
    moods, plain = [["poor", "broken"], ["plain", "usual"], ["lovely", "great"]], ["the", "a", "shirt", "colour"]
    bodies = [" ".join([*rng.choice(plain, 4), *rng.choice(moods[c], 2)]) for c in label]
    photos = np.eye(3)[label] + 0.7 * rng.normal(size=(n, 3))
    lengths = rng.integers(1, 4, n)
    frames = [(np.eye(3)[c] + 0.7 * rng.normal(size=(k, 3))).tolist() for c, k in zip(label, lengths, strict=True)]
    days = [date(2024, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 300, n)]
    table = pa.table(
        {
            "title": _with_gaps([moods[c][0] for c in label], lacks[0]),
            "body": _with_gaps(bodies, lacks[0]),
            "size": pa.array(label + rng.normal(size=n), mask=lacks[1]),
            "shop": pa.array(rng.choice(["north", "south", "west"], n), mask=lacks[1]),
            "day": pa.array(days, pa.date32(), mask=lacks[1]),
            "photo": _with_gaps(photos.tolist(), lacks[2]),
            "frames": _with_gaps(frames, lacks[3]),
            "seconds": _with_gaps([np.arange(k, dtype=float).tolist() for k in lengths], lacks[3]),
        }
    )
    if kind == "regression":
        y = 50 + 10 * label + rng.normal(size=n)
        return table, y, Task(kind, (), float(y.var()))
    return table, label, Task(kind, tuple("abc"[:classes]))


@cache
def learned(kind: str, names: tuple[str, ...]) -> tuple[Any, Any, Singles, Any]:
    """Encodings, blocks, singles (each fitted when it is first asked for) and part of some modalities."""
    table, y, task = rows_of(kind)
    encodings, blocks = learn_encodings(table, {m: MODALITIES[m] for m in names})
    part = whole_part(y, task, 0)
    return encodings, blocks, Singles(blocks, part), part


def model_of(
    strategy: str | FusionStrategy | None,
    kind: str = "binary",
    names: tuple[str, ...] = THREE,
    *,
    singles: Mapping[str, str] | None = None,
    **more: Any,
) -> Model:
    """A model of a fusion (by name or as an object) with a single of each modality beside it; without one, of the first.

    Parameters
    ----------
    singles : modality -> family; linear if left out
    more : other parameters of the model
    """
    encodings, blocks, fitted, part = learned(kind, names)
    own = [f"{m}/{(singles or {}).get(m, 'linear')}" for m in names]
    fusion = None
    if strategy is not None:
        made = strategy_named(strategy) if isinstance(strategy, str) else strategy
        name = strategy if isinstance(strategy, str) else "own"
        fusion = (name, made.fit(blocks, fitted, part).predictor)
    everything = tuple(sorted(names))
    choices = {"+".join(everything): Choice(True, own[0], everything, "the verdict's rows")} if fusion else {}
    return Model(
        **{
            "task": part.task,
            "target": "y",
            "modalities": {m: MODALITIES[m] for m in names},
            "encodings": encodings,
            "singles": {name: fitted[name].predictor for name in own},
            "fusion": fusion,
            "router": Router(choices, tuple(own)),
            "prior": part.prior,
            "about": {"rows": ROWS, "limits": [], "sentence": "Said so."},
        }
        | more
    )


def _with_gaps(cells: list[Any], lacks: Any) -> list[Any]:
    return [None if no else cell for no, cell in zip(lacks, cells, strict=True)]
