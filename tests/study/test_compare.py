"""A comparison from table to verdict: the same twice, right about rows and folds, clear about what it cannot use."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_studies import MODALITIES, QUICK, bytes_of, quick

import fuseworthy as fw
from fuseworthy.errors import FuseworthyError, InputError, StudyError
from fuseworthy.study.question import Options, Question
from fuseworthy.study.run import run_study
from mixed_tables import mixed_table
from quick_learners import quick_learners


@pytest.fixture(scope="module", autouse=True)
def quickly():
    with quick_learners():
        yield


@pytest.fixture(scope="module")
def finished(quickly, tmp_path_factory):
    """One undisturbed run and its table."""
    table, folder = mixed_table(), tmp_path_factory.mktemp("runs") / "one"
    return table, folder, quick(table, folder)


def test_a_study_shows_singles_before_fusions_and_the_verdict_last(finished):
    text = repr(finished[2])
    assert text.index("note/linear") < text.index("stacking") < text.index("Deploy")


def test_every_strategy_predicted_every_row_on_the_same_folds(finished):
    table = finished[0]
    study = quick(table, strategies=None)
    ledger = study.ledger
    assert set(ledger.names(kind="fusion")) == {
        "mean",
        "weighted-mean",
        "log-pool",
        "stacking",
        "greedy",
        "early-linear",
        "early-boosting",
    }
    assert set(ledger.names(kind="control")) == {
        "twin",
        "ensemble",
        "recal",
        "placebo-late",
        "placebo-early",
        "mask-only",
    }
    assert all(values.shape == (1, table.num_rows, 2) for values in ledger.predictions.values())
    assert ledger.to_pandas().shape[0] == table.num_rows
    assert ledger.ids.tolist() == table["key"].to_pylist()


def test_modalities_that_both_help_are_worth_fusing_and_an_empty_one_is_not():
    table = mixed_table(600, missing=False)
    both = fw.compare(
        table, "label", modalities=MODALITIES, id="key", folds=3, repeats=1, strategies=["stacking", "early-linear"]
    )
    assert both.verdict.outcome == "FUSE"
    noise = table.set_column(2, "size", pa.array(np.random.default_rng(5).normal(size=600)))
    alone = fw.compare(
        noise, "label", modalities=MODALITIES, id="key", folds=3, repeats=1, strategies=["stacking", "early-linear"]
    )
    assert alone.verdict.outcome != "FUSE"
    assert alone.verdict.best_single.startswith("note/")


def test_two_runs_give_the_same_ledger_verdict_and_note(finished, tmp_path):
    table, folder, study = finished
    again = quick(table, tmp_path / "two")
    assert bytes_of(tmp_path / "two") == bytes_of(folder)
    assert again.verdict == study.verdict
    assert again.note() == study.note()
    assert (folder / "verdict.json").read_bytes() == (tmp_path / "two" / "verdict.json").read_bytes()


def test_another_seed_gives_other_folds(finished):
    other = quick(finished[0], random_state=1)
    assert other.ledger.folds.digest != finished[2].ledger.folds.digest


def test_frames_of_every_library_give_the_same_ledger(finished, to_frame):
    assert quick(to_frame(finished[0])).ledger.digest == finished[2].ledger.digest


def test_a_torn_or_flipped_part_is_made_again(finished, tmp_path):
    table, folder, _ = finished
    quick(table, tmp_path / "two")
    rng = np.random.default_rng(0)
    for where in ("ledger", "inner", "receipts"):
        files = sorted((tmp_path / "two" / where).iterdir())
        torn, flipped = files[0], files[-1]
        torn.write_bytes(torn.read_bytes()[:-7])
        content = bytearray(flipped.read_bytes())
        content[int(rng.integers(len(content)))] ^= 4
        flipped.write_bytes(bytes(content))
    quick(table, tmp_path / "two")
    assert bytes_of(tmp_path / "two") == bytes_of(folder)


def test_the_study_folder_refuses_another_question(finished):
    table, folder, _ = finished
    with pytest.raises(StudyError, match=r"holds another study \(it differs in .*seed"):
        quick(table, folder, random_state=7)
    with pytest.raises(StudyError, match="must hold a study"):
        quick(table, folder.parent / "nothing", resume=True)


def test_a_margin_may_change_without_training_again(finished):
    table, folder, _ = finished
    before = {p.name: p.stat().st_mtime_ns for p in (folder / "ledger").iterdir()}
    again = quick(table, folder, margin=5.0)
    assert {p.name: p.stat().st_mtime_ns for p in (folder / "ledger").iterdir()} == before
    assert again.verdict.margin == 5.0
    assert again.verdict.outcome != "FUSE"
    quick(table, folder)


def test_a_budget_too_small_says_so_and_what_was_done_is_kept(tmp_path, finished):
    with pytest.raises(StudyError, match="budget must allow one full repeat"):
        quick(finished[0], tmp_path / "b", budget=0.0)
    assert bytes_of(tmp_path / "b") == {}
    quick(finished[0], tmp_path / "b", budget=60)
    assert bytes_of(tmp_path / "b") == bytes_of(finished[1])


def test_groups_stay_whole_and_copies_stay_together(finished):
    table = finished[0]
    shops = pa.array([f"s{i // 4}" for i in range(table.num_rows)])
    study = quick(table.append_column("who", shops), group="who")
    fold = study.ledger.folds.assignment[0]
    assert study.ledger.folds.kind == "grouped"
    assert all(len(set(fold[i * 4 : i * 4 + 4].tolist())) == 1 for i in range(table.num_rows // 4))
    copied = pa.concat_tables([table, table.slice(0, 10).set_column(0, "key", pa.array(np.arange(10) + 5000))])
    fold = quick(copied).ledger.folds.assignment[0]
    present = np.array([cell is not None for cell in table["note"].to_pylist()[:10]])
    np.testing.assert_array_equal(fold[:10][present], fold[-10:][present])


def test_time_trains_on_the_past(finished):
    table = finished[0].append_column("day", pa.array(np.arange(finished[0].num_rows)[::-1]))
    study = quick(table, time="day", folds=4)
    folds = study.ledger.folds
    order = table["day"].to_numpy()
    for k in range(4):
        assert order[folds.train(0, k)].max() < order[folds.test(0, k)].min()
    assert study.verdict.confidence == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": "lable"}, "the nearest is 'label'"),
        ({"modalities": {"a": fw.Text("nota"), "b": fw.Tabular("size")}}, "the nearest is 'note'"),
        ({"modalities": {"a": fw.Text("note")}}, "at least two modalities"),
        ({"modalities": {"a": fw.Text("note"), "b": fw.Tabular("empty")}}, "every cell of empty is missing"),
        ({"modalities": {"a": fw.Text("note"), "b": fw.Tabular("size", "same")}}, "'same' must vary, but is constant"),
        ({"modalities": {"a": fw.Text("note"), "b": fw.Tabular("endless")}}, r"'endless' has inf in row 4"),
        ({"modalities": {"a": fw.Text("note"), "b": fw.Tabular("label")}}, "one role"),
        ({"modalities": {"a+b": fw.Text("note"), "b": fw.Tabular("size")}}, "hold '/', '|' or '\\+'"),
        ({"modalities": {"none": fw.Text("note"), "b": fw.Tabular("size")}}, "be 'none'"),
        ({"target": "same"}, "at least two values"),
        ({"target": "holes"}, r"2 rows have none \(first: row 1\)"),
        ({"group": "same"}, "1 groups for 3 folds"),
        ({"id": "size_twice"}, "different for every row"),
        ({"folds": 500}, "at least one row per fold"),
        ({"metric": "r2"}, "one that fits a binary target"),
        ({"strategies": ["stackin"]}, "the nearest is 'stacking'"),
        ({"margin": -1}, "zero or more"),
        ({"task": "ranking"}, "binary, multiclass or regression"),
        ({"jobs": 0}, "at least 1"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence_and_nothing_is_written(table, tmp_path, change, message):
    n = table.num_rows
    table = table.append_column("same", pa.array(["x"] * n)).append_column("empty", pa.nulls(n, pa.float64()))
    table = table.append_column("endless", pa.array([1.0, 2.0, 3.0, float("inf")] * (n // 4)))
    table = table.append_column("holes", pa.array([None, None] + [0, 1] * (n // 2 - 1)))
    table = table.append_column("size_twice", pa.array(np.arange(n) // 2))
    asked = {"target": "label", "modalities": MODALITIES, **QUICK} | change
    with pytest.raises(FuseworthyError, match=message):
        fw.compare(table, asked.pop("target"), out=tmp_path / "run", **asked)
    assert not (tmp_path / "run").exists() or not list((tmp_path / "run").iterdir())


def test_what_is_to_be_deployed_must_be_tried_which_is_said_before_anything_is(table, tmp_path):
    question = Question("label", modalities=MODALITIES, id="key", strategies=("mean",), folds=3, repeats=1)
    for name in ("meen", "stacking", "nota/linear"):
        with pytest.raises(StudyError, match=f"must try what it deploys, but '{name}' came"):
            run_study(table, question, Options(tmp_path / "run", deploy=name))
    assert not (tmp_path / "run" / "ledger").exists()


def test_rows_without_a_target_are_left_out_only_when_asked(table):
    holes = pa.array([None, None, *table["label"].to_pylist()[2:]])
    study = quick(table.set_column(4, "label", holes), drop_unlabelled=True)
    assert study.ledger.n == table.num_rows - 2
    assert any("2 rows without a target are left out" in line for line in study.facts["notices"])


def test_tables_are_joined_by_key(table):
    left, right = table.select(["key", "note", "label"]), table.select(["key", "size", "shop"])
    order = np.random.default_rng(0).permutation(table.num_rows)
    joined = quick(left, join={"key": right.take(order)})
    assert joined.ledger.digest == quick(table.select(["key", "note", "label", "size", "shop"])).ledger.digest
    with pytest.raises(InputError, match="once in"):
        quick(left, join={"key": pa.concat_tables([right, right.slice(0, 1)])})


def test_the_run_folder_holds_what_the_docs_say(finished):
    _, folder, study = finished
    assert {p.name for p in folder.iterdir()} == {
        "study.json",
        "folds.parquet",
        "ledger",
        "inner",
        "hidden",
        "receipts",
        "verdict.json",
        "facts.json",
        "note.md",
        "report.html",
        "log.jsonl",
    }
    part = pq.read_table(sorted((folder / "ledger").iterdir())[0])
    assert {"row", "id", "repeat", "fold", "target", "pattern"} <= set(part.column_names)
    assert part.schema.metadata[b"data_hash"].decode() == study.ledger.data_hash
    assert json.loads((folder / "verdict.json").read_text())["content"]["outcome"] == study.verdict.outcome
    assert (folder / "note.md").read_text() == study.note()
