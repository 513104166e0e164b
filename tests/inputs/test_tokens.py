"""Sequences of vectors, a different number in each row: read the same from every frame, and refused with a place."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import fuseworthy as fw
from fuseworthy.errors import InputError
from fuseworthy.inputs.blocks import load_block, save_block
from fuseworthy.inputs.duplicates import cell_codes
from fuseworthy.inputs.encode import encode_rows, encoding_from_dict, learn_encodings, views_of
from fuseworthy.inputs.encoded import encode_modalities
from fuseworthy.inputs.encoders.tokens import learn_tokens
from fuseworthy.inputs.infer import infer_modalities
from fuseworthy.inputs.limits import MOST_TOKENS
from fuseworthy.inputs.tables import read_table

CELLS = [[[1.0, 2.0], [3.0, 4.0]], None, [], [[5.0, 6.0], [-1.0, 0.0], [2.0, 0.0]]]
TIMES = [[0.0, 1.5], None, None, [1.0, 1.0, 2.0]]
FRAMES = fw.Embedding("frames", times="seconds")


def clips() -> pa.Table:
    return pa.table({"frames": CELLS, "seconds": TIMES})


def block_of(table, modality=FRAMES):
    return learn_encodings(table, {"clip": modality})[1]["clip"]["tokens"]


def assert_same(one, two):
    assert (one.modality, one.view, one.meta) == (two.modality, two.view, two.meta)
    for name in ("values", "present", "mask", "times"):
        left, right = getattr(one, name), getattr(two, name)
        assert (left is None) == (right is None)
        if left is not None:
            assert left.dtype == right.dtype
            np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.list_(pa.float64())),
        pa.list_(pa.list_(pa.float32(), 2)),
        pa.large_list(pa.large_list(pa.int64())),
    ],
)
def test_every_nested_list_type_gives_the_same_block(kind):
    block = block_of(pa.table({"frames": pa.array(CELLS, kind), "seconds": TIMES}))
    assert block.values.shape == (4, 3, 2)
    assert block.values.dtype == np.float32
    assert block.present.tolist() == [True, False, False, True]
    assert block.mask.tolist() == [[True, True, False], [False] * 3, [False] * 3, [True] * 3]
    np.testing.assert_array_equal(block.values[0], [[1, 2], [3, 4], [0, 0]])
    np.testing.assert_array_equal(block.times[[0, 3]], [[0, 1.5, 0], [1, 1, 2]])


def test_every_frame_gives_the_same_block(to_frame):
    assert_same(block_of(read_table(to_frame(clips()))[0]), block_of(clips()))


@pytest.mark.parametrize(
    "frame",
    [
        lambda: pd.DataFrame({"frames": [None if c is None else np.array(c).reshape(-1, 2) for c in CELLS]}),
        lambda: pd.DataFrame({"frames": CELLS}),
        lambda: pl.DataFrame({"frames": CELLS}),
        lambda: pl.DataFrame({"frames": CELLS}, schema={"frames": pl.List(pl.Array(pl.Float64, 2))}),
    ],
    ids=["pandas arrays", "pandas lists", "polars lists", "polars arrays"],
)
def test_cells_may_be_arrays_or_lists(frame):
    plain = fw.Embedding("frames")
    assert_same(block_of(read_table(frame())[0], plain), block_of(clips(), plain))


def test_a_column_of_sequences_is_found_and_its_reason_says_so():
    table = pa.table({"frames": CELLS, "words": [[[1]], [[2], [3]], None, [[4]]], "names": [[["a"]]] * 4})
    inference = infer_modalities(table, set())
    assert inference.modalities == {"frames": fw.Embedding("frames"), "words": fw.Embedding("words")}
    assert inference.reasons["words"] == "sequences of 1 to 2 vectors"
    assert "names" in inference.left_out


def test_a_modality_keeps_its_times_beside_its_column():
    assert FRAMES.columns == ("frames", "seconds")
    assert FRAMES.to_dict() == {"kind": "embedding", "columns": ["frames", "seconds"], "times": "seconds"}
    assert fw.Embedding("frames").to_dict() == {"kind": "embedding", "columns": ["frames"]}
    with pytest.raises(InputError, match="one column of sequences, but 2 columns came"):
        fw.Embedding("a", "b", times="t")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([[[1.0, 2.0]], [[1.0, 2.0], None]], r"missing, but vector 2 of row 2 in 'frames'"),
        ([[[1.0, 2.0]], None, [[1.0, 2.0], [3.0]]], r"vector 2 of row 3 in 'frames' has 1 numbers where those before"),
        ([[[]], [[]]], r"vector 1 of row 1 in 'frames' has 0 numbers"),
        ([[[1.0, 2.0]], [[1.0, float("nan")]]], r"finite.*vector 1 of row 2"),
        ([[[1.0, 2.0]], [[1.0, None]]], r"finite.*vector 1 of row 2"),
        ([[[1.0, 2.0], [1e300, 0.0]]], r"32 bits, but vector 2 of row 1"),
        ([[[1.0]] * 3, [[1.0]] * (MOST_TOKENS + 1)], r"at most 512 vectors.*513 in row 2. Average every 2 neighbours"),
        ([[["a"]], [["b"]]], r"vectors of numbers, but 'frames' has type"),
    ],
)
def test_a_sequence_that_is_not_whole_is_refused_with_its_place(cells, message):
    with pytest.raises(InputError, match=message):
        learn_tokens("clip", pa.table({"frames": cells}))


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([[0.0, 1.0, 2.0], None, [], [0.0, 1.0, 2.0]], r"'seconds' has 3 in row 1 and 'frames' has 2"),
        ([[0.0, 1.0], None, [], None], r"'seconds' has 0 in row 4"),
        ([[0.0, 1.0], None, [], [0.0, 2.0, 1.0]], r"time 3 of row 4 in 'seconds' is 1 after 2"),
        ([[0.0, float("inf")], None, [], [0.0, 1.0, 2.0]], r"finite numbers, but time 2 of row 1"),
        ([[0.0, 1.0], None, [], [0.0, None, 2.0]], r"finite numbers, but time 2 of row 4"),
        ([[0.0, 1.0], None, [], [1.7e9, 1.7e9, 1.7e9 + 60]], r"begins at 1700000000 in row 4 and lasts 60. Subtract"),
        ([["a", "b"], None, [], ["a", "b", "c"]], r"lists of numbers, but 'seconds' has type"),
    ],
)
def test_times_that_do_not_fit_are_refused_with_their_place(times, message):
    with pytest.raises(InputError, match=message):
        learn_tokens("clip", pa.table({"frames": CELLS, "seconds": times}))


def test_times_of_a_row_without_vectors_do_not_matter():
    block = block_of(pa.table({"frames": CELLS, "seconds": [[0, 1.5], [3.0], [9.0, 8.0], [1, 1, 2.0]]}))
    assert_same(block, block_of(clips()))


@pytest.mark.parametrize(
    ("modality", "message"),
    [
        (fw.Embedding("frames", "seconds"), "only column of its embedding, but 'frames' came with 1 others"),
        (fw.Embedding("seconds", times="frames"), "with a column of lists of vectors, but 'seconds' has type"),
    ],
)
def test_columns_that_are_no_sequence_with_its_times_are_refused(modality, message):
    with pytest.raises(InputError, match=message):
        views_of(modality, clips().select(list(modality.columns)))


def test_lists_of_different_lengths_point_to_times():
    with pytest.raises(InputError, match=r"has 3 in row 4.*pass it as times="):
        learn_encodings(clips(), {"s": fw.Embedding("seconds")})


def test_new_rows_may_be_longer_but_not_wider():
    encodings, _ = learn_encodings(clips(), {"clip": FRAMES})
    assert encoding_from_dict(encodings["clip"]["tokens"].to_dict()) == encodings["clip"]["tokens"]
    new = pa.table({"frames": [None, [[1, 2]] * 9], "seconds": [None, list(range(9))]})
    block = encode_rows(new, encodings)["clip"]["tokens"]
    assert block.values.shape == (2, 9, 2)
    assert block.present.tolist() == [False, True]
    with pytest.raises(InputError, match=r"must have 2 dimensions.*but have 3 \(first: row 2\)"):
        encode_rows(pa.table({"frames": [None, [[1, 2, 3]]], "seconds": [None, [0]]}), encodings)
    with pytest.raises(InputError, match="lists of vectors of numbers, but 'frames' has type"):
        encode_rows(pa.table({"frames": [[1.0, 2.0]], "seconds": [[0, 1]]}), encodings)
    with pytest.raises(InputError, match="it lacks 'seconds'"):
        encode_rows(new.select(["frames"]), encodings)


@pytest.mark.parametrize("empty", [pa.nulls(2), pa.array([[], None])], ids=["nulls", "empty lists"])
def test_rows_without_any_sequence_are_absent(empty):
    encodings, _ = learn_encodings(clips(), {"clip": FRAMES})
    block = encode_rows(pa.table({"frames": empty, "seconds": empty}), encodings)["clip"]["tokens"]
    assert block.values.shape == (2, 1, 2)
    assert not block.present.any()
    assert not block.mask.any()
    np.testing.assert_array_equal(block.pooled, 0)


def test_a_slice_of_a_table_is_encoded_like_the_whole():
    assert_same(block_of(clips().slice(3)), block_of(pa.table({"frames": CELLS[3:], "seconds": TIMES[3:]})))


def test_pooling_takes_mean_and_maximum_of_real_vectors_only():
    block = block_of(clips())
    expected = [[2, 3, 3, 4], [0] * 4, [0] * 4, [2, 2, 5, 6]]
    np.testing.assert_array_equal(block.pooled, expected)
    rubbish = np.where(block.mask[:, :, None], block.values, np.nan)
    wider = np.concatenate([rubbish, np.full((4, 2, 2), 1e9, np.float32)], axis=1)
    mask = np.concatenate([block.mask, np.zeros((4, 2), bool)], axis=1)
    other = type(block)(block.modality, block.view, wider, block.present, {}, mask)
    np.testing.assert_array_equal(other.pooled, expected)


def test_moving_rows_moves_masks_and_times():
    block = block_of(clips())
    moved = block.shuffled(np.array([3, 0, 1, 2]))
    for name in ("values", "present", "mask", "times"):
        np.testing.assert_array_equal(getattr(moved, name)[1], getattr(block, name)[0])


def test_a_block_survives_the_disk_and_the_cache(tmp_path):
    for modality in (FRAMES, fw.Embedding("frames")):
        made, _ = encode_modalities(clips(), {"clip": modality}, tmp_path / "cache")
        again, folders = encode_modalities(clips(), {"clip": modality}, tmp_path / "cache")
        assert_same(made["clip"]["tokens"], again["clip"]["tokens"])
        assert_same(again["clip"]["tokens"], block_of(clips(), modality))
        assert isinstance(again["clip"]["tokens"].values, np.memmap)
    assert len(list((tmp_path / "cache" / "blocks").iterdir())) == 2
    folder = tmp_path / "cache" / "blocks" / folders["clip"]["tokens"].split("/")[-1]
    with (folder / "mask.npy").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x07")
    with pytest.raises(ValueError, match=r"mask.npy is damaged"):
        load_block(folder, "clip")


def test_blocks_that_are_no_sequences_keep_their_files(tmp_path):
    _, blocks = learn_encodings(pa.table({"v": [[1.0, 2.0]]}), {"v": fw.Embedding("v")})
    save_block(blocks["v"]["vectors"], tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["block.json", "present.npy", "values.npy"]
    assert blocks["v"]["vectors"].pooled is blocks["v"]["vectors"].values


def test_equal_sequences_are_copies_and_missing_ones_are_not():
    column = pa.array([[[1, 2], [3, 4]], None, [], [[1, 2]], [[1, 2], [3, 4]], [[1, 2]]])
    assert cell_codes(column).tolist() == [0, -1, -1, 1, 0, 1]
