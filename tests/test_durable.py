"""Files are whole or absent: torn and flipped ones are never accepted, and nothing is left behind."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from fuseworthy.durable import content_digest, file_digest, read_json, write_bytes, write_json, write_with

CONTENT = {
    "name": "übung “quoted” \n",
    "numbers": [0.1, 0.30000000000000004, -3, 1e300, 0],
    "nested": {"yes": True, "no": None, "": []},
}


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "deep" / "er" / "file.json"


def test_what_is_written_is_read_back(path):
    write_json(path, CONTENT)
    assert read_json(path) == CONTENT
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", [None, [], "text", 3, {}, [1, [2, [3]]]])
def test_any_json_content_is_read_back(path, content):
    write_json(path, content)
    assert read_json(path) == content


def test_keys_that_are_numbers_come_back_as_json_has_them(path):
    """2 sorts before 10, but "10" before "2"; the file must not look damaged for that."""
    write_json(path, {10: "ten", 2: "two"})
    assert read_json(path) == {"10": "ten", "2": "two"}


def test_a_file_torn_at_any_byte_is_never_accepted(path):
    write_json(path, CONTENT)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="is damaged"):
            read_json(path)
    path.write_bytes(whole)
    assert read_json(path) == CONTENT


def test_a_file_with_one_of_its_bits_flipped_is_never_accepted(path):
    write_json(path, CONTENT)
    whole = path.read_bytes()
    for bit in np.random.default_rng(0).permutation(8 * len(whole))[:600].tolist():
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(flipped))
        with pytest.raises(ValueError):
            read_json(path)


def test_two_hundred_random_changes_are_never_accepted(path):
    write_json(path, CONTENT)
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(200):
        changed = bytearray(whole)
        start, length = int(rng.integers(len(whole))), int(rng.integers(1, 30))
        changed[start : start + length] = rng.bytes(int(rng.integers(0, 30)))
        if bytes(changed) == whole:
            continue
        path.write_bytes(bytes(changed))
        with pytest.raises(ValueError):
            read_json(path)


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[]", b"null", b"3", b'{"content": 1}', b"\x00" * 40, b"\xff\xfe", b"[" * 9999]
)
def test_what_is_not_ours_is_called_damaged(path, text):
    path.parent.mkdir(parents=True)
    path.write_bytes(text)
    with pytest.raises(ValueError, match="is damaged"):
        read_json(path)


def test_a_file_that_is_not_there_is_not_called_damaged(path):
    with pytest.raises(FileNotFoundError):
        read_json(path)


def test_a_writer_that_raises_leaves_nothing_behind(path):
    def writer(handle):
        handle.write(b"half of")
        raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError, match="disk on fire"):
        write_with(path, writer)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_writer_that_raises_leaves_the_old_file_as_it_was(path, error):
    write_bytes(path, b"old")

    def writer(handle):
        handle.write(b"new")
        raise error

    with pytest.raises(type(error)):
        write_with(path, writer)
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_to_sync_leaves_the_old_file_as_it_was(path, monkeypatch):
    write_bytes(path, b"old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_the_sha256_returned_is_that_of_the_file(path):
    digest = write_bytes(path, b"some bytes")
    assert digest == hashlib.sha256(b"some bytes").hexdigest() == file_digest(path)


def test_the_old_file_is_replaced_as_a_whole(path):
    write_bytes(path, b"a long old content")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_file_may_be_read_by_whom_the_user_lets_read_new_files(path):
    before = os.umask(0o022)
    try:
        write_bytes(path, b"report")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_the_digest_of_content_knows_values_but_not_the_order_of_keys():
    assert content_digest({"a": 1, "b": [1, 2]}) == content_digest({"b": [1, 2], "a": 1})
    different = [{"a": 1}, {"a": 1.0}, {"a": "1"}, {"a": True}, {"a": None}, {"a": [1]}, {"b": 1}, {"a": 1, "b": 2}]
    assert len({content_digest(content) for content in different}) == len(different)
