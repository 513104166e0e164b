"""Missing modalities, copies across splits and leaks of the target, planted: how many are found, how many are false."""

import numpy as np
import pyarrow as pa
import pytest

from fuseworthy.errors import InputError
from fuseworthy.inputs.encode import encode_rows, learn_encodings
from fuseworthy.inputs.modality import Embedding, Tabular, Text
from fuseworthy.inspection.inspection import inspect

WORDS = np.array(
    ["river", "stone", "quiet", "market", "window", "yellow", "engine", "garden", "letter", "winter", "copper"]
)


def remarks(rng, n):
    return [" ".join(row) for row in rng.choice(WORDS, (n, 12)).tolist()]


def honest(n=800, seed=0):
    """A table without a leak."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    columns = {
        "weak": rng.normal(size=n) + 0.7 * y,
        "noise": rng.normal(size=n),
        "town": rng.choice([f"town {i}" for i in range(12)], n),
        "remark": remarks(rng, n),
        "case_id": rng.permutation(n),
    }
    return columns | {"outcome": y}, y, rng


def planted_leaks():
    """Name -> a table with one leak, and the column that leaks."""
    columns, y, rng = honest()
    n, word = len(y), np.where(y == 1, "deceased", "alive")
    closed = np.where(y == 1, np.datetime64("2024-06-01"), np.datetime64("2023-01-01")) + rng.integers(0, 60, n)
    return {
        "the column itself": ({"copy": y}, "copy"),
        "under other names": ({"copy": np.where(y == 1, "B", "A")}, "copy"),
        "with noise": ({"score": y + 0.1 * rng.normal(size=n)}, "score"),
        "in the text": ({"remark": [f"{t} {w}" for t, w in zip(columns["remark"], word, strict=True)]}, "remark"),
        "in a path": ({"scan": [f"scans/{w}/{i:04}.png" for i, w in enumerate(word)]}, "scan"),
        "an id sorted by class": ({"case_id": np.argsort(np.argsort(y, kind="stable"), kind="stable")}, "case_id"),
        "in what is missing": ({"after": [1.0 * rng.random() if v else None for v in y]}, "after"),
        "a date after the label": ({"closed": closed.astype("datetime64[s]")}, "closed"),
    }


def test_eight_planted_leaks_are_found_and_none_on_twenty_clean_tables():
    columns, _, _ = honest()
    found = {}
    for name, (leak, column) in planted_leaks().items():
        seen = inspect(pa.table(columns | leak), "outcome")
        accused = {s.column for s in seen.suspects}
        telling = {m.name for m in seen.missing if m.telling}
        found[name] = column in accused | telling and any(p.severity != "note" for p in seen.problems)
    false = 0
    for seed in range(20):
        clean, _, _ = honest(n=[150, 400, 800, 1500][seed % 4], seed=100 + seed)
        seen = inspect(pa.table(clean), "outcome")
        false += len(seen.suspects) + sum(m.telling for m in seen.missing)
    print(f"\nD13: {sum(found.values())} of {len(found)} leaks found, {false} false on 20 clean tables")
    assert [name for name, known in found.items() if not known] == []
    assert false == 0


def reworded(text):
    return "  " + text.upper().replace(" ", ",  ") + "! "


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_planted_copies_are_found_and_nothing_else(share):
    rng = np.random.default_rng(4)
    n = 2_000
    texts = [f"{remark} {i}" for i, remark in enumerate(remarks(rng, n))]
    numbers, planted = rng.normal(size=n), int(share * n)
    y = rng.integers(0, 2, n)
    for j in range(planted):
        texts[n - 1 - j], numbers[n - 1 - j] = texts[j], numbers[j]
    for j in range(planted, 2 * planted):
        texts[n - 1 - j] = reworded(texts[j])
    modalities = {"remark": Text("remark"), "table": Tabular("x")}
    seen = inspect(pa.table({"remark": texts, "x": numbers, "y": y}), "y", modalities=modalities)
    (text,) = seen.texts
    told = {"exact rows": seen.copies.rows, "exact texts": text.exact, "near texts": text.near}
    print(f"\nD12: {planted} exact and {planted} near copies of {n:,} rows planted, found {told}")
    assert set(told.values()) == {planted}  # every one, and no other: recall 1, precision 1
    assert seen.copies.kept_together


def half_missing(rows, n=200):
    vectors = np.random.default_rng(1).normal(size=(n, 4)).tolist()
    return [None if i in rows else vector for i, vector in enumerate(vectors)]


def test_four_kinds_of_missing_modalities_are_refused_read_or_named():
    rng = np.random.default_rng(2)
    n = 200
    y = rng.integers(0, 2, n)
    modalities = {"scan": Embedding("scan"), "table": Tabular("x")}
    table = {"x": rng.normal(size=n), "y": y}

    never = pa.table({"scan": pa.nulls(n, pa.list_(pa.float64()))} | {"x": table["x"]})
    with pytest.raises(InputError, match="present in some rows"):
        learn_encodings(never, modalities)

    whole, gone = pa.table(table | {"scan": half_missing(())}), pa.table(table | {"scan": half_missing(range(100))})
    learned, _ = learn_encodings(whole, modalities)
    only_new = encode_rows(gone.slice(0, 100), learned)["scan"]["vectors"]
    assert (only_new.present.any(), only_new.values.shape) == (False, (100, 4))
    learned, blocks = learn_encodings(gone, modalities)
    assert blocks["scan"]["vectors"].present.sum() == 100
    assert encode_rows(whole, learned)["scan"]["vectors"].present.all()

    ill = {i for i in range(n) if y[i] and rng.random() < 0.7}
    seen = inspect(pa.table(table | {"scan": half_missing(ill)}), "y", modalities=modalities)
    (item,) = [m for m in seen.missing if m.name == "scan" and m.is_modality]
    print(f"\nD7: 4 cases; missing in {len(ill)} of {int(y.sum())} rows of one class and none of the other: ", end="")
    print(f"AUC of the mask {item.auc:.2f}")
    assert item.telling
    assert max(item.auc, 1 - item.auc) == pytest.approx(0.5 + len(ill) / y.sum() / 2, abs=0.01)
