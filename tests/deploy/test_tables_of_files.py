"""A cell means what it meant in training, however few cells its file has, and in whatever format it comes."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_models import model_of, rows_of
from stacked_models import stacked

import fuseworthy as fw
from fuseworthy.deploy import predicting
from fuseworthy.deploy.learned import row_digests
from fuseworthy.deploy.predicting import predict_table
from fuseworthy.errors import InputError
from fuseworthy.inputs.encode import text_columns
from fuseworthy.inputs.tables import read_table
from quick_learners import quick_learners


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A model of a table of words that look like flags, numbers and dates, and of texts, learned from a CSV file."""
    pytest.importorskip("onnx")
    home, rng = tmp_path_factory.mktemp("made"), np.random.default_rng(0)
    sick = np.arange(120) % 2
    smoker = [str(rng.choice(["TRUE", "TRUE", "maybe"] if c else ["FALSE", "FALSE", "maybe"])) for c in sick]
    place = [("10115", "x9")[int(c)] if rng.random() < 0.9 else "01067" for c in sick]
    lines = [
        f"{s},{p},{rng.normal():.3f},2024-01-{i % 28 + 1:02d},{'1.50' if c else '2.00'} {i},{'true' if c else 'false'}"
        for i, (s, p, c) in enumerate(zip(smoker, place, sick, strict=True))
    ]
    lines = [f"{line},{'yes' if c else 'no'}" for line, c in zip(lines, sick, strict=True)]
    path = home / "train.csv"
    path.write_text("\n".join(["smoker,place,size,day,note,flag,sick", *lines, ""]))
    modalities = {"cells": fw.Tabular("smoker", "place", "size", "day", "flag"), "note": fw.Text("note")}
    return stacked(path, "sick", modalities, home / "export")[0], path


def written(path, text):
    path.write_text(text)
    return path


def test_words_are_known_by_what_was_learned_and_flags_as_before(made):
    model, _ = made
    assert model.text_columns == text_columns(model.encodings) == {"smoker", "place", "note"}


HEAD = "smoker,place,size,day,note,flag"


@pytest.mark.parametrize(
    "row",
    ["TRUE,10115,0.5,2024-01-05,1.50,true", "FALSE,01067,1,2024-02-01,2024-01-01,false", ",,,,1.50,", "TRUE,,,,,"],
)
def test_a_row_alone_is_answered_as_among_others(made, tmp_path, row):
    model, train = made
    others = [line.rpartition(",")[0] for line in train.read_text().splitlines()[1:20]]
    alone = model.answer(written(tmp_path / "one.csv", f"{HEAD}\n{row}\n"))
    among = model.answer(written(tmp_path / "many.csv", "\n".join([HEAD, row, *others, ""])))
    assert alone.pattern[0] == among.pattern[0]
    np.testing.assert_allclose(alone.prediction[0], among.prediction[0], atol=1e-12)
    predict_table(model, tmp_path / "one.csv", tmp_path / "out.parquet")
    said = pq.read_table(tmp_path / "out.parquet")
    assert said["p:yes"].to_pylist() == [pytest.approx(alone.prediction[0, 1], abs=1e-12)]


@pytest.mark.parametrize("empty", ["", "NA", "nan"])
def test_a_column_without_a_value_is_missing_in_every_row(made, tmp_path, empty):
    model, _ = made
    csv = written(tmp_path / "t.csv", f"{HEAD}\nTRUE,{empty if not empty else '10115'},{empty},{empty},1.50,{empty}\n")
    table = pa.table({"smoker": ["TRUE"], "place": ["10115" if empty else None], "note": ["1.50"]})
    table = table.append_column("size", pa.array([None], pa.string())).append_column(
        "day", pa.array([None], pa.float64())
    )
    table = table.append_column("flag", pa.array([None], pa.int64()))
    np.testing.assert_array_equal(model.predict_proba(csv), model.predict_proba(table))


def test_rows_are_recognised_in_another_format(made, tmp_path):
    model, train = made
    table = read_table(train, model.text_columns)[0]
    day = table["day"].cast(pa.date32())
    pq.write_table(table.set_column(table.column_names.index("day"), "day", day), tmp_path / "t.parquet")
    assert model.learned_rows.among(pq.read_table(tmp_path / "t.parquet"), model.columns).all()
    assert model.learned_rows.among(table, model.columns).all()
    nothing = table.set_column(table.column_names.index("day"), "day", pa.nulls(table.num_rows, pa.date32()))
    assert not np.isin(row_digests(nothing, model.columns), model.learned_rows.digests).any()


@pytest.fixture(scope="module")
def three():
    """A model of a text, a table read by a forest, and vectors."""
    with quick_learners():
        return model_of("stacking", singles={"table": "forest"})


ODD = {
    "body": [pa.array([["a list"]] * 2), pa.array([b"\xff\xfe"] * 2), pa.array([{"a": 1}] * 2)],
    "photo": [pa.array([[], []], pa.list_(pa.float64()))],
    "size": [pa.array([1e39, -1e300])],
}


@pytest.mark.parametrize(("name", "cells"), [(name, own) for name, cells in ODD.items() for own in cells])
def test_odd_cells_are_read_as_what_they_are_or_refused_by_name(three, name, cells):
    table = rows_of(missing=False)[0].slice(0, 2)
    odd = table.set_column(table.column_names.index(name), name, cells)
    if name == "body":
        with pytest.raises(InputError, match=f"must hold text, but '{name}' has type"):
            three.predict_proba(odd)
        return
    found = three.answer(odd)
    assert found.present["photo"].tolist() == [name != "photo"] * 2
    assert np.isfinite(found.prediction).all()


def test_an_empty_vector_among_others_is_missing_and_no_other_is_blamed(three):
    table = rows_of(missing=False)[0].slice(0, 3)
    cells = [[], *table["photo"].to_pylist()[1:]]
    found = three.answer(table.set_column(table.column_names.index("photo"), "photo", pa.array(cells)))
    assert found.present["photo"].tolist() == [False, True, True]


def test_columns_that_are_not_asked_for_need_not_be_readable(three, tmp_path):
    table = rows_of()[0]
    more = table.append_column("other", pa.array([b"0" * 16] * table.num_rows, pa.uuid()))
    np.testing.assert_array_equal(three.predict_proba(more), three.predict_proba(table))
    pq.write_table(more, tmp_path / "t.parquet")
    assert predict_table(three, tmp_path / "t.parquet", tmp_path / "out.csv").rows == table.num_rows


def test_rows_of_later_batches_are_named_from_the_first_of_theirs(three, tmp_path, monkeypatch):
    table = rows_of(missing=False)[0]
    sizes = table["size"].to_pylist()
    sizes[117] = float("inf")
    pq.write_table(table.set_column(table.column_names.index("size"), "size", pa.array(sizes)), tmp_path / "t.parquet")
    read = predicting.read_batches
    monkeypatch.setattr(predicting, "read_batches", lambda source, **asked: read(source, 50, **asked))
    with pytest.raises(InputError, match=r"in the rows from 101 on, counted from there: .*'size' has inf in row 18"):
        predict_table(three, tmp_path / "t.parquet", tmp_path / "out.parquet")


def test_ids_that_a_csv_file_cannot_hold_are_refused_by_name(three, tmp_path):
    table = rows_of()[0]
    for kind in (pa.array([[1]] * table.num_rows), pa.array([b"\xff"] * table.num_rows)):
        with pytest.raises(InputError, match="'key' has type"):
            predict_table(three, table.append_column("key", kind), tmp_path / "out.csv", id="key")


def test_modalities_have_their_names_in_an_export_whatever_they_are(tmp_path):
    rng = np.random.default_rng(0)
    tells = np.arange(100) % 2
    table = pa.table({m: (rng.normal(size=(100, 2)) + tells[:, None]).tolist() for m in "cv"} | {"y": tells})
    _, folder = stacked(table, "y", {m: fw.Embedding(m) for m in "cv"}, tmp_path / "export")
    told = json.loads((folder / "export.json").read_text())
    assert set(told["outputs"]["singles"].values()) == {"c", "v"}
