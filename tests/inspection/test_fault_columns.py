"""Columns that say nothing, say too much or are mixed: each is left out with its reason, warned of, or refused."""

import hashlib
import time
import uuid

import numpy as np
import pyarrow as pa
import pytest

from fuseworthy.errors import InputError
from fuseworthy.inputs.encode import learn_encodings
from fuseworthy.inputs.modality import Embedding, Tabular
from fuseworthy.inspection.inspection import inspect
from fuseworthy.study.prepare import load, prepare
from fuseworthy.study.question import Question

N = 400


def table_with(cells):
    n, rng = len(cells), np.random.default_rng(0)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(rng.normal(size=4 * n)), 4).cast(pa.list_(pa.float64()))
    return pa.table({"v": vectors, "x": rng.normal(size=n), "c": cells, "y": rng.integers(0, 2, n)})


def warned(seen):
    """The most severe title among the problems that name the column, or that say why it was left out."""
    named = [p for p in seen.problems if "'c'" in p.finding]
    order = {"error": 0, "warning": 1, "note": 2}
    return min((order[p.severity], p.title) for p in named)[1] if named else ""


def judged(cells, folder):
    """What becomes of a column: where it is inferred, and where it is asked for as a feature."""
    table, asked = table_with(cells), {"v": Embedding("v"), "table": Tabular("x", "c")}
    inferred = inspect(table, "y")
    role = {c.name: c.role for c in inferred.columns}["c"]
    try:
        question = Question("y", asked)
        prepare(load(table, question), question, folder)
        answer = warned(inspect(table, "y", modalities=asked)) or "used"
    except InputError:
        answer = "refused"
    return role, warned(inferred), answer


BATTERY = {
    "constant": (np.ones(N), ("left out", "constant columns", "refused")),
    "all NaN": (np.full(N, np.nan), ("left out", "empty columns", "refused")),
    "all missing": (pa.nulls(N, pa.string()), ("left out", "empty columns", "refused")),
    "single category": (["one"] * N, ("left out", "constant columns", "refused")),
    "one category or missing": (["one", None] * (N // 2), ("left out", "constant columns", "refused")),
    "a category a row": (
        [f"c{i}" for i in range(N)],
        ("left out", "identifiers left out", "an identifier as a feature"),
    ),
    "mixed types": (
        [str(i) if i % 2 else f"w{i % 9}" for i in range(N)],
        ("categorical", "many categories", "many categories"),
    ),
}


def test_seven_kinds_of_empty_crowded_and_mixed_columns_are_left_out_warned_of_or_refused(tmp_path):
    found = {name: judged(cells, tmp_path) for name, (cells, _) in BATTERY.items()}
    print(f"\nD8: {len(found)} kinds, inferred as, told as, and told where asked for:")
    print("\n".join(f"  {name}: {', '.join(answer)}" for name, answer in found.items()))
    assert found == {name: expected for name, (_, expected) in BATTERY.items()}


def test_a_frame_whose_column_holds_objects_of_several_types_is_refused_by_name():
    import pandas as pd

    frame = pd.DataFrame({"x": [1.0, 2.0] * 20, "c": [1, "a"] * 20, "y": [0, 1] * 20})
    with pytest.raises(InputError, match=r"every column must hold one type.*column c"):
        load(frame, Question("y"))


def crowded(n):
    """Seconds to encode and to inspect a column with as many categories as rows, and what it is told as."""
    table = table_with(pa.array([f"c{i}" for i in range(n)]))
    start = time.perf_counter()
    asked = {"v": Embedding("v"), "table": Tabular("x", "c")}
    _, blocks = learn_encodings(table, {"table": asked["table"]})
    told = warned(inspect(table, "y", modalities=asked)), warned(inspect(table, "y"))
    seconds = time.perf_counter() - start
    print(f"\nD8: {n:,} categories: encoded and inspected twice in {seconds:.1f} s, told as {told}")
    assert len(np.unique(blocks["table"]["cells"].values[:, 1])) == n
    assert told == ("an identifier as a feature", "identifiers left out")
    return seconds


def test_a_hundred_thousand_categories_take_seconds():
    assert crowded(100_000) < 30


@pytest.mark.slow
def test_a_million_categories_take_less_than_minutes():
    assert crowded(1_000_000) < 120


def identifiers():
    rng = np.random.default_rng(0)
    hashed = [hashlib.sha256(str(i).encode()).hexdigest() for i in range(N)]
    return {
        "row numbers": np.arange(N),
        "shuffled numbers": 5_000 + rng.permutation(N),
        "UUIDs": [str(uuid.UUID(int=int(i) << 64)) for i in rng.integers(0, 2**60, N)],
        "hashes": hashed,
        "codes": [f"AB-{i:05d}" for i in rng.permutation(N)],
        "padded numbers": [f"{i:06d}" for i in rng.permutation(N)],
        "addresses": [f"p{i}@example.org" for i in rng.permutation(N)],
        "codes in words": [f"Order no {i}" for i in rng.permutation(N)],
    }


def test_columns_of_identifiers_are_left_out_and_warned_of_where_they_are_asked_for(tmp_path):
    found = {name: judged(cells, tmp_path) for name, cells in identifiers().items()}
    out = sum(role == "left out" and told == "identifiers left out" for role, told, _ in found.values())
    warnings = sum(answer == "an identifier as a feature" for *_, answer in found.values())
    print(
        f"\nD14: {len(found)} kinds of identifiers: {out} left out where inferred, {warnings} warned of where asked for"
    )
    assert (out, warnings) == (len(found), len(found)), found


def test_honest_columns_are_not_taken_for_identifiers():
    rng = np.random.default_rng(0)
    words = np.array(["river", "stone", "quiet", "market", "window", "yellow", "engine"])
    honest = {
        "measurements": rng.normal(size=N),
        "whole numbers": rng.integers(0, 10**6, N),
        "remarks": [" ".join(row) for row in rng.choice(words, (N, 8))],
        "towns": [f"town {i % 12}" for i in range(N)],
        "names": [" ".join(row) + f" {i}" for i, row in enumerate(rng.choice(words, (N, 2)))],
    }
    wrong = {name: told for name, cells in honest.items() if (told := warned(inspect(table_with(cells), "y")))}
    print(f"\nD14: {len(wrong)} of {len(honest)} honest columns taken for identifiers")
    assert wrong == {}
