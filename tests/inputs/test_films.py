"""Films become frames at even times; a film that is not whole is unreadable, with the reason."""

import io

import numpy as np
import pytest

import fuseworthy as fw
from fuseworthy.errors import InputError
from fuseworthy.inputs.media.films import read_film
from made_files import encoded, film_bytes, reasons


def video(cells, **options):
    return encoded(fw.Video, cells, **options)


@pytest.fixture(scope="module")
def film():
    return film_bytes(seconds=2.0)


def test_a_film_gives_a_vector_and_frames_with_times(film):
    blocks = video([film, None, film_bytes(seconds=1.0, seed=1)], per_second=4)
    statistics, frames = blocks["statistics"], blocks["frames"]
    assert (statistics.form, statistics.values.shape) == ("vectors", (3, 863))
    assert (frames.form, frames.values.shape) == ("tokens", (3, 8, 427))
    assert frames.mask.sum(axis=1).tolist() == [8, 0, 4]
    np.testing.assert_allclose(frames.times[0], np.arange(8) / 4, atol=0.1)
    assert statistics.present.tolist() == [True, False, True]


@pytest.mark.parametrize("kind", ["mp4", "matroska", "avi", "mov", "mpegts"])
def test_every_container_is_read(kind):
    found = read_film(io.BytesIO(film_bytes(kind=kind, seconds=1.0, sound=False)), 2.0, 60.0)
    assert len(found.frames) == 2
    assert found.frames[0].shape == (48, 64, 3)
    assert abs(int(found.frames[0][5, 60].mean()) - 40) < 12


def test_what_moves_differs_from_what_stands(film):
    moving, still = (video([content])["statistics"].values[0] for content in (film, film_bytes(frames=1)))
    assert moving[-9] > 0.01
    assert still[-9] == 0


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda whole: b"", "0 bytes"),
        (lambda whole: whole[: len(whole) // 2], "damaged"),
        (lambda whole: film_bytes(kind="matroska")[: 2 * len(film_bytes(kind="matroska")) // 5], "ends after|damaged"),
        (lambda whole: film_bytes(frames=0, sound=True), "no frames|no picture|damaged"),
        (lambda whole: b"#EXTM3U\nfile:///etc/passwd\n", "looks like text"),
        (lambda whole: b"ffconcat version 1.0\nfile /etc/passwd\n", "looks like text"),
        (lambda whole: b"\x00\x00\x00\x18ftypmp42" + bytes(200), "damaged|no picture"),
    ],
    ids=["nothing", "cut", "cut-mkv", "no-frames", "playlist", "concat", "hollow"],
)
def test_a_film_that_is_not_whole_is_unreadable(film, content, why):
    block = video([content(film), film])["statistics"]
    assert block.present.tolist() == [False, True]
    assert any(word in reasons(block)[0][1] for word in why.split("|")), reasons(block)


def test_a_long_film_is_cut_and_counted(film):
    blocks = video([film], longest=1.0, per_second=4)
    assert blocks["frames"].mask.sum() == 4
    assert blocks["frames"].meta["cut"] == 1


def test_too_many_frames_are_refused_before_anything_is_read():
    with pytest.raises(InputError, match="at most 512 frames"):
        fw.Video("clip", per_second=25, longest=60)
    with pytest.raises(InputError, match="must be one column"):
        fw.Video("a", "b")
