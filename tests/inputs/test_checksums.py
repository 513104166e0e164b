"""A column of checksums: files that hold other bytes than it says are unreadable, and nothing else changes."""

import hashlib

import pyarrow as pa
import pytest
from typer.testing import CliRunner

import fuseworthy as fw
from fuseworthy.cli.app import app
from fuseworthy.cli.options import with_checksums
from fuseworthy.errors import InputError
from fuseworthy.inputs.encode import encode_rows, encoding_from_dict, learn_encodings
from fuseworthy.inputs.encoded import encode_modalities
from fuseworthy.inputs.encoders.recordings import content_of, distinct_rows
from fuseworthy.inputs.kinds import make_modality, modality_from_dict
from fuseworthy.inspection.inspection import inspect
from fuseworthy.study.prepare import load, prepare
from fuseworthy.study.question import Question
from made_files import picture_bytes, reasons

N, WHY = 40, "its sha256 is not that of column 'sum'"


@pytest.fixture
def folder(tmp_path):
    for seed in range(N):
        (tmp_path / f"{seed}.png").write_bytes(picture_bytes(seed % 20))
    return tmp_path


def sums(wrong=()):
    found = [hashlib.sha256(picture_bytes(seed % 20)).hexdigest() for seed in range(N)]
    return ["0" * 64 if seed in wrong else cell for seed, cell in enumerate(found)]


def pictures(checksums):
    columns = {"p": [f"{seed}.png" for seed in range(N)], "sum": checksums, "x": [seed / 3 for seed in range(N)]}
    return pa.table(columns | {"y": [0, 1] * (N // 2)})


def blocks_of(table, root, **options):
    return learn_encodings(table, {"photo": fw.Image("p", root=root, **options)})[1]["photo"]


def test_a_file_with_other_bytes_is_counted_and_named_and_an_empty_cell_checks_nothing(folder):
    checksums = sums(wrong={3, 4})
    checksums[4], checksums[5], checksums[6] = None, "  ", checksums[6].upper()
    block = blocks_of(pictures(checksums), folder, sha256="sum")["statistics"]
    assert block.meta["unreadable"]["rows"] == [4]
    assert reasons(block) == [(4, WHY)]
    assert block.meta["unreadable"]["first"][0]["item"] == "'3.png'"


def test_right_checksums_give_the_same_blocks_and_the_same_place_in_the_cache(folder, tmp_path):
    table, plain = pictures(sums()), fw.Image("p", root=folder)
    checked = fw.Image("p", root=folder, sha256="sum")
    assert content_of(checked, table) == content_of(plain, table)
    stores = [encode_modalities(table, {"photo": photo}, tmp_path / "cache")[1] for photo in (plain, checked)]
    assert stores[0] == stores[1]
    wrong = encode_modalities(pictures(sums({7})), {"photo": checked}, tmp_path / "cache")
    assert set(wrong[1]["photo"].values()).isdisjoint(stores[0]["photo"].values())
    assert wrong[0]["photo"]["statistics"].meta["unreadable"]["rows"] == [8]


def test_the_same_path_under_two_checksums_is_two_things(folder):
    right = sums()[0]
    table = pa.table({"p": ["0.png"] * 4, "sum": [right, "0" * 64, right, None]})
    photo = fw.Image("p", root=folder, sha256="sum")
    assert len(distinct_rows(photo, table)[0]) == 3
    assert blocks_of(table, folder, sha256="sum")["statistics"].present.tolist() == [True, False, True, True]


def test_bytes_are_checked_as_files_are():
    whole = picture_bytes()
    table = pa.table({"p": [whole, whole[:-1] + b"?"], "sum": [hashlib.sha256(whole).hexdigest()] * 2})
    assert blocks_of(table, None, sha256="sum")["statistics"].present.tolist() == [True, False]


@pytest.mark.parametrize("cell", ["abc", "0" * 63, "0" * 65, "g" * 64, "sha256:" + "0" * 64])
def test_a_malformed_checksum_is_refused_by_row(folder, cell):
    checksums = sums()
    checksums[17] = cell
    with pytest.raises(InputError, match=r"'sum' must be a sha256 of 64 hex digits or empty, but row 18 holds"):
        blocks_of(pictures(checksums), folder, sha256="sum")
    with pytest.raises(InputError, match="row 18"):
        content_of(fw.Image("p", root=folder, sha256="sum"), pictures(checksums))


def test_checksums_of_what_has_none_are_refused(folder):
    with pytest.raises(InputError, match="one column of files, but 2 came"):
        fw.Series("a", "b", sha256="sum")
    with pytest.raises(InputError, match="one picture a row"):
        fw.Image("a", pool="mean", sha256="sum")
    with pytest.raises(InputError, match="column of checksums must hold text, but 'sum' has type int64"):
        blocks_of(pictures(list(range(N))), folder, sha256="sum")
    with pytest.raises(InputError, match="sha256= must be of files, but 'v' holds number lists"):
        learn_encodings(pa.table({"v": [[1.0] * 9] * 9, "sum": [None] * 9}), {"v": fw.Series("v", sha256="sum")})
    with pytest.raises(InputError, match="checksums must be of files, but text came"):
        with_checksums(["note=sum"], {"note": fw.Text("note")})


@pytest.mark.parametrize("kind", ["image", "audio", "video", "series"])
def test_every_kind_of_files_keeps_its_column_of_checksums(kind):
    own = {"note": make_modality(kind, ("file",))}
    with_checksums(["note=sum"], own)
    assert (own["note"].columns, own["note"].files) == (("file", "sum"), ("file",))
    assert modality_from_dict(own["note"].to_dict()) == own["note"] != make_modality(kind, ("file",))


def test_an_encoding_that_was_kept_checks_new_rows_too(folder):
    encodings, _ = learn_encodings(pictures(sums()), {"photo": fw.Image("p", root=folder, sha256="sum")})
    again = {"photo": {view: encoding_from_dict(own.to_dict()) for view, own in encodings["photo"].items()}}
    new = encode_rows(pictures(sums({0})).slice(0, 2), again)["photo"]["statistics"]
    assert new.present.tolist() == [False, True]
    with pytest.raises(InputError, match="all columns of a modality or none, but of 'photo' it lacks 'sum'"):
        encode_rows(pictures(sums()).select(["p"]), again)


def test_a_study_and_an_inspection_count_what_does_not_match_and_read_no_checksum_as_a_feature(folder, tmp_path):
    table = pictures(sums({3}))
    modalities = {"photo": fw.Image("p", sha256="sum"), "table": fw.Tabular("x")}
    question = Question("y", modalities, root=folder, max_unreadable=0.1)
    plan = prepare(load(table, question), question, tmp_path / "cache").plan
    assert any(f"'3.png' in row 4: {WHY}" in line for line in plan.notices)
    assert plan.modalities["photo"]["rows_present"] == N - 1
    seen = inspect(table, "y", modalities=modalities, root=folder)
    assert {c.name: (c.role, c.modality) for c in seen.columns}["sum"] == ("checksum", "photo")
    assert any(WHY in problem.finding for problem in seen.problems)


def test_files_joined_by_name_are_checked_and_their_checksums_are_no_category(folder, tmp_path):
    table = pictures(sums({3})).drop_columns(["p"]).append_column("n", pa.array(range(N)))
    table = table.append_column("town", pa.array(["here", "there"] * (N // 2)))
    question = Question("y", files={"photo": fw.Files("{n}.png", sha256="sum")}, root=folder, max_unreadable=0.1)
    loaded = load(table, question)
    assert loaded.inference.modalities["photo"].columns == ("photo", "sum")
    assert set(loaded.inference.modalities) == {"photo", "table"}
    assert "sum" not in loaded.inference.modalities["table"].columns
    plan = prepare(loaded, question, tmp_path / "cache").plan
    assert plan.modalities["photo"]["rows_present"] == N - 1
    with pytest.raises(InputError, match=r"the checksums of 'photo'.*'sums'"):
        load(table, Question("y", files={"photo": fw.Files("{n}.png", sha256="sums")}, root=folder))


def test_checksums_are_given_on_the_command_line(folder, tmp_path):
    import pyarrow.parquet as pq

    pq.write_table(pictures(sums({3})), folder / "t.parquet")
    asked = ["--image", "p", "--checksum", "image=sum"]
    found = CliRunner().invoke(app, ["embed", str(folder / "t.parquet"), *asked, "--out", str(tmp_path / "out")])
    assert found.exit_code == 0, found.output
    written = pq.read_table(tmp_path / "out" / "table.parquet")
    assert written["image.statistics"].null_count == 1
    assert "sum" not in written.column_names
    with pytest.raises(InputError, match="must be written NAME=COLUMN, but 'sum' came"):
        with_checksums(["sum"], {})
    with pytest.raises(InputError, match="'photo' came: the nearest is 'photos'"):
        with_checksums(["photo=sum"], {"photos": fw.Image("p")})
