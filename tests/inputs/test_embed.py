"""Encoded once, written as a table, and read by a study as any other."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import fuseworthy as fw
from fuseworthy.cli.app import app
from fuseworthy.durable import read_json
from fuseworthy.inputs.encode import learn_encodings
from fuseworthy.inputs.encoded import Watch
from made_files import picture_bytes, sound_bytes


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """40 rows with a text, a picture and a sound; some of them missing."""
    monkeypatch.setenv("FUSEWORTHY_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    words = rng.choice(["red", "blue", "hat", "coat"], (40, 3))
    return pa.table(
        {
            "note": [None if i == 3 else " ".join(own) for i, own in enumerate(words)],
            "photo": [None if i == 5 else picture_bytes(i % 4) for i in range(40)],
            "call": [sound_bytes() if i % 2 else None for i in range(40)],
            "price": rng.normal(size=40),
            "sold": rng.choice(["yes", "no"], 40),
        }
    )


def modalities(*more):
    return {"note": fw.Text("note", encoders=("words", *more)), "photo": fw.Image("photo"), "call": fw.Audio("call")}


def test_the_table_holds_what_the_encoders_gave(shop, tmp_path):
    heard = []
    watch = Watch(on_rows=lambda *done: heard.append(done))
    path = fw.embed(shop, modalities(), out=tmp_path / "blocks", watch=watch)
    found = pq.read_table(path)
    views = ["note.words", "photo.statistics", "photo.patches", "call.spectrum", "call.frames", "call.frames.times"]
    assert found.column_names == ["price", "sold", *views]
    columns = {name: fw.Embedding(name) for name in views[:5]}
    columns["call.frames"] = fw.Embedding("call.frames", times="call.frames.times")
    _, read = learn_encodings(found, columns)
    _, made = learn_encodings(shop, modalities())
    for name in views[:5]:
        modality, view = name.split(".")
        (again,), own = read[name].values(), made[modality][view]
        assert again.form == own.form
        np.testing.assert_array_equal(again.present, own.present)
        if own.mask is None:
            np.testing.assert_allclose(again.values[own.present], own.values[own.present], rtol=1e-6)
        else:
            real = own.mask & own.present[:, None]
            np.testing.assert_array_equal(again.mask, real)
            np.testing.assert_allclose(again.values[real], own.values[real], rtol=1e-6)
        if own.times is not None:
            np.testing.assert_allclose(again.times[real], own.times[real], rtol=1e-6)
    assert ("photo", 40, 40) in heard


def test_the_manifest_says_what_each_column_is(shop, tmp_path):
    path = fw.embed(shop, modalities(), out=tmp_path / "blocks")
    said = read_json(path.parent / "manifest.json")
    assert said["rows"] == 40
    words = said["columns"][0]
    assert (words["column"], words["encoder"], words["form"], words["present"]) == ("note.words", "words", "tokens", 39)
    assert words["shape"] == [40, 3, 64]
    assert said["columns"][4]["times"] == "call.frames.times"


def test_a_text_that_is_counted_as_well_stays(shop, tmp_path):
    path = fw.embed(shop, modalities("tfidf"), out=tmp_path / "blocks")
    assert pq.read_table(path).column_names[:2] == ["note", "price"]


def test_a_study_infers_the_embeddings_and_their_times(shop, tmp_path):
    path = fw.embed(shop, modalities(), out=tmp_path / "blocks")
    seen = fw.inspect(path, "sold")
    kinds = {m.name: (m.kind, m.columns) for m in seen.modalities}
    assert kinds["call.frames"] == ("embedding", ("call.frames", "call.frames.times"))
    assert kinds["photo.statistics"] == ("embedding", ("photo.statistics",))
    assert "call.frames.times" not in kinds


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"note": fw.Text("note")}, "an encoder that gives embeddings"),
        ({"price": fw.Tabular("price")}, "an encoder that gives embeddings"),
        ({"note": fw.Text("nte", encoders=("words",))}, "the nearest is 'note'"),
    ],
    ids=["counts", "cells", "no-column"],
)
def test_what_cannot_be_embedded_is_said(shop, tmp_path, options, said):
    with pytest.raises(fw.FuseworthyError, match=said):
        fw.embed(shop, options, out=tmp_path / "blocks")


def test_a_folder_with_files_is_left_alone(shop, tmp_path):
    (tmp_path / "mine").write_text("x", encoding="utf-8")
    with pytest.raises(fw.FuseworthyError, match=r"out must be a new or empty folder, but .* holds something"):
        fw.embed(shop, modalities(), out=tmp_path)


def test_the_command_encodes_and_says_how_fast_and_what_next(shop, tmp_path):
    pq.write_table(shop, tmp_path / "shop.parquet")
    command = ["embed", str(tmp_path / "shop.parquet"), "--image", "photo", "--text", "note", "--encoder", "text=words"]
    command += ["--encoder", "image=patches", "--out", str(tmp_path / "blocks")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert f"fuseworthy inspect {tmp_path / 'blocks' / 'table.parquet'}" in done.output
    assert "40 of 40 rows" in done.output
    assert (
        json.loads((tmp_path / "blocks" / "manifest.json").read_bytes())["content"]["columns"][1]["view"] == "patches"
    )
