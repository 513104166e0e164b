"""Columns are taken for what they are, with a reason, and identifiers are left out."""

import datetime

import numpy as np
import pyarrow as pa
import pytest

from fuseworthy.inputs.infer import infer_modalities, read_column

RNG = np.random.default_rng(0)
N = 200
WORDS = np.array(["the", "red", "cat", "sat", "on", "a", "mat", "and", "saw", "two", "blue", "birds"])


@pytest.mark.parametrize(
    ("name", "cells", "role"),
    [
        ("body", [" ".join(RNG.choice(WORDS, 12)) for _ in range(N)], "text"),
        ("name", [" ".join(RNG.choice(WORDS, 3)) for _ in range(N)], "text"),
        ("price", RNG.normal(size=N), "numeric"),
        ("age", RNG.integers(18, 90, N), "numeric"),
        ("count", RNG.permutation(10_000)[:N], "numeric"),
        ("shop", RNG.choice(["north", "south"], N), "categorical"),
        ("flag", RNG.random(N) < 0.5, "categorical"),
        ("day", [datetime.date(2024, 1, 1) + datetime.timedelta(days=int(i)) for i in range(N)], "date"),
        ("vector", list(RNG.normal(size=(N, 5))), "embedding"),
        ("written", [str(list(map(float, v.round(2)))) for v in RNG.normal(size=(N, 3))], "embedding"),
        ("id", np.arange(N), "left out"),
        ("customer_id", RNG.integers(0, 90, N), "left out"),
        ("anything", RNG.permutation(N), "left out"),
        ("code", [f"x{i:05d}" for i in range(N)], "left out"),
        ("order", [f"Order no {4000 + i}" for i in range(N)], "left out"),
        ("size", [f"{i} or {j} cm" for i, j in RNG.integers(1, 10**6, (N, 2))], "text"),
        ("same", ["one"] * N, "left out"),
        ("nothing", pa.nulls(N, pa.string()), "left out"),
    ],
)
def test_a_column_is_taken_for_what_it_is(name, cells, role):
    reading = read_column(name, pa.chunked_array([pa.array(cells)]))
    assert reading.role == role, reading
    assert reading.reason


def test_numbered_number_columns_become_one_embedding():
    table = pa.table({f"emb_{i}": RNG.normal(size=N) for i in range(16)} | {"age": RNG.integers(0, 90, N)})
    found = infer_modalities(table, set())
    assert found.modalities["emb"].columns == tuple(f"emb_{i}" for i in range(16))
    assert found.modalities["table"].columns == ("age",)


def test_reserved_columns_are_in_no_modality(table):
    found = infer_modalities(table, {"label", "key"})
    used = {column for m in found.modalities.values() for column in m.columns}
    assert used == {"note", "size", "shop"}
    assert set(found.reasons) == set(found.modalities)
