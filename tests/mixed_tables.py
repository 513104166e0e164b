"""A small table of text and numbers that both tell the class."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


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
