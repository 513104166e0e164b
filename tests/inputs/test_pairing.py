"""Tables are joined by key, counted, and never by position."""

import numpy as np
import pyarrow as pa
import pytest

from fuseworthy.errors import InputError, PairingError
from fuseworthy.inputs.duplicates import cell_codes, duplicate_groups, merge_groups
from fuseworthy.inputs.modality import Tabular, Text
from fuseworthy.inputs.pairing import join_by_key

LEFT = pa.table({"id": [3, 1, 2, 9], "y": [0, 1, 0, 1]})
RIGHT = pa.table({"id": [1, 2, 3, 4], "age": [10, 20, 30, 40]})


def test_a_join_goes_by_key_and_counts_what_does_not_match():
    table, pairing = join_by_key(LEFT, RIGHT, "id")
    assert table["age"].to_pylist() == [30, 10, 20, None]
    assert (pairing.matched, pairing.left_only, pairing.right_only) == (3, 1, 1)


def test_the_order_of_the_joined_rows_does_not_matter():
    rng = np.random.default_rng(0)
    expected, _ = join_by_key(LEFT, RIGHT, "id")
    for _ in range(50):
        again, _ = join_by_key(LEFT, RIGHT.take(rng.permutation(4)), "id")
        assert again.equals(expected)


@pytest.mark.parametrize(
    ("right", "key", "message"),
    [
        (RIGHT, None, "never by position"),
        (pa.table({"id": [1, 1, 2], "age": [1, 2, 3]}), "id", r"once in .*, but 1 occur more often \(first: 1\)"),
        (pa.table({"id": ["1", "2"], "age": [1, 2]}), "id", "one type on both sides"),
        (pa.table({"id": [1, None], "age": [1, 2]}), "id", "known in every row"),
        (pa.table({"id": [77], "age": [1]}), "id", "none of 4 values"),
        (pa.table({"id": [1], "y": [1]}), "id", "'y' is in both"),
    ],
)
def test_joins_that_would_have_to_guess_are_refused(right, key, message):
    with pytest.raises(PairingError, match=message):
        join_by_key(LEFT, right, key)


def test_an_unknown_key_is_named_with_the_nearest():
    with pytest.raises(InputError, match="the nearest is 'id'"):
        join_by_key(LEFT, RIGHT, "idd")


def test_copies_are_grouped_and_rows_without_text_are_no_copies():
    table = pa.table({"t": ["a b", "a b", None, None, "c"], "n": [1, 1, 2, 2, 1]})
    groups = duplicate_groups(table, {"t": Text("t"), "n": Tabular("n")})
    assert groups[0] == groups[1]
    assert len(set(groups.tolist())) == 4
    assert duplicate_groups(table, {"n": Tabular("n")}) is None


def test_equal_vectors_have_one_code_and_missing_ones_none():
    for kind in (pa.list_(pa.float64()), pa.list_(pa.float32(), 2)):
        column = pa.array([[1, 2], None, [1, 2], [2, 1], [-0.0, 1], [0.0, 1]], kind)
        assert cell_codes(column).tolist() == [0, -1, 0, 1, 2, 2]


def test_merged_groups_hold_together_what_either_holds():
    merged = merge_groups(np.array([0, 0, 1, 2, 3]), np.array([5, 6, 6, 7, 8]))
    assert merged[0] == merged[1] == merged[2]
    assert len(set(merged.tolist())) == 3
