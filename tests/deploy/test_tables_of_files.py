"""A cell means what it meant in training, however few cells its file has, and in whatever format it comes."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stacked_models import stacked

import fuseworthy as fw
from fuseworthy.deploy.learned import row_digests
from fuseworthy.deploy.predicting import predict_table
from fuseworthy.inputs.encode import text_columns
from fuseworthy.inputs.tables import read_table


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
