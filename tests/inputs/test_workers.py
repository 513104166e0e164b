"""Rows that a worker describes are those that the process itself describes, of every kind and with every fault."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pytest

import fuseworthy as fw
from fuseworthy import wire
from fuseworthy.errors import InputError, MissingExtraError
from fuseworthy.inputs.encoders.raw import of_pixels
from fuseworthy.inputs.media import decoding, worker
from fuseworthy.inputs.media.cells import rows_of
from fuseworthy.inputs.media.describing import describe_row
from fuseworthy.inputs.media.messages import from_answer, from_task, to_answer, to_task
from made_files import film_bytes, picture_bytes, sound_bytes


def carried(message):
    return wire.read(io.BytesIO(wire.packed(message)).read)


def pictures():
    pytest.importorskip("PIL")
    rows = [[picture_bytes(1), picture_bytes(2)], [b"broken", picture_bytes(3)], [], None, [b""]]
    return fw.Image("own", pool="mean"), pa.table({"own": pa.array(rows, pa.list_(pa.binary()))})


def checked(tmp_path):
    pytest.importorskip("PIL")
    (tmp_path / "a.png").write_bytes(picture_bytes(1))
    recording = of_pixels(fw.Image("own", root=tmp_path, sha256="sum"), "conv")
    sums = pa.array(["0" * 64, None, None])
    return recording, pa.table({"own": ["a.png", "a.png", "gone.png"], "sum": sums})


def squares():
    """Pictures that a network is yet to read."""
    pytest.importorskip("PIL")
    own = [picture_bytes(1), b"broken"]
    return fw.Image("own", encoders=("efficientnet", "statistics")), pa.table({"own": own})


def sounds():
    pytest.importorskip("soundfile")
    return fw.Audio("own", longest=0.4), pa.table({"own": [sound_bytes(), b"RIFF", None]})


def films():
    pytest.importorskip("av")
    return fw.Video("own"), pa.table({"own": [film_bytes(), b"\0" * 99]})


def numbers():
    left = pa.array([[1.0, None, 3.0] * 40, [1.0, 2.0], None, [1.0]])
    right = pa.array([[4.0, 5.0, 6.0] * 40, [1.0], None, [2.0]])
    return fw.Series("left", "right", rate=50), pa.table({"left": left, "right": right})


@pytest.fixture(params=[pictures, checked, squares, sounds, films, numbers], ids=lambda own: own.__name__)
def asked(request, tmp_path):
    return request.param(tmp_path) if request.param is checked else request.param()


def test_what_is_asked_and_answered_survives_the_way(asked):
    recording, table = asked
    rows = rows_of(recording, table)
    found, views, sent = from_task(carried(to_task(recording, tuple(recording.views), rows)))
    assert (found, views) == (recording, list(recording.views))
    here = [describe_row(recording, views, row) for row in rows]
    there = [describe_row(found, views, row) for row in sent]
    assert any(row.unreadable for row in here)
    assert any(row.views or row.prepared for row in here)
    for left, right in zip(here, from_answer(carried(to_answer(there))), strict=True):
        assert vars(left).keys() == vars(right).keys()
        np.testing.assert_equal(to_answer([right]), to_answer([left]))


def test_a_worker_describes_as_the_process_itself(asked):
    recording, table = asked
    alone, shared = (
        to_answer(list(decoding.describe_rows(recording, tuple(recording.views), table, jobs=jobs))) for jobs in (1, 2)
    )
    np.testing.assert_equal(shared, alone)


@pytest.mark.parametrize("kind", [InputError, MissingExtraError])
def test_what_a_worker_says_to_the_user_is_raised_as_it_was(monkeypatch, kind):
    recording, table = numbers()

    def refused(*_):
        raise kind("it is not there")

    monkeypatch.setattr(worker, "describe_row", refused)
    answers = [wire.packed(worker._answer(carried(to_task(recording, ["windows"], rows_of(recording, table)))))]
    with pytest.raises(kind, match="it is not there"):
        decoding._ask(played(answers), to_task(recording, ["windows"], []), 0)


def test_a_mistake_in_a_worker_is_shown_with_its_trace(monkeypatch):
    monkeypatch.setattr(worker, "describe_row", lambda *_: 1 / 0)
    recording, table = numbers()
    answers = [wire.packed(worker._answer(to_task(recording, ["windows"], rows_of(recording, table))))]
    with pytest.raises(RuntimeError, match=r"rows 1 to 0 could not be encoded[\s\S]*ZeroDivisionError"):
        decoding._ask(played(answers), to_task(recording, ["windows"], []), 0)


def played(answers):
    """A worker that takes what it is given and gives these answers."""

    class Played:
        stdin = io.BytesIO()
        stdout = io.BytesIO(b"".join(answers))

    return Played()
