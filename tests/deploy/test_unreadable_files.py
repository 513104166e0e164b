"""Files that cannot be read make rows that lack a modality, and that is said; too many of them are refused."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from stacked_models import stacked
from typer.testing import CliRunner

import fuseworthy as fw
from fuseworthy.cli.app import app
from fuseworthy.deploy import predicting
from fuseworthy.deploy.compress import Wanted
from fuseworthy.deploy.predicting import predict_table
from fuseworthy.errors import InputError
from made_files import picture_bytes

pytest.importorskip("PIL")
ROWS = 240


def pictures(folder, rows=ROWS):
    """A table beside its pictures, of which the last two are no pictures."""
    folder.mkdir()
    kind = np.arange(rows) % 2
    for i, own in enumerate(kind):
        (folder / f"{i}.png").write_bytes(picture_bytes(int(own)))
    words = [f"{'dark' if own else 'light'} {'shirt' if i % 3 else 'hat'} {i}" for i, own in enumerate(kind)]
    table = pa.table({"photo": [f"{i}.png" for i in range(rows)], "words": words, "kind": kind})
    pq.write_table(table, folder / "t.parquet")
    return folder / "t.parquet"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    home = tmp_path_factory.mktemp("pictures")
    table = pictures(home / "own", 120)
    modalities = {"photo": fw.Image("photo", encoders=("statistics",)), "words": fw.Text("words")}
    model, export = stacked(table, "kind", modalities, home / "export")
    return model, export, pictures(home / "new"), home


def spoiled(table, rows):
    """A copy of a table's folder in which these rows' pictures are damaged."""
    copy = table.parent.parent / f"spoiled-{len(rows)}-{rows[0]}"
    pictures(copy)
    for row in rows:
        (copy / f"{row}.png").write_bytes(b"no picture")
    return copy / "t.parquet"


def test_a_few_count_as_missing_and_answers_say_so(made):
    model, _, table, _ = made
    some = spoiled(table, [7, 200])
    with pytest.warns(fw.UnreadableFilesWarning, match=r"files of 2 rows \(0\.8%\) .*'7\.png' in row 8") as said:
        answers = model.answer(some)
    assert said[0].filename == __file__
    assert np.flatnonzero(answers.unreadable["photo"]).tolist() == [7, 200]
    assert np.array_equal(answers.present["photo"], ~answers.unreadable["photo"])
    told = answers.to_table()["unreadable"].to_pylist()
    assert (told[7], told[8]) == ("photo", None)


def test_too_many_are_refused_unless_that_is_asked_for(made):
    model, _, table, _ = made
    some = spoiled(table, [3, 4, 5])
    for ask in (model.answer, model.explain, model.predict, model.predict_proba):
        with pytest.raises(InputError, match=r"at most 1\.0% .* but 3 of 240 .*'3\.png' in row 4: .*max_unreadable="):
            ask(some)
    with pytest.warns(fw.UnreadableFilesWarning):
        assert len(model.predict(some, max_unreadable=0.02)) == ROWS


def test_estimators_refuse_and_tell_as_models_do(made):
    _, _, table, _ = made
    some, many = (pq.read_table(spoiled(table, rows)) for rows in ([20, 21], [30, 31, 32]))
    folders = [table.parent.parent / name for name in ("spoiled-2-20", "spoiled-3-30")]
    few, lots = (
        fw.FusionClassifier({"photo": fw.Image("photo", encoders=("statistics",), root=folder)}, "photo/linear")
        for folder in folders
    )
    with pytest.raises(InputError, match=r"but 3 of 240 are .*'30\.png' in row 31"):
        lots.fit(many, many["kind"].to_numpy())
    with pytest.warns(fw.UnreadableFilesWarning, match=r"'20\.png' in row 21"):
        few.fit(some, some["kind"].to_numpy())
    with pytest.warns(fw.UnreadableFilesWarning, match=r"'20\.png' in row 21"):
        assert len(few.predict(some)) == ROWS
    with pytest.raises(InputError, match=r"but 1 of 20 are .*'20\.png' in row 20"):
        few.predict(some.slice(1, 20))


def test_predictions_are_refused_over_all_batches_or_tell_what_was_missing(made, tmp_path, monkeypatch):
    model, _, table, _ = made
    read = predicting.read_batches
    monkeypatch.setattr(predicting, "read_batches", lambda source, **asked: read(source, 50, **asked))
    with pytest.raises(InputError, match=r"but 3 of 240 are \(1\.2%\): '9\.png' in row 10.*'211\.png' in row 212"):
        predict_table(model, spoiled(table, [9, 110, 211]), tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []
    found = predict_table(model, spoiled(table, [10, 211]), tmp_path / "a.parquet", explain=True)
    assert found.notices[0].startswith("modality 'photo': files of 2 rows (0.8%) cannot be read")
    assert "'211.png' in row 212" in found.notices[0]
    assert pq.read_table(tmp_path / "a.parquet")["unreadable"].to_pylist().count("photo") == 2


def test_the_command_tells_of_them(made, tmp_path):
    model, _, table, _ = made
    saved = model.save(tmp_path / "model")
    out = tmp_path / "a.csv"
    found = CliRunner().invoke(app, ["predict", str(saved), str(spoiled(table, [11])), "--out", str(out)])
    assert found.exit_code == 0
    assert "files of 1 row (0.4%) cannot be read" in " ".join(found.output.split())
    moved = tmp_path / "t.parquet"
    moved.write_bytes(table.read_bytes())
    gone = CliRunner().invoke(app, ["predict", str(saved), str(moved), "--out", str(out)])
    assert isinstance(gone.exception, InputError)
    assert "240 of 240" in str(gone.exception)


def test_nothing_is_compared_on_rows_whose_files_are_gone(made, tmp_path):
    model, _, table, _ = made
    moved = tmp_path / "t.parquet"
    moved.write_bytes(table.read_bytes())
    with pytest.raises(InputError, match=r"120 of 120 are .*'120\.png' in row 121"):  # the first half was learned from
        model.compress(moved, tmp_path / "small", Wanted(only=["single"]))
    with pytest.raises(InputError, match="240 of 240"):
        model.export(tmp_path / "export", check=moved)
    assert model.export(tmp_path / "checked", check=spoiled(table, [213])).parity.rows == ROWS
    few = model.compress(spoiled(table, [212]), tmp_path / "few", Wanted(only=["float32"]))
    assert any("in row 213" in line for line in few.facts["question"]["notices"])


def test_predictions_do_not_overwrite_their_table(made):
    model, _, table, _ = made
    before = table.read_bytes()
    with pytest.raises(InputError, match="is the table"):
        predict_table(model, table, table.parent / ".." / table.parent.name / "t.parquet")
    assert table.read_bytes() == before
