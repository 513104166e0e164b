"""Canonical tasks as arrays and as tables: shapes, types, and columns beside the modalities."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from fuseworthy.datasets.synthetic import TASKS, lagged, make

WIDTHS = {"noise_modality": (4, 23), "group_fingerprint": (4, 13), "multilabel": (7, 26), "pointer": (11, 12)}
CLASSES = {"two_bits": {0, 1, 2, 3}}
TOKENS = {"pointer": 8}
NUMERIC = {"regression", "lagged"}


@pytest.mark.parametrize("name", TASKS)
def test_shapes_and_types(name):
    task = make(name, 50, random_state=0, pad=3, rotate=True)
    wide1, wide2 = WIDTHS.get(name, (4, 4))
    assert {key: (value.shape, value.dtype) for key, value in task.inputs.items()} == {
        "x1": ((50, wide1), np.float64),
        "x2": ((50, *([TOKENS[name]] if name in TOKENS else []), wide2), np.float64),
    }
    assert task.y.shape == ((50, 4) if name == "multilabel" else (50,))
    if name in NUMERIC:
        assert task.y.dtype == np.float64
    else:
        assert task.y.dtype == np.int64
        assert set(task.y.ravel()) == CLASSES.get(name, {0, 1})


@pytest.mark.parametrize("name", TASKS)
def test_the_table_gives_back_all_that_the_task_holds(name):
    task = make(name, 30, 0, pad=1)
    table = task.to_table()
    assert table["id"].to_pylist() == list(range(30))
    for key, values in task.inputs.items():
        column = table[key].combine_chunks()
        vector = pa.list_(pa.float64(), values.shape[-1])
        assert column.type == (vector if values.ndim == 2 else pa.list_(vector))
        present = task.present.get(key, np.ones(30, dtype=bool))
        np.testing.assert_array_equal(column.is_valid().to_numpy(zero_copy_only=False), present)
        np.testing.assert_array_equal(np.array(column.drop_null().to_pylist()), values[present])
    plain = {"time": task.time, "group": task.group} | task.columns
    plain = {key: values for key, values in plain.items() if values is not None}
    targets = dict(zip(task.truth.labels, task.y.T, strict=True)) if task.truth.labels else {"y": task.y}
    assert table.column_names == ["id", "x1", "x2", *plain, *targets]
    for key, values in (plain | targets).items():
        np.testing.assert_array_equal(table[key].to_numpy(), values)


def test_special_columns_are_there():
    special = {name: make(name, 30, 0).to_table().column_names[3:] for name in TASKS}
    assert {name: names for name, names in special.items() if names != ["y"]} == {
        "miscalibrated": ["logit1", "logit2", "y"],
        "row_quality": ["r", "y"],
        "slice_rescue": ["g", "y"],
        "lagged": ["time", "y"],
        "group_fingerprint": ["group", "y"],
        "drift": ["time", "changed", "y"],
        "multilabel": ["label_T1", "label_T2", "label_T5", "label_T6"],
    }


def test_an_absent_modality_is_a_null_and_a_row_of_nan():
    task = make("informative_missing", 200, 0, pad=2, rotate=True)
    absent = ~task.present["x2"]
    assert np.isnan(task.inputs["x2"][absent]).all()
    assert np.isfinite(task.inputs["x2"][~absent]).all()
    assert task.to_table()["x2"].null_count == absent.sum() > 0
    assert task.to_table()["x1"].null_count == 0


def test_missing_rows_are_those_of_their_class():
    task = make("informative_missing", 100_000, 1)
    absent = ~task.present["x2"]
    assert [absent[task.y == label].mean() for label in (1, 0)] == pytest.approx([0.6, 0.1], abs=0.01)


def test_the_second_modality_repeats_the_first_some_steps_later():
    task = lagged(5000, 0, sigma=(1e-6, 1e-6), lag=7)
    np.testing.assert_allclose(task.inputs["x2"][7:, 0], task.y[:-7], atol=1e-4)
    np.testing.assert_allclose(task.inputs["x1"][:, 0], task.y, atol=1e-4)


def test_scale_covers_the_whole_modality():
    near, far = make("T1", 40, 0, pad=2), make("T15", 40, 0, pad=2)
    np.testing.assert_allclose(far.inputs["x2"], 1e4 * near.inputs["x2"])
    np.testing.assert_array_equal(far.inputs["x1"], near.inputs["x1"])


def test_several_labels_keep_their_names_and_their_modalities():
    task = make("multilabel", 40, 0)
    assert list(task.truth.labels) == ["label_T1", "label_T2", "label_T5", "label_T6"]
    assert task.inputs["x1"].shape == (40, 4)
    assert task.inputs["x2"].shape == (40, 23)
    assert task.to_table()["label_T5"].to_pylist() == task.y[:, 2].tolist()
