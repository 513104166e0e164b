"""Plausible files that once went wrong."""

import datetime

import numpy as np
import pyarrow as pa
import pytest

from fuseworthy.errors import InputError
from fuseworthy.inputs.encoders.cells import encode_cells
from fuseworthy.inputs.encoders.vectors import encode_vectors
from fuseworthy.inputs.infer import infer_modalities
from fuseworthy.inputs.modality import Embedding, Text
from fuseworthy.inputs.tables import read_table
from fuseworthy.inputs.target import read_target


def test_a_text_and_its_numbered_vectors_are_two_modalities():
    rng = np.random.default_rng(0)
    texts = [f"a remark on case number {i}" for i in range(60)]
    table = pa.table({"review": texts} | {f"review_{i}": rng.normal(size=60) for i in range(8)})
    found = infer_modalities(table, set()).modalities
    assert isinstance(found["review"], Text)
    assert isinstance(found["review-2"], Embedding)


def test_a_column_name_with_a_slash_gives_a_modality_name_without():
    table = pa.table({"title/body": [f"a remark on case number {i}" for i in range(60)]})
    assert infer_modalities(table, set()).modalities["title-body"].columns == ("title/body",)


def test_nan_is_a_missing_cell_in_every_column():
    table, _ = read_table(pa.table({"y": [1.0, float("nan"), 0.0], "x": [1, 2, 3]}))
    assert table["y"].null_count == 1
    with pytest.raises(InputError, match="1 rows have none"):
        read_target(table["y"].combine_chunks(), "y")


def test_signed_whole_numbers_and_line_separators_in_texts_are_read(tmp_path):
    (tmp_path / "t.csv").write_text("x,y\n+5,1\n-3,2\n")
    assert read_table(tmp_path / "t.csv")[0]["x"].to_pylist() == [5, -3]
    (tmp_path / "t.jsonl").write_text('{"t": "one\u2028two"}\n{"t": "three\x0bfour"}\n'.replace("\x0b", "\\u000b"))
    assert read_table(tmp_path / "t.jsonl")[0].num_rows == 2


def test_integers_too_large_for_any_type_are_refused_by_name(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"n": 99999999999999999999999}\n{"n": 1}\n')
    with pytest.raises(InputError, match="column 'n'"):
        read_table(tmp_path / "t.jsonl")


def test_vectors_written_the_numpy_way_are_read():
    block = encode_vectors("v", pa.table({"v": ["[0., 1.]", "[.5, -2.]"]}))
    np.testing.assert_array_equal(block.values, [[0, 1], [0.5, -2]])


def test_far_dates_large_integers_and_nanoseconds_are_cells():
    days = pa.array([datetime.datetime(9999, 12, 31), datetime.datetime(2024, 1, 1)], pa.timestamp("us"))
    fine = pa.array([1_700_000_000_000_000_001, 1_700_000_000_000_000_002], pa.timestamp("ns"))
    block = encode_cells("t", pa.table({"d": days, "n": [2**60, 2**60 + 4096], "f": fine}))
    assert np.isfinite(block.values).all()


def test_a_zero_has_no_sign_in_a_target():
    task, codes, _ = read_target(pa.array([1.0, 0.0, -0.0] * 10), "y")
    assert (task.kind, task.classes) == ("binary", ("0", "1"))
    assert codes.tolist() == [1, 0, 0] * 10
    with pytest.raises(InputError, match="at least two values"):
        read_target(pa.array([0.0, -0.0]), "y")
