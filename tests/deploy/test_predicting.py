"""A model's answers to a table of any size, in its order, batch by batch."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import fuseworthy as fw
from fuseworthy.deploy.predicting import predict_table
from fuseworthy.inputs import batches
from mixed_tables import mixed_table


@pytest.fixture(scope="module")
def model():
    study = fw.compare(
        mixed_table(), "label", id="key", folds=2, repeats=1, strategies=["mean"], modalities=KINDS, attribution=False
    )
    return study.deploy("mean")


KINDS = {"note": fw.Text("note"), "vitals": fw.Tabular("size", "shop")}


def test_batches_give_the_answers_of_the_whole_table(model, tmp_path, monkeypatch):
    table = mixed_table()
    pq.write_table(table, tmp_path / "rows.parquet")
    monkeypatch.setattr(batches.read_batches, "__defaults__", (37, (), None))
    seen = []
    found = predict_table(
        model, tmp_path / "rows.parquet", tmp_path / "out.parquet", id="key", on_rows=lambda *n: seen.append(n)
    )
    written = pq.read_table(tmp_path / "out.parquet")
    whole = model.answer(table).to_table()
    assert written["key"].to_pylist() == table["key"].to_pylist()
    assert written.drop_columns(["key"]).equals(whole)
    assert found.rows == table.num_rows == sum(found.routes.values()) == sum(found.patterns.values())
    assert [done for done, _ in seen] == [*range(37, table.num_rows, 37), table.num_rows]


def test_a_table_of_several_batches_is_never_whole_in_memory(tmp_path):
    rows, width = 200_000, 16
    values = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(rows * width, dtype=np.float32)), width)
    pq.write_table(pa.table({"v": values}), tmp_path / "big.parquet", row_group_size=20_000)
    largest, before = 0, pa.total_allocated_bytes()
    found, total = batches.read_batches(tmp_path / "big.parquet", 20_000)
    for batch in found:
        largest = max(largest, pa.total_allocated_bytes() - before)
        del batch
    assert total == rows
    assert largest < rows * width * 4 / 2


def test_other_formats_are_told_by_all_their_cells_and_given_in_batches(tmp_path):
    (tmp_path / "rows.csv").write_text("a\n1\n2\nx\n")
    found, total = batches.read_batches(tmp_path / "rows.csv", 2)
    assert [batch["a"].to_pylist() for batch in found] == [["1", "2"], ["x"]]
    assert total == 3


def test_cells_that_a_spreadsheet_would_run_are_defused(model, tmp_path):
    table = mixed_table().slice(0, 3)
    table = table.set_column(table.column_names.index("key"), "key", pa.array(["=1+1", "@x", "plain"]))
    predict_table(model, table, tmp_path / "out.csv", id="key")
    assert pyarrow.csv.read_csv(tmp_path / "out.csv")["key"].to_pylist() == ["'=1+1", "'@x", "plain"]


def test_what_cannot_be_written_or_named_is_refused_before_anything_is_left(model, tmp_path):
    with pytest.raises(fw.FuseworthyError, match=r"ends in \.parquet or \.csv"):
        predict_table(model, mixed_table(), tmp_path / "out.xlsx")
    with pytest.raises(fw.FuseworthyError, match="the id must be a column"):
        predict_table(model, mixed_table(), tmp_path / "out.parquet", id="keys")
    named = mixed_table().rename_columns(["route", *mixed_table().column_names[1:]])
    with pytest.raises(fw.FuseworthyError, match="'route' is"):
        predict_table(model, named, tmp_path / "out.parquet", id="route")
    (tmp_path / "damaged.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(fw.FuseworthyError, match="damaged"):
        predict_table(model, tmp_path / "damaged.parquet", tmp_path / "out.parquet")
    assert [p.name for p in tmp_path.iterdir()] == ["damaged.parquet"]
