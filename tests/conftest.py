"""What tests share: a cache of their own, and small tables in every frame a user may bring."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two threads on a busy machine are ten times slower than one

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """No test reads or writes the user's cache of blocks."""
    patch, folder = pytest.MonkeyPatch(), tmp_path_factory.mktemp("cache")
    patch.setattr("fuseworthy.study.prepare.cache_root", lambda: folder)
    yield
    patch.undo()


def mixed_table(n: int = 160, seed: int = 0, *, missing: bool = True) -> pa.Table:
    """Text and table that both tell the class, with an id; some notes are missing."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    good, bad, plain = ["fine", "lovely", "great"], ["poor", "broken", "awful"], ["the", "a", "shirt", "colour", "size"]
    notes = []
    for label in y:
        mood = good if rng.random() < (0.8 if label else 0.2) else bad
        notes.append(" ".join([*rng.choice(plain, 5), rng.choice(mood), *rng.choice(plain, 3)]))
    if missing:
        notes = [None if rng.random() < 0.1 else note for note in notes]
    return pa.table(
        {
            "key": np.arange(n) + 1000,
            "note": notes,
            "size": rng.normal(size=n) + y * 1.2,
            "shop": rng.choice(["north", "south", "west"], n),
            "label": np.where(y == 1, "good", "bad"),
        }
    )


@pytest.fixture
def table() -> pa.Table:
    return mixed_table()


def _pandas(table: pa.Table) -> Any:
    return table.to_pandas()


def _polars(table: pa.Table) -> Any:
    import polars

    return polars.from_arrow(table)


@pytest.fixture(params=[_pandas, _polars, lambda t: t], ids=["pandas", "polars", "arrow"])
def to_frame(request: pytest.FixtureRequest) -> Callable[[pa.Table], Any]:
    """Turns an Arrow table into each kind of frame in turn."""
    convert: Callable[[pa.Table], Any] = request.param
    return convert
