"""Sets of pictures, sounds and signals: their columns, and the folders they are unpacked into."""

from __future__ import annotations

import io
import shlex
import wave
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from fuseworthy.datasets import SETS, DatasetError, DownloadError, known, load, unpack
from fuseworthy.datasets.av_digits import av_digit_files
from fuseworthy.datasets.known import KnownSet
from fuseworthy.datasets.png import grey_png
from fuseworthy.errors import InputError

TINY = pa.table({"id": ["a", "b"], "image": ["images/a.png", "images/b.png"], "y": [0, 1]})


def load_or_skip(loader, *arguments, **options):
    try:
        return loader(*arguments, **options)
    except DownloadError as error:
        pytest.skip(f"needs the network: {error}")


@pytest.fixture
def tiny(monkeypatch):
    """A made set of two pictures; the list grows by one each time it is written."""
    written = []

    def files():
        written.append(1)
        return iter([("images/a.png", b"first"), ("images/b.png", b"second")])

    made = KnownSet(lambda: TINY, "two pictures", "none", ("y",), 2, ("image=image:image",), files=files)
    monkeypatch.setitem(known.SETS, "tiny", made)
    return written


COLUMNS = {
    "easy-vqa": ["id", "scene", "image", "question", "answer"],
    "icons": ["id", "glyph", "label", "terms", "categories", "category"],
    "av-digits": ["id", "image", "sound", "digit"],
    "movies": [
        "id", "title", "director", "writer", "cast", "genre", "year", "released", "runtime", "age_rating", "language",
        "country", "production", "oscars", "metacritic", "box_office", "reviews", "rating",
    ],
    "watch": ["id", "subject", "accelerometer", "gyroscope", "side", "exercise"],
    "watch-3s": ["id", "subject", "accelerometer", "gyroscope", "side", "exercise"],
    "clip": ["id", "film"],
}  # fmt: skip


@pytest.mark.parametrize("name", COLUMNS)
def test_a_set_has_its_columns(name):
    assert load_or_skip(load, name).column_names == COLUMNS[name]


@pytest.mark.parametrize("name", SETS)
def test_the_spelled_modalities_and_the_group_are_columns_of_the_set(name):
    made, columns = SETS[name], set(load_or_skip(load, name).column_names)
    spelled = [column for m in made.modalities for column in m.partition(":")[2].split(",")]
    assert set(spelled) <= columns - {*made.targets[:1], made.group, "id"}
    assert made.group is None or made.group in columns
    assert (made.command("t.parquet") is None) == (not made.targets)


def test_questions_have_thirteen_answers_and_about_ten_to_a_picture():
    table = load_or_skip(load, "easy-vqa")
    assert pc.count_distinct(table["scene"]).as_py() == pc.count_distinct(table["image"]).as_py() == 5000
    assert pc.count_distinct(table["answer"]).as_py() == 13
    assert not any(table[name].null_count for name in table.column_names)


def test_icons_have_33_categories_of_fifteen_or_more():
    table = load_or_skip(load, "icons")
    counts = pc.value_counts(table["category"]).to_pylist()
    assert len(counts) == 33
    assert min(item["counts"] for item in counts) >= 15
    assert [row[0] for row in table["categories"].to_pylist()] == table["category"].to_pylist()


def test_movies_keep_what_is_missing_and_have_no_empty_cells():
    table = load_or_skip(load, "movies")
    missing = {name: table[name].null_count for name in table.column_names if table[name].null_count}
    assert missing == {
        "director": 32, "writer": 2485, "cast": 1191, "genre": 267, "runtime": 799, "age_rating": 11087,
        "language": 103, "country": 1, "production": 5768, "metacritic": 6914, "box_office": 10861,
    }  # fmt: skip
    texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
    assert not any(pc.any(pc.equal(table[name], "")).as_py() for name in texts)
    assert pc.min(table["reviews"]).as_py() == 10
    assert pa.types.is_floating(table.schema.field("box_office").type)


@pytest.mark.parametrize(("name", "samples"), [("watch", 50), ("watch-3s", 150)], ids=["one-second", "three-seconds"])
def test_windows_of_the_watch_have_three_axes_and_ten_people(name, samples):
    table = load_or_skip(load, name)
    for sensor in ("accelerometer", "gyroscope"):
        assert np.array(table[sensor].slice(0, 20).to_pylist()).shape == (20, samples, 3)
        assert set(pc.list_value_length(table[sensor]).to_pylist()) == {samples}
    assert pc.count_distinct(table["subject"]).as_py() == 10
    assert pc.count_distinct(table["exercise"]).as_py() == 7


def test_made_digits_are_the_same_every_time_and_readable():
    first, again = (load_or_skip(lambda: list(islice(av_digit_files(), 6))) for _ in range(2))
    assert first == again
    picture, sound = first[0], first[1]
    assert picture[0].startswith("images/")
    assert picture[1].startswith(b"\x89PNG")
    with wave.open(io.BytesIO(sound[1])) as recording:
        assert (recording.getframerate(), recording.getnframes(), recording.getnchannels()) == (8000, 4800, 1)


def test_a_grey_picture_is_read_back_as_it_was_written():
    image = pytest.importorskip("PIL.Image")
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7)).astype(np.uint8)
    assert np.array_equal(np.asarray(image.open(io.BytesIO(grey_png(pixels)))), pixels)


@pytest.mark.parametrize("name", ["av-digits", "icons", "clip"])
def test_every_path_of_the_table_is_a_file_and_no_file_is_left_over(name, tmp_path):
    if name == "icons":
        pytest.importorskip("PIL")
    path = load_or_skip(unpack, name, tmp_path / "set")
    table = pq.read_table(path)
    columns = {"av-digits": ["image", "sound"], "icons": ["glyph"], "clip": ["film"]}[name]
    named = {cell for column in columns for cell in table[column].to_pylist()}
    there = {p.relative_to(path.parent).as_posix() for p in path.parent.rglob("*") if p.is_file()}
    assert there == named | {"table.parquet", "dataset.json"}


def test_a_whole_folder_is_not_written_again(tiny, tmp_path):
    path = unpack("tiny", tmp_path / "set")
    before = {p: p.read_bytes() for p in path.parent.rglob("*") if p.is_file()}
    assert unpack("tiny", tmp_path / "set") == path
    assert len(tiny) == 1
    unpack("tiny", tmp_path / "other")
    assert {p: (tmp_path / "other" / p.relative_to(path.parent)).read_bytes() for p in before} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other", "set"]


def test_a_folder_whose_files_changed_is_named_and_left_alone(tiny, tmp_path):
    path = unpack("tiny", tmp_path / "set")
    (path.parent / "images/a.png").write_bytes(b"cut")
    with pytest.raises(DatasetError, match=r"1 of its files have changed .*images/a.png.*Remove the folder"):
        unpack("tiny", tmp_path / "set")
    assert (path.parent / "images/a.png").read_bytes() == b"cut"


def test_a_folder_with_something_else_is_refused_and_left_alone(tiny, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something else"):
        unpack("tiny", tmp_path)
    with pytest.raises(InputError, match="is a file"):
        unpack("tiny", tmp_path / "mine.txt")
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
    (tmp_path / "empty").mkdir()
    assert unpack("tiny", tmp_path / "empty").exists()


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def files():
        yield "images/a.png", b"first"
        raise DatasetError("the second picture is gone.")

    monkeypatch.setitem(known.SETS, "tiny", KnownSet(lambda: TINY, "", "", ("y",), 2, files=files))
    with pytest.raises(DatasetError, match="second picture"):
        unpack("tiny", tmp_path / "set")
    assert list(tmp_path.iterdir()) == []


def test_the_command_of_a_set_names_real_options():
    words = shlex.split(SETS["easy-vqa"].command("vqa/table.parquet"))
    assert words[:2] == ["fuseworthy", "compare"]
    assert words[words.index("--group") + 1] == "scene"
    assert "question=text:question" in words
