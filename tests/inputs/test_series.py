"""Series from lists and files; nothing in them is filled in."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import fuseworthy as fw
from fuseworthy.errors import InputError
from fuseworthy.inputs.encode import encode_rows, encoding_from_dict, learn_encodings
from fuseworthy.inputs.encoders.recordings import encode_recording
from fuseworthy.inputs.encoders.windows import series_statistics
from made_files import reasons, sound_bytes


def wave(n=200, channels=2, hertz=5.0, seed=0):
    moments = np.arange(n) / 50
    shifts = np.random.default_rng(seed).uniform(0, 3, channels)
    return np.stack([np.sin(2 * np.pi * hertz * moments + shift) for shift in shifts], axis=1)


def series(table, *columns, **options):
    recording = fw.Series(*(columns or table.column_names), **options)
    return encode_recording("s", recording, recording.encoders, table)


def test_columns_of_lists_are_channels():
    rows = [wave(200), wave(170, seed=1)]
    table = pa.table(
        {"x": [row[:, 0].tolist() for row in rows] + [None], "y": [row[:, 1].tolist() for row in rows] + [[]]}
    )
    blocks = series(table, rate=50)
    assert (blocks["statistics"].form, blocks["statistics"].values.shape) == ("vectors", (3, 52))
    assert (blocks["windows"].form, blocks["windows"].values.shape) == ("tokens", (3, 4, 16))
    assert blocks["windows"].mask.sum(axis=1).tolist() == [4, 3, 0]
    np.testing.assert_allclose(blocks["windows"].times[0], [0.5, 1.5, 2.5, 3.5])
    assert blocks["statistics"].present.tolist() == [True, True, False]
    whole = pa.table({"xy": [row.tolist() for row in rows] + [None]})
    np.testing.assert_allclose(series(whole, rate=50)["statistics"].values, blocks["statistics"].values, rtol=1e-5)


def test_times_are_counted_in_samples_without_a_rate():
    blocks = series(pa.table({"x": [wave(200)[:, 0].tolist()]}), window=50)
    np.testing.assert_allclose(blocks["windows"].times[0], [25, 75, 125, 175])


def test_the_strongest_frequency_is_found():
    statistics = series_statistics(wave(500, 1, hertz=7.0), 50.0)
    assert abs(statistics[15] - 7.0) < 0.11
    assert statistics[16] > 0.3


def csv_bytes(array, header=True, sign=","):
    lines = [sign.join("xyz"[: array.shape[1]])] if header else []
    return "\n".join([*lines, *(sign.join(f"{v:.9g}" for v in row) for row in array)]).encode()


def npy_bytes(array):
    held = io.BytesIO()
    np.save(held, array)
    return held.getvalue()


def parquet_bytes(array):
    held = io.BytesIO()
    pq.write_table(pa.table({f"c{i}": array[:, i] for i in range(array.shape[1])}), held)
    return held.getvalue()


FILES = {
    "csv": csv_bytes,
    "csv-plain": lambda array: csv_bytes(array, header=False),
    "csv-semicolon": lambda array: csv_bytes(array, sign=";"),
    "npy": npy_bytes,
    "npy-float32": lambda array: npy_bytes(array.astype(np.float32)),
    "parquet": parquet_bytes,
    "wav": lambda array: sound_bytes(array, 1_000, subtype="DOUBLE"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_a_row_gives_what_lists_give(kind, tmp_path):
    array = 0.9 * wave()
    (tmp_path / "row").write_bytes(FILES[kind](array))
    from_file = series(pa.table({"f": ["row"]}), root=tmp_path)["statistics"].values
    from_list = series(pa.table({"f": [array.tolist()]}))["statistics"].values
    np.testing.assert_allclose(from_file, from_list, rtol=1e-3, atol=1e-4)


def npy_that_says(shape):
    held = io.BytesIO()
    np.lib.format.write_array_header_1_0(held, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return held.getvalue() + bytes(80)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (npy_that_says((10**12,)), "header says 1,000,000,000,000 numbers, but 10 came"),
        (npy_bytes(np.array([{"a": 1}], dtype=object)), "array of object"),
        (npy_bytes(np.zeros((2, 2, 2))), "3 dimensions"),
        (npy_bytes(np.array([[1.0, 2.0], [np.nan, 4.0]])), "sample 2 of channel 1 is missing or NaN"),
        (npy_bytes(np.zeros((3, 100))), "are they its samples"),
        (npy_bytes(np.zeros(0)), "no samples"),
        (b"x,y\n1,2\n3,\n", "sample 2 of channel 2 is missing or NaN"),
        (b"x,y\n1,2\n3\n", "damaged CSV"),
        (b"x,y\n1,two\n", "column 'y' holds string"),
        (parquet_bytes(wave())[:-40], "damaged PARQUET"),
        (b"\x00\x01\x02\x03\xff", "unknown bytes"),
    ],
    ids=["lying", "objects", "3-d", "nan", "wide", "empty", "gap", "ragged", "words", "cut", "noise"],
)
def test_a_file_that_is_no_series_is_unreadable(content, why):
    blocks = series(pa.table({"f": [content, npy_bytes(wave())]}))
    assert blocks["statistics"].present.tolist() == [False, True]
    assert why in reasons(blocks["statistics"])[0][1]


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"x": [[1.0, None, 3.0] * 3, [1.0, 2.0] * 4]}, "sample 2 of channel 1 is missing or NaN (of 3 such)"),
        ({"x": [[1.0, float("inf")] * 3, [1.0, 2.0] * 4]}, "sample 2 of channel 1 is inf"),
        ({"x": [[1.0] * 5, [1.0] * 8], "y": [[1.0] * 4, [2.0] * 8]}, "5 of 'x', 4 of 'y'"),
        ({"x": [[1.0] * 5, [1.0] * 8], "y": [None, [2.0] * 8]}, "5 of 'x', 0 of 'y'"),
        ({"x": [[[1.0, 2.0], [3.0]], [[1.0, 2.0]] * 8]}, "1 to 2 channels"),
    ],
    ids=["nan", "inf", "lengths", "one-missing", "ragged"],
)
def test_a_list_that_is_not_whole_is_unreadable_and_never_filled(cells, why):
    blocks = series(pa.table(cells))
    assert blocks["statistics"].present.tolist() == [False, True]
    assert why in reasons(blocks["statistics"])[0][1]


def test_rows_with_another_number_of_channels_are_refused_by_row():
    table = pa.table({"x": [wave(50, 3).tolist(), None, wave(50, 2).tolist()]})
    with pytest.raises(InputError, match=r"same number of channels in every row, but row 3 gives"):
        series(table)
    encodings, _ = learn_encodings(table.slice(0, 2), {"s": fw.Series("x")})
    with pytest.raises(InputError, match=r"row 1 gives .* where its encoding was learned gave"):
        encode_rows(table.slice(2), encodings)


def test_new_rows_are_encoded_as_those_learned_from_even_if_all_are_missing():
    table = pa.table({"x": [wave(90, 2, seed=seed).tolist() for seed in range(4)]})
    encodings, blocks = learn_encodings(table, {"s": fw.Series("x", rate=50)})
    again = {view: encoding_from_dict(e.to_dict()) for view, e in encodings["s"].items()}
    assert again == encodings["s"]
    part = encode_rows(table.slice(2), {"s": again})["s"]
    none = encode_rows(pa.table({"x": pa.nulls(3)}), encodings)["s"]
    for view, block in blocks["s"].items():
        np.testing.assert_array_equal(part[view].values, block.values[2:])
        assert none[view].form == block.form
        assert none[view].values.shape[-1] == block.values.shape[-1]
        assert not none[view].present.any()


def test_a_long_series_keeps_to_a_bounded_number_of_windows():
    blocks = series(pa.table({"x": [np.sin(np.arange(40_000)).tolist()]}), window=10)
    assert blocks["windows"].values.shape[1] <= 128


@pytest.mark.parametrize(
    "options", [{"rate": 0}, {"window": 2}, {"window": 0.01, "rate": 50}], ids=["rate", "window", "seconds"]
)
def test_a_window_or_rate_that_cannot_be_is_refused(options):
    with pytest.raises(InputError):
        fw.Series("x", **options)
