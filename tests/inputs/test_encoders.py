"""Blocks say what is there and what is missing, and never make anything up."""

import numpy as np
import pyarrow as pa
import pytest

from fuseworthy.errors import InputError
from fuseworthy.inputs.blocks import load_block, save_block
from fuseworthy.inputs.cache import cached_block, table_digest
from fuseworthy.inputs.encoders.cells import encode_cells
from fuseworthy.inputs.encoders.vectors import encode_vectors
from fuseworthy.inputs.encoders.words import encode_counts


def test_missing_cells_stay_missing_and_empty_rows_are_absent():
    block = encode_cells("t", pa.table({"a": [1.0, None, None], "b": ["x", "y", None], "c": [float("nan"), 2.0, None]}))
    assert block.present.tolist() == [True, True, False]
    np.testing.assert_array_equal(
        np.isnan(block.values), [[False, False, True], [True, False, False], [True, True, True]]
    )


def test_dates_become_parts():
    days = pa.array(["2024-01-31T05:00:00", "2024-02-29T06:00:00", None]).cast(pa.timestamp("us"))
    block = encode_cells("t", pa.table({"d": days}))
    assert block.meta["features"] == ["d:days", "d:month", "d:weekday", "d:hour"]
    np.testing.assert_allclose(block.values[:2], [[0, 1, 2, 5], [29 + 1 / 24, 2, 3, 6]])
    assert block.present.tolist() == [True, True, False]


def test_an_infinite_number_is_named_by_row_and_column():
    with pytest.raises(InputError, match=r"column 'a' has inf in row 2"):
        encode_cells("t", pa.table({"a": [1.0, float("inf")]}))


def test_texts_that_say_nothing_are_absent():
    block = encode_counts(
        "t", pa.table({"a": ["red cat", "  ", None, "red cat sat", "red"], "b": [None, "\n", None, "b b", ""]})
    )
    assert block.present.tolist() == [True, False, False, True, True]
    assert block.values[[1, 2]].nnz == 0


def test_a_title_is_counted_on_its_own_as_well():
    one = encode_counts("t", pa.table({"body": ["red cat sat here today"] * 3}))
    two = encode_counts("t", pa.table({"body": ["red cat sat here today"] * 3, "title": ["cat"] * 3}))
    assert len(one.meta["segments"]) == 2
    assert len(two.meta["segments"]) == 3
    start, stop, _ = two.meta["segments"][1]
    assert stop - start == 1


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.list_(pa.float32()), pa.list_(pa.float64(), 2)])
def test_vectors_of_every_list_type_give_the_same_block(kind):
    block = encode_vectors("v", pa.table({"v": pa.array([[1, 2], None, [3, 4]], kind)}))
    assert block.present.tolist() == [True, False, True]
    np.testing.assert_array_equal(block.values[block.present], [[1, 2], [3, 4]])


def test_written_vectors_are_read():
    block = encode_vectors("v", pa.table({"v": ["[1, 2.5]", None, "[3e0,-4]"]}))
    np.testing.assert_array_equal(block.values[block.present], [[1, 2.5], [3, -4]])


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([[1.0, 2.0], [3.0]], r"has 1 in row 2 where rows before have 2"),
        ([[1.0, 2.0], [3.0, float("nan")]], r"NaN or infinite entries in 1 rows \(first: row 2\)"),
        ([[1.0, 2.0], [3.0, float("inf")]], r"first: row 2"),
        ([[1.0, 2.0], [3.0, None]], r"first: row 2"),
        (["[1, 2]", "see note"], r"'see note' in row 2"),
    ],
)
def test_vectors_that_are_not_whole_are_named_by_row(cells, message):
    with pytest.raises(InputError, match=message):
        encode_vectors("v", pa.table({"v": cells}))


def test_a_block_survives_the_disk(tmp_path):
    for block in (
        encode_counts("t", pa.table({"a": ["red cat", "red dog", None] * 3})),
        encode_cells("c", pa.table({"a": [1.0, None, 3.0]})),
    ):
        save_block(block, tmp_path / block.modality)
        again = load_block(tmp_path / block.modality, block.modality)
        dense = [b.values.toarray() if hasattr(b.values, "toarray") else b.values for b in (block, again)]
        np.testing.assert_array_equal(*dense)
        np.testing.assert_array_equal(block.present, again.present)
        assert block.meta == again.meta


def test_a_damaged_cache_entry_is_set_aside_and_made_again(tmp_path):
    made = []

    def make():
        made.append(1)
        return encode_cells("c", pa.table({"a": [1.0, None, 3.0]}))

    first, folder = cached_block({"k": "1"}, "c", make, tmp_path)
    cached_block({"k": "1"}, "c", make, tmp_path)
    assert len(made) == 1
    rng = np.random.default_rng(0)
    for file in sorted(folder.iterdir()):
        for _ in range(5):
            content = bytearray(file.read_bytes())
            content[rng.integers(len(content))] ^= 1 << rng.integers(8)
            file.write_bytes(bytes(content))
            again, _ = cached_block({"k": "1"}, "c", make, tmp_path)
            np.testing.assert_array_equal(again.values, first.values)
    assert len(made) == 1 + 5 * len(list(folder.iterdir()))


def test_the_digest_tells_cells_names_and_order_apart():
    base = pa.table({"a": [1, 2], "b": ["x", None]})
    digests = {
        table_digest(t)
        for t in (
            base,
            base.select(["b", "a"]),
            base.rename_columns(["a", "c"]),
            pa.table({"a": [2, 1], "b": ["x", None]}),
            pa.table({"a": [1, 2], "b": ["x", ""]}),
        )
    }
    assert len(digests) == 5
    assert table_digest(base) == table_digest(pa.table({"a": [1, 2], "b": ["x", None]}))
