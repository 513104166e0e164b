"""From a table to a model to its answers, on the command line."""

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from fuseworthy.cli.app import app
from mixed_tables import mixed_table

ASKED = [
    "--target",
    "label",
    "--id",
    "key",
    "--text",
    "note",
    "--tabular",
    "size,shop",
    "--folds",
    "2",
    "--repeats",
    "1",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a table, and the model that a study of it recommends."""
    where = tmp_path_factory.mktemp("visits")
    pq.write_table(mixed_table(), where / "t.parquet")
    fast = ["--strategies", "mean", "--no-attribution", "--out", str(where / "run")]
    found = CliRunner().invoke(
        app, ["compare", str(where / "t.parquet"), *ASKED, *fast, "--model", str(where / "model")]
    )
    assert found.exit_code == 0, found.output
    assert f"model   {where / 'model'}/" in found.output
    return where


def test_a_model_answers_a_table_that_lacks_a_modality(folder):
    pq.write_table(mixed_table(seed=1).select(["key", "size", "shop"]), folder / "new.parquet")
    words = ["predict", str(folder / "model"), str(folder / "new.parquet"), "--out", str(folder / "a.parquet")]
    found = CliRunner().invoke(app, [*words, "--id", "key", "--explain"])
    assert found.exit_code == 0, found.output
    answers = pq.read_table(folder / "a.parquet")
    assert set(answers["pattern"].to_pylist()) == {"tabular"}
    assert {"key", "prediction", "p:good", "alone:tabular:good", "alone:text:good", "contribution:text"} <= set(
        answers.column_names
    )
    assert answers["alone:text:good"].null_count == answers.num_rows
    assert "160 rows" in found.output


def test_a_folder_that_cannot_hold_a_model_is_refused_before_anything_trains(folder):
    words = ["compare", str(folder / "t.parquet"), *ASKED, "--out", str(folder / "other")]
    full = CliRunner().invoke(app, [*words, "--model", str(folder / "model")])
    alone = CliRunner().invoke(app, [*words, "--deploy", "mean"])
    assert isinstance(full.exception, ValueError)
    assert "new or empty folder" in str(full.exception)
    assert "Pass --model" in str(alone.exception)
    assert not (folder / "other").exists()
