"""A table of three modalities, each of which tells the class and is missing in some rows; and learners that are quick."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

import fuseworthy as fw
from fuseworthy.strategies.families import FAMILIES

MODALITIES = {
    "note": fw.Text("title", "body"),
    "table": fw.Tabular("size", "shop", "day"),
    "photo": fw.Embedding("photo"),
}
CLASSES = np.array(["bad", "fair", "good"])


def three_kinds(n: int = 90, seed: int = 0, classes: int = 3, *, missing: bool = True) -> tuple[pa.Table, np.ndarray]:
    """Text, cells and vectors that all tell the class; each is missing in some rows. With the labels."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    rng.shuffle(y)
    lacks = [rng.random(n) < (0.15 if missing else 0) for _ in range(3)]
    moods, plain = [["poor", "broken"], ["plain", "usual"], ["lovely", "great"]], ["the", "a", "shirt", "colour"]
    bodies = [" ".join([*rng.choice(plain, 4), *rng.choice(moods[c], 2)]) for c in y]
    photos = np.eye(3)[y] + 0.7 * rng.normal(size=(n, 3))
    days = [date(2024, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 300, n)]
    table = pa.table(
        {
            "title": [None if no else moods[c][0] for no, c in zip(lacks[0], y, strict=True)],
            "body": [None if no else body for no, body in zip(lacks[0], bodies, strict=True)],
            "size": pa.array(y + rng.normal(size=n), mask=lacks[1]),
            "shop": pa.array(rng.choice(["north", "south", "west"], n), mask=lacks[1]),
            "day": pa.array(days, pa.date32(), mask=lacks[1]),
            "photo": [None if no else photo.tolist() for no, photo in zip(lacks[2], photos, strict=True)],
        }
    )
    return table, CLASSES[y]


@contextmanager
def one_setting_each() -> Iterator[None]:
    """Families with one setting each and no forest: that they learn well is tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        for view, families in list(FAMILIES.items()):
            kept = [replace(family, settings=family.settings[:1]) for family in families if family.name != "forest"]
            patch.setitem(FAMILIES, view, tuple(kept))
        yield
