"""A model knows its training rows again, whatever their order, types and company, and no others."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from signed_folders import signed
from small_models import model_of, rows_of

import fuseworthy as fw
from fuseworthy.deploy.learned import LEARNED, LearnedRows, row_digests
from fuseworthy.errors import InputError
from mixed_tables import mixed_table


def of_rows(table):
    return pa.table(
        {
            "number": table["size"],
            "text": table["body"],
            "vector": table["photo"],
            "when": table["day"],
            "frames": table["frames"],
        }
    )


def test_rows_are_known_again_in_any_order_and_no_other_row_is():
    table = of_rows(rows_of(missing=False)[0])
    learned = LearnedRows.of(table.slice(0, 100), table.column_names)
    order = np.random.default_rng(0).permutation(table.num_rows)
    found = learned.among(table.take(order), table.column_names[::-1])
    np.testing.assert_array_equal(found, order < 100)


def test_how_wide_a_type_is_does_not_matter_but_what_is_in_a_cell_does():
    table = pa.table(
        {"a": [1, None, 3], "b": [[0.5, -0.0], [], None], "d": [date(2024, 1, 1)] * 3, "t": ["", "x", "y"]}
    )
    same = pa.table(
        {
            "a": pa.array([1, None, 3], pa.float32()),
            "b": pa.array([[0.5, 0.0], [], None], pa.large_list(pa.float32())),
            "d": table["d"],
            "t": [None, "x", "y"],
        }
    )
    np.testing.assert_array_equal(row_digests(table, table.column_names), row_digests(same, same.column_names))
    for name, cells in {
        "a": [2, None, 3],
        "b": [[0.5], [], None],
        "d": [date(2024, 1, 2)] * 3,
        "t": ["", "x", "z"],
    }.items():
        other = table.set_column(table.column_names.index(name), name, pa.array(cells, table[name].type))
        assert (row_digests(other, table.column_names) != row_digests(table, table.column_names)).any(), name


def test_cells_do_not_run_into_each_other():
    one, two = pa.table({"a": ["ab"], "b": ["c"]}), pa.table({"a": ["a"], "b": ["bc"]})
    assert row_digests(one, "ab")[0] != row_digests(two, "ab")[0]


def test_a_study_deploys_a_model_that_knows_its_rows_and_its_folder_keeps_them(tmp_path):
    table = mixed_table(160)
    pq.write_table(table, tmp_path / "t.parquet")
    modalities = {"note": fw.Text("note"), "table": fw.Tabular("size", "shop")}
    study = fw.compare(
        tmp_path / "t.parquet", "label", modalities=modalities, id="key", strategies=["mean"], folds=2, repeats=1
    )
    read = fw.load(study.deploy().save(tmp_path / "m"))
    assert read.learned_rows.among(table, read.columns).all()
    assert not read.learned_rows.among(mixed_table(160, seed=1), read.columns).any()
    assert "digest of 64 bits" in (tmp_path / "m" / "README.md").read_text()


def test_a_folder_without_digests_loads_and_says_that_it_has_none(tmp_path):
    assert fw.load(model_of("mean").save(tmp_path / "m")).learned_rows is None
    assert "digest of 64 bits" not in (tmp_path / "m" / "README.md").read_text()


@pytest.mark.parametrize(
    "content", [b"1234567", b"\2" + bytes(7) + b"\1" + bytes(7), b"\1" + bytes(7) + b"\1" + bytes(7)]
)
def test_digests_that_are_torn_or_out_of_order_are_refused(content, tmp_path):
    known = LearnedRows(np.array([1, 2], dtype=np.uint64))
    saved = replace(model_of("mean"), learned_rows=known).save(tmp_path / "m")
    folder = Path(shutil.copytree(saved, tmp_path / "copy"))
    (folder / LEARNED).write_bytes(content)
    with pytest.raises(InputError, match=r"must be a file of 16 bytes|sha256"):
        fw.load(folder)
    signed(folder, lambda manifest: None)
    with pytest.raises(InputError, match="ascending order"):
        fw.load(folder)
