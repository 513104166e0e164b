"""From a table to a model to smaller ones, on the command line."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import fuseworthy as fw
from fuseworthy.cli.app import app
from mixed_tables import mixed_table


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a model, and a table of rows it learned from and others."""
    where = tmp_path_factory.mktemp("visits")
    modalities = {"note": fw.Text("note"), "table": fw.Tabular("size", "shop")}
    study = fw.compare(mixed_table(), "label", modalities=modalities, id="key", strategies=["mean"], folds=2, repeats=1)
    study.deploy("mean").save(where / "model")
    pq.write_table(pa.concat_tables([mixed_table().slice(0, 30), mixed_table(400, seed=1)]), where / "later.parquet")
    return where


def asked(folder, *words):
    where = [str(folder / "model"), str(folder / "later.parquet")]
    return CliRunner().invoke(app, ["compress", *where, *map(str, words)])


def test_a_model_is_made_smaller_and_everything_is_in_the_folder(folder):
    found = asked(folder, "--out", folder / "small", "--only", "float32,int8,single", "--seed", "1")
    assert found.exit_code == 0, found.output
    assert "30 of 430 rows were learned from by the model, and left out" in found.output
    assert sorted(path.name for path in (folder / "small").iterdir()) == [
        *("candidates", "compress.json", "note.md", "report.html"),
    ]
    facts = json.loads((folder / "small" / "compress.json").read_text())["content"]
    names = [own["name"] for own in facts["candidates"]]
    assert {"float32", "single:note", "single:table"} <= set(names)
    assert facts["question"]["scored"] == 400
    for own in facts["candidates"]:
        assert own["name"] in found.output
        assert (folder / "small" / "candidates" / own["folder"] / "model.onnx").stat().st_size == own["bytes"]
    assert facts["sentence"] in found.output


def test_what_cannot_be_asked_for_is_one_sentence(folder):
    found = asked(folder, "--out", folder / "other", "--only", "int9")
    assert isinstance(found.exception, ValueError)
    assert "'int9' came: the nearest is 'int8'" in str(found.exception)
    assert not (folder / "other").exists()


def test_the_rows_of_the_study_are_refused(folder):
    pq.write_table(mixed_table(), folder / "seen.parquet")
    words = ["compress", str(folder / "model"), str(folder / "seen.parquet"), "--out", str(folder / "seen")]
    found = CliRunner().invoke(app, words)
    assert "160 were learned from, and 0 are left" in str(found.exception)
