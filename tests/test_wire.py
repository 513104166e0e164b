"""What goes from process to process arrives as it was, and what breaks off is no message."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as shapes

import fuseworthy
from fuseworthy import wire

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
ARRAYS = shapes.arrays(
    st.sampled_from([np.uint8, np.float32, np.float64, np.int64, np.bool_]), shapes.array_shapes(min_side=0, max_dims=4)
)
KEYS = st.text(min_size=1).filter(lambda key: not key.startswith("\0"))
MESSAGES = st.recursive(PLAIN | ARRAYS, lambda own: st.lists(own) | st.dictionaries(KEYS, own), max_leaves=12)


def carried(message):
    return wire.read(io.BytesIO(wire.packed(message)).read)


@given(MESSAGES)
def test_messages_arrive_as_they_were(message):
    np.testing.assert_equal(carried({"own": message}), {"own": message})


def test_arrays_keep_their_type_and_bits_and_can_be_written_to():
    sent = np.array([[np.nan, -0.0], [np.inf, 5e-324]]).T
    found = carried([sent])[0]
    assert (found.dtype, found.tobytes()) == (sent.dtype, sent.tobytes())
    found[0, 0] = 1


def test_one_message_ends_where_the_next_begins():
    stream = io.BytesIO(wire.packed({"a": b"\0" * 9}) + wire.packed({"b": np.arange(3)}))
    assert wire.read(stream.read) == {"a": b"\0" * 9}
    assert list(wire.read(stream.read)["b"]) == [0, 1, 2]
    assert wire.read(stream.read) is None


def test_a_message_that_breaks_off_is_none_at_every_byte():
    sent = wire.packed({"file": b"content", "row": np.zeros(2)})
    for size in range(len(sent)):
        assert wire.read(io.BytesIO(sent[:size]).read) is None


@pytest.mark.parametrize(
    "own", [object(), {1, 2}, np.array([object()]), np.float32(1)], ids=["object", "set", "objects", "scalar"]
)
def test_nothing_else_is_carried(own):
    with pytest.raises(TypeError, match="must hold JSON, bytes and arrays"):
        wire.packed([own])


def test_nothing_of_ours_reads_pickles_but_two_files_of_pinned_packages():
    readers = re.compile(
        r"^\s*(import|from) (pickle|joblib|cloudpickle|dill|shelve|marshal)\b|allow_pickle=True|torch\.load", re.M
    )
    home = Path(fuseworthy.__file__).parent
    found = {
        path.relative_to(home).as_posix() for path in home.rglob("*.py") if readers.search(path.read_text("utf-8"))
    }
    assert found == {"datasets/watch.py", "inputs/encoders/efficientnet.py"}
