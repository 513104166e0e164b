"""Files in a study: keyed by what they hold, counted where they cannot be read, the same by any number of workers."""

import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import fuseworthy as fw
from fuseworthy.errors import InputError
from fuseworthy.inputs.encoded import Watch, encode_modalities
from fuseworthy.inputs.encoders.recordings import encode_recording
from fuseworthy.inputs.media import decoding
from fuseworthy.study.prepare import load, prepare
from fuseworthy.study.progress import EncodingProgress, Silent
from fuseworthy.study.question import Question

ROWS = 60


@pytest.fixture
def folder(tmp_path):
    """A table of pictures beside its files."""
    rng = np.random.default_rng(0)
    root = tmp_path / "data"
    root.mkdir()
    for i in range(ROWS):
        Image.fromarray(rng.integers(0, 256, (24, 24, 3)).astype(np.uint8)).save(root / f"{i}.png")
    age = rng.normal(size=ROWS)
    table = pa.table({"photo": [f"{i}.png" for i in range(ROWS)], "age": age, "y": (age > 0).astype(int)})
    pq.write_table(table, root / "t.parquet")
    return root


def question(**options):
    return Question("y", **({"modalities": {"photo": fw.Image("photo"), "age": fw.Tabular("age")}} | options))


def prepared(folder, tmp_path, **options):
    asked = question(**options)
    return prepare(load(folder / "t.parquet", asked), asked, tmp_path / "blocks")


def test_paths_are_relative_to_the_table_and_inferred(folder, tmp_path):
    found = prepared(folder, tmp_path, modalities=None)
    assert [(name, spec["kind"]) for name, spec in found.plan.modalities.items()] == [
        ("photo", "image"),
        ("table", "tabular"),
    ]
    assert list(found.blocks["photo"]) == ["statistics", "patches"]


def test_a_data_frame_needs_a_root(folder, tmp_path):
    table, asked = pq.read_table(folder / "t.parquet"), question()
    with pytest.raises(InputError, match="Pass root="):
        prepare(load(table, asked), asked, tmp_path)
    asked = replace(asked, root=folder)
    assert prepare(load(table, asked), asked, tmp_path).blocks["photo"]["patches"].present.all()
    with pytest.raises(InputError, match="root must be a folder"):
        load(table, replace(asked, root=folder / "none"))


def test_the_same_study_in_another_folder_is_the_same(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "elsewhere")
    here, there = (prepared(place, tmp_path).plan for place in (folder, tmp_path / "elsewhere"))
    assert here.modalities["photo"]["root"] != there.modalities["photo"]["root"]
    assert here.key == there.key
    Image.new("RGB", (24, 24)).save(tmp_path / "elsewhere" / "5.png")
    assert prepared(tmp_path / "elsewhere", tmp_path).plan.key != here.key


def test_unreadable_rows_above_the_limit_are_refused_by_name(folder, tmp_path):
    for i in (3, 8):
        (folder / f"{i}.png").write_bytes((folder / f"{i}.png").read_bytes()[:200])
    (folder / "9.png").unlink()
    with pytest.raises(
        InputError, match=r"at most 1.0% .* 3 of 60 .*'3.png' in row 4: it is a damaged PNG.*no such file"
    ):
        prepared(folder, tmp_path)
    found = prepared(folder, tmp_path, max_unreadable=0.1)
    notices = " ".join(found.plan.notices)
    assert "files of 3 rows (5.0%) cannot be read" in notices
    assert "'9.png' in row 10: no such file" in notices
    assert found.plan.modalities["photo"]["rows_present"] == 57
    assert found.pattern[3] == "age"
    with pytest.raises(InputError, match="max_unreadable must be"):
        question(max_unreadable=2)


def test_rows_with_the_same_picture_under_two_names_are_copies(folder, tmp_path):
    shutil.copy(folder / "0.png", folder / "1.png")
    table = pq.read_table(folder / "t.parquet").to_pydict()
    table["age"][1], table["y"][1] = table["age"][0], table["y"][0]
    pq.write_table(pa.table(table), folder / "t.parquet")
    found = prepared(folder, tmp_path)
    assert "1 rows repeat another row" in " ".join(found.plan.notices)
    assert (found.folds.assignment[:, 0] == found.folds.assignment[:, 1]).all()


def encode(folder, cache, **watch):
    table = pq.read_table(folder / "t.parquet")
    return encode_modalities(table, {"photo": fw.Image("photo", root=folder)}, cache, Watch(**watch))


def test_a_block_is_made_once_and_again_when_a_file_changes(folder, tmp_path, monkeypatch):
    passes = []

    def counted(*arguments, **options):
        passes.append(1)
        return encode_recording(*arguments, **options)

    monkeypatch.setattr("fuseworthy.inputs.encoders.recordings.encode_recording", counted)
    first, folders = encode(folder, tmp_path / "cache")
    again, same = encode(folder, tmp_path / "cache")
    assert (len(passes), folders) == (1, same)
    np.testing.assert_array_equal(first["photo"]["patches"].values, again["photo"]["patches"].values)
    (folder / "4.png").write_bytes((folder / "5.png").read_bytes())
    changed, other = encode(folder, tmp_path / "cache")
    assert len(passes) == 2
    assert set(other["photo"].values()).isdisjoint(folders["photo"].values())
    np.testing.assert_array_equal(*changed["photo"]["statistics"].values[4:6])
    (folder / "4.png").rename(folder / "renamed.png")
    encode(folder, tmp_path / "cache")
    assert len(passes) == 3


def test_a_damaged_entry_is_made_again_with_a_notice(folder, tmp_path):
    said = []
    first, folders = encode(folder, tmp_path / "cache", say=said.append)
    expected = np.array(first["photo"]["statistics"].values)
    del first
    place = f"{folders['photo']['statistics']}/values.npy"
    with open(place, "r+b") as held:  # noqa: PTH123
        held.seek(500)
        held.write(b"\xff")
    again, _ = encode(folder, tmp_path / "cache", say=said.append)
    assert len(said) == 1
    assert "damaged" in said[0]
    np.testing.assert_array_equal(again["photo"]["statistics"].values, expected)


def test_a_cached_block_names_the_unreadable_files_of_this_table(folder, tmp_path):
    (folder / "7.png").write_bytes(b"broken")
    encode(folder, tmp_path / "cache")
    (folder / "7.png").rename(folder / "other.png")
    table = pq.read_table(folder / "t.parquet").to_pydict()
    table["photo"][7] = "other.png"
    pq.write_table(pa.table(table), folder / "t.parquet")
    block = encode(folder, tmp_path / "cache")[0]["photo"]["statistics"]
    assert block.meta["unreadable"]["first"][0]["item"] == "'other.png'"


def test_files_that_change_while_they_are_encoded_are_encoded_again(folder, tmp_path, monkeypatch):
    passes = []

    def meddled(*arguments, **options):
        if not passes:
            (folder / "2.png").unlink()
        passes.append(1)
        return encode_recording(*arguments, **options)

    monkeypatch.setattr("fuseworthy.inputs.encoders.recordings.encode_recording", meddled)
    block = encode(folder, tmp_path / "cache")[0]["photo"]["statistics"]
    assert len(passes) == 2
    assert block.meta["unreadable"]["rows"] == [3]


def test_any_number_of_workers_gives_the_same_block(folder, monkeypatch):
    monkeypatch.setattr(decoding, "CHUNK", 16)
    (folder / "7.png").write_bytes(b"broken")
    table, recording = pq.read_table(folder / "t.parquet"), fw.Image("photo", root=folder)
    heard = []
    alone = encode_recording("p", recording, recording.encoders, table, jobs=1)
    shared = encode_recording("p", recording, recording.encoders, table, jobs=2, on_rows=lambda *n: heard.append(n))
    for view, block in alone.items():
        np.testing.assert_array_equal(block.values, shared[view].values)
        assert block.meta == shared[view].meta
    assert heard == [(16, 60), (32, 60), (48, 60), (60, 60)]


def test_a_worker_that_dies_is_named_by_its_rows(folder, monkeypatch):
    dying = [sys.executable, "-c", "import sys; sys.stdin.buffer.read(8); sys.exit(7)"]

    def start():
        return subprocess.Popen(dying, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    monkeypatch.setattr(decoding, "_start", start)
    recording = fw.Image("photo", root=folder)
    with pytest.raises(InputError, match=r"decoded rows 1 to 60 died \(exit code 7\)"):
        encode_recording("p", recording, ["patches"], pq.read_table(folder / "t.parquet"), jobs=2)


def test_encoding_is_shown_only_if_it_takes_long():
    class Heard(Silent):
        def __init__(self):
            self.begun, self.advanced = [], 0

        def begin(self, stage, total, done):
            self.begun.append((stage, total, done))

        def advance(self, what):
            self.advanced += 1

    quick, slow = Heard(), Heard()
    for done in (64, 100):
        EncodingProgress(quick)("photo", done, 100)
    telling = EncodingProgress(slow, patience=0.0)
    for done in (64, 128, 130):
        telling("photo", done, 130)
    assert quick.begun == []
    assert (slow.begun, slow.advanced) == ([("encoding photo", 130, 0)], 130)


def test_an_inspection_looks_for_the_files_without_decoding_them(folder):
    (folder / "5.png").unlink()
    seen = fw.inspect(folder / "t.parquet", "y")
    assert [(m.name, m.kind) for m in seen.modalities] == [("photo", "image"), ("table", "tabular")]
    problem = next(p for p in seen.problems if p.title == "files that cannot be read")
    assert "'5.png' in row 6: no such file" in problem.finding


def test_singles_of_several_encoders_are_the_same_by_any_number_of_workers(folder):
    """Workers read the order of the encoders from disk: the floor's singles must stay the floor's."""
    asked = {"folds": 2, "repeats": 1, "attribution": False, "strategies": ["mean"]}
    modalities = {"photo": fw.Image("photo", encoders=("statistics", "patches")), "age": fw.Tabular("age")}
    found = [fw.compare(folder / "t.parquet", "y", modalities=modalities, jobs=jobs, **asked) for jobs in (1, 2)]
    assert {"photo/linear", "photo/patches"} <= set(found[1].ledger.names(kind="single"))
    assert found[0].ledger.digest == found[1].ledger.digest
