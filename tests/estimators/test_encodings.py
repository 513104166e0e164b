"""New rows are encoded as the rows were that the encoding was learned from."""

import json
import pickle

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse
from three_kinds import MODALITIES, three_kinds

import fuseworthy as fw
from fuseworthy.errors import InputError
from fuseworthy.inputs.encode import encode_rows, encoding_from_dict, learn_encodings


def same(one, two) -> bool:
    """Whether two blocks say the same, words in the same order: sums over a row differ in their last digits otherwise, and
    a tree's split could part them."""
    assert (one.modality, one.view, one.meta) == (two.modality, two.view, two.meta)
    np.testing.assert_array_equal(one.present, two.present)
    if sparse.issparse(one.values):
        np.testing.assert_array_equal(one.values.indices, two.values.indices)
    left, right = (b.values.toarray() if sparse.issparse(b.values) else b.values for b in (one, two))
    assert left.dtype == right.dtype
    np.testing.assert_array_equal(left, right)
    return True


def test_the_rows_learned_from_are_encoded_again_to_the_same_block():
    table, _ = three_kinds()
    encodings, blocks = learn_encodings(table, MODALITIES)
    again = encode_rows(table, encodings)
    assert all(same(again[m][view], block) for m, views in blocks.items() for view, block in views.items())


@pytest.mark.parametrize("through", ["json", "pickle"])
def test_an_encoding_survives_storage(through):
    table, _ = three_kinds()
    encodings, _ = learn_encodings(table.slice(0, 60), MODALITIES)
    for views in encodings.values():
        for encoding in views.values():
            encoding.encode(table)
            stored = json.loads(json.dumps(encoding.to_dict()))
            other = encoding_from_dict(stored) if through == "json" else pickle.loads(pickle.dumps(encoding))
            assert other == encoding
            assert same(other.encode(table), encoding.encode(table))


def test_a_slice_is_encoded_like_the_whole():
    table, _ = three_kinds()
    encodings, blocks = learn_encodings(table, MODALITIES)
    part = encode_rows(table.slice(7, 5), encodings)
    for modality, views in blocks.items():
        for view, block in views.items():
            whole, own = block.values[7:12], part[modality][view].values
            dense = [x.toarray() if sparse.issparse(x) else x for x in (whole, own)]
            np.testing.assert_array_equal(*dense)


def test_a_category_never_seen_is_no_known_one_and_its_row_still_has_the_modality():
    encodings, _ = learn_encodings(pa.table({"shop": ["north", "south", None]}), {"t": fw.Tabular("shop")})
    block = encode_rows(pa.table({"shop": ["south", "west", None]}), encodings)["t"]["cells"]
    np.testing.assert_array_equal(block.values.ravel(), [1, np.nan, np.nan])
    assert block.present.tolist() == [True, True, False]
    assert block.meta["unseen"] == {"shop": 1}
    assert block.meta["categories"] == [2]


def test_dates_count_from_the_first_day_learned_and_keep_their_parts():
    days = pa.array(["2024-01-31T05:00:00", "2024-02-29T06:00:00"]).cast(pa.timestamp("us"))
    encodings, _ = learn_encodings(pa.table({"d": days}), {"t": fw.Tabular("d")})
    later = pa.array(["2024-03-01", "2024-01-30"]).cast(pa.date32())
    block = encode_rows(pa.table({"d": later}), encodings)["t"]["cells"]
    np.testing.assert_allclose(block.values, [[30 - 5 / 24, 3, 4, 0], [-1 - 5 / 24, 1, 1, 0]])


def test_words_never_seen_are_not_counted():
    encodings, blocks = learn_encodings(pa.table({"a": ["red cat", "red dog"] * 3}), {"t": fw.Text("a")})
    block = encode_rows(pa.table({"a": ["red", "unheard", None]}), encodings)["t"]["counts"]
    assert block.values.shape == (3, blocks["t"]["counts"].values.shape[1])
    assert block.values[[0]].nnz == 1 + 5  # the word; the runs " re", "red", "ed ", " red", "red "
    assert block.present.tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("column", "learned", "new", "message"),
    [
        ("size", [1.0, 2.0], ["a", "b"], r"column 'size' must hold numbers.*has type string"),
        ("shop", ["a", "b"], [1.0, 2.0], r"column 'shop' must hold categories.*has type double"),
        ("day", pa.array([1, 2], pa.date32()), [1.0, 2.0], r"column 'day' must hold dates"),
        (
            "day",
            pa.array([1, 2], pa.timestamp("us")),
            pa.array([1, 2], pa.timestamp("us", "UTC")),
            r"dates without a time zone",
        ),
    ],
)
def test_a_column_of_another_type_is_refused(column, learned, new, message):
    encodings, _ = learn_encodings(pa.table({column: learned}), {"t": fw.Tabular(column)})
    with pytest.raises(InputError, match=message):
        encode_rows(pa.table({column: new}), encodings)


def test_vectors_of_other_dimensions_are_refused():
    encodings, _ = learn_encodings(pa.table({"v": [[1.0, 2.0]] * 3}), {"v": fw.Embedding("v")})
    with pytest.raises(InputError, match=r"must have 2 dimensions.*but have 3 \(first: row 2\)"):
        encode_rows(pa.table({"v": [None, [1.0, 2.0, 3.0]]}), encodings)


def test_a_column_without_any_cell_is_missing_whatever_its_type():
    table, _ = three_kinds()
    encodings, _ = learn_encodings(table, MODALITIES)
    for views in encode_rows(pa.table({name: pa.nulls(2) for name in table.column_names}), encodings).values():
        assert not any(block.present.any() for block in views.values())


def test_a_table_with_half_a_modality_is_refused_and_one_without_it_is_not():
    table, _ = three_kinds()
    encodings, _ = learn_encodings(table, MODALITIES)
    with pytest.raises(InputError, match=r"of 'table' it lacks 'shop', 'day'"):
        encode_rows(table.drop_columns(["shop", "day"]), encodings)
    without = encode_rows(table.drop_columns(["size", "shop", "day"]), encodings)
    assert not without["table"]["cells"].present.any()
    assert without["note"]["counts"].present.any()
    with pytest.raises(InputError, match="none of body, day"):
        encode_rows(pa.table({"other": [1]}), encodings)
