"""Odd cells, targets, vectors and moments: each is read as what it is or refused by name, in figures."""

import itertools
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from bad_inputs import answer_to

import fuseworthy as fw
from fuseworthy.inputs.encode import encode, learn_encodings
from fuseworthy.inputs.tables import read_table
from fuseworthy.study.prepare import load, prepare
from fuseworthy.study.question import Question

N = 60


def vectors(seed=0):
    return np.random.default_rng(seed).normal(size=(N, 5)).astype(np.float32)


def listed(array, kind=None):
    return pa.table({"v": pa.array(array.tolist(), pa.list_(kind or pa.float64()))})


def spoilt(value, row=7, entry=2):
    found = vectors().astype(np.float64)
    found[row, entry] = value
    return listed(found)


def mixed_dimensions():
    cells = vectors().tolist()
    cells[9] = cells[9][:3]
    return pa.table({"v": cells})


VECTORS = {
    "NaN": (lambda: spoilt(float("nan")), "refused"),
    "infinite": (lambda: spoilt(float("inf")), "refused"),
    "subnormal": (lambda: spoilt(1e-310), "read"),
    "1e38": (lambda: spoilt(1e38), "refused"),
    "1e300": (lambda: spoilt(1e300), "refused"),
    "zero vectors": (lambda: listed(np.zeros((N, 5))), "read"),
    "mixed dimensions": (mixed_dimensions, "refused"),
    "int8": (lambda: listed(np.ones((N, 5), dtype=np.int8), pa.int8()), "read"),
    "float16": (lambda: pa.table({"v": pa.array(list(vectors().astype(np.float16)))}), "read"),
    "words": (lambda: pa.table({"v": [["a", "b"]] * N}), "refused"),
    "flags": (lambda: pa.table({"v": [[True, False]] * N}), "read"),
    "written badly": (lambda: pa.table({"v": ["[1, 2"] * N}), "refused"),
}


def block_of(table):
    return encode("v", "vectors", table).values


def test_twelve_kinds_of_vectors_are_read_or_refused():
    answers = {name: answer_to(lambda make=make: block_of(make())) for name, (make, _) in VECTORS.items()}
    print(f"\nD9: {len(answers)} kinds: {answers}")
    assert answers == {name: expected for name, (_, expected) in VECTORS.items()}


def test_vectors_in_any_order_of_memory_and_either_precision_give_one_block(tmp_path):
    import pandas as pd

    plain = vectors()
    np.save(tmp_path / "v.npy", plain)
    makes = {
        "float64": plain.astype(np.float64),
        "Fortran": np.asfortranarray(plain),
        "reversed twice": plain[::-1][::-1],
        "read-only memmap": np.load(tmp_path / "v.npy", mmap_mode="r"),
    }
    expected = block_of(listed(plain))
    largest = 0.0
    for array in makes.values():
        rows = block_of(read_table(pd.DataFrame({"v": list(array)}))[0])
        sides = block_of(read_table(pd.DataFrame(array, columns=list("abcde")))[0])
        largest = max(largest, *(float(np.abs(found - expected).max()) for found in (rows, sides)))
    print(f"\nD9: {len(makes)} makes of one array, twice each: largest difference {largest:g}")
    assert largest <= 1e-5


def prepared(columns, folder, **asked):
    """A study as far as it goes before anything trains."""
    rng = np.random.default_rng(0)
    n = len(next(iter(columns.values())))
    table = pa.table({"x": rng.normal(size=n), "note": [f"word{i % 7} and word{i % 5}" for i in range(n)]} | columns)
    asked.setdefault("modalities", {"x": fw.Tabular("x"), "note": fw.Text("note")})
    question = Question(target=asked.pop("target", "y"), **asked)
    loaded = load(table, question)
    return loaded.task, prepare(loaded, question, folder)


def labels(*counts):
    return list(itertools.chain.from_iterable([f"class {k}"] * count for k, count in enumerate(counts)))


TARGETS = {
    "no rows": ({"y": pa.array([], pa.string())}, {}, "refused"),
    "one row": ({"y": ["a"]}, {}, "refused"),
    "fewer rows than folds": ({"y": ["a", "b", "a"]}, {}, "refused"),
    "one class": ({"y": ["a"] * N}, {}, "refused"),
    "a class of one row": ({"y": labels(30, 29, 1)}, {}, "refused"),
    "missing": ({"y": [*labels(30, 29), None]}, {}, "refused"),
    "missing, left out": ({"y": [*labels(30, 29), None]}, {"drop_unlabelled": True}, "read"),
    "infinite": ({"y": [*np.arange(59.0) / 7, float("inf")]}, {}, "refused"),
    "floats for two classes": ({"y": [0.0, 1.0] * 30}, {}, "read"),
    "ten thousand classes": ({"y": [f"c{i}" for i in range(10_000)]}, {}, "refused"),
    "lists": ({"y": [[1, 2]] * N}, {}, "refused"),
    "several labels": ({"y": [0, 1] * 30, "z": [0, 0, 1, 1] * 15}, {"target": ("y", "z")}, "read"),
}


def test_twelve_kinds_of_targets_are_read_or_refused(tmp_path):
    answers = {
        name: answer_to(lambda c=columns, a=asked: prepared(c, tmp_path, **a))
        for name, (columns, asked, _) in TARGETS.items()
    }
    print(f"\nD15: {len(answers)} kinds: {answers}")
    assert answers == {name: expected for name, (_, _, expected) in TARGETS.items()}


def csv_of(cells):
    """A column as bytes of a CSV, each cell quoted as it stands."""
    lines = [b"note,y", *(b'"' + cell.replace(b'"', b'""') + b'",1' for cell in cells)]
    return b"\n".join(lines) + b"\n"


TEXTS = {
    "ten megabytes": (b"long words " * 1_000_000, "read"),
    "NUL": (b"a\0b", "read"),
    "lone surrogate": (b"\xed\xa0\x80", "refused"),
    "right to left": ("שלום עולם \u202eabc".encode(), "read"),
    "emoji": ("👩‍👩‍👧‍👦 fine".encode(), "read"),
    "combining flood": (("z" + "\u0301" * 5_000).encode(), "read"),
    "only spaces": (b"   \t ", "read"),
    "invalid UTF-8": (b"caf\xe9 au lait \xff", "refused"),
    "byte order mark": ("\ufeffhello".encode(), "read"),
    "line breaks": (b"one\r\ntwo\rthree", "read"),
    "latin-1": ("über".encode("latin-1"), "refused"),
    "quotes": (b'she said "no", twice', "read"),
}


def encoded_text(cell, path):
    path.write_bytes(csv_of([b"an ordinary remark", cell, b"another remark"] * 4))
    table, _ = read_table(path)
    return table["note"].to_pylist()[1], encode("note", "counts", table.select(["note"]))


def test_twelve_kinds_of_text_cells_are_read_whole_or_refused_by_row(tmp_path):
    path, answers = tmp_path / "t.csv", {}
    for name, (cell, _) in TEXTS.items():
        kept = []
        answers[name] = answer_to(lambda c=cell, k=kept: k.append(encoded_text(c, path)), seconds=30)
        if kept:
            assert (kept[0][0] or "").encode() == cell, name
    print(f"\nD16: {len(answers)} kinds: {answers}")
    assert answers == {name: expected for name, (_, expected) in TEXTS.items()}
    with pytest.raises(fw.FuseworthyError, match="column 'note' of row 3 is not"):
        encoded_text(b"\xff", path)


def moments(*cells):
    return {"y": [0, 1] * 30, "t": list(itertools.islice(itertools.cycle(cells), N))}


DAY = datetime(2024, 3, 1)
MOMENTS = {
    "out of order": ({"t": [DAY + timedelta(days=(7 * i) % N) for i in range(N)]}, "read"),
    "naive and aware": ({"t": ["2024-03-01T00:00:00", "2024-03-02T00:00:00Z"] * 30}, "refused"),
    "a gap of the clocks": (
        {"t": [datetime(2024, 3, 31, 0, tzinfo=UTC) + timedelta(minutes=5 * i) for i in range(N)]},
        "read",
    ),
    "one moment": ({"t": [DAY] * N}, "refused"),
    "two moments": ({"t": [DAY, DAY + timedelta(days=1)] * 30}, "refused"),
    "the future": ({"t": [datetime(2200, 1, 1) + timedelta(days=i) for i in range(N)]}, "read"),
    "seconds and milliseconds, as numbers": (
        {"t": [1_700_000_000 + i if i % 2 else 1_700_000_000_000 + i for i in range(N)]},
        "refused",
    ),
    "seconds and nanoseconds, few of them": (
        {"t": [0, *(1_700_000_000.5 + i for i in range(N - 3)), 1.7e18, 1.8e18]},
        "refused",
    ),
    "milliseconds alone": ({"t": [1_700_000_000_000 + i for i in range(N)]}, "read"),
    "missing": ({"t": [*(DAY + timedelta(days=i) for i in range(N - 1)), None]}, "refused"),
}


def test_ten_kinds_of_moments_are_ordered_or_refused(tmp_path):
    answers = {}
    for name, (columns, _) in MOMENTS.items():
        kept = []
        call = lambda c=columns, k=kept: k.append(prepared({"y": [0, 1] * 30} | c, tmp_path, time="t")[1])  # noqa: E731
        answers[name] = answer_to(call)
        if kept:
            folds, order = kept[0].folds, np.argsort(np.argsort(np.array(columns["t"]), kind="stable"))
            for fold in range(folds.count):
                assert order[folds.train(0, fold)].max() < order[folds.test(0, fold)].min(), name
    print(f"\nD17: {len(answers)} kinds: {answers}")
    assert answers == {name: expected for name, (_, expected) in MOMENTS.items()}


def test_moments_of_different_zones_are_ordered_as_one_clock(tmp_path):
    path = tmp_path / "t.csv"
    zones = [timezone(timedelta(hours=h)) for h in (-8, 0, 9)]
    moments = [datetime(2024, 3, 1, tzinfo=UTC) + timedelta(minutes=30 * i) for i in range(N)]
    written = [moment.astimezone(zones[i % 3]).isoformat() for i, moment in enumerate(moments)]
    path.write_text("t,y\n" + "\n".join(f"{cell},{i % 2}" for i, cell in enumerate(written)), encoding="utf-8")
    assert read_table(path)[0]["t"].to_pylist() == moments


def test_a_modality_with_few_rows_is_learned_where_it_is_there():
    table = pa.table({"a": [None] * 59 + ["the only remark"], "b": np.arange(60.0)})
    _, blocks = learn_encodings(table, {"a": fw.Text("a"), "b": fw.Tabular("b")})
    assert blocks["a"]["counts"].present.sum() == 1
