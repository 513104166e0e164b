"""A study that trains encoders: one more fusion, one more single of each, and nothing else is another."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import fuseworthy as fw
from fuseworthy.errors import InputError, StudyError
from fuseworthy.inputs.encoders.raw import trainable_encoder
from fuseworthy.strategies.part import make_part
from fuseworthy.strategies.training.recipe import Recipe
from fuseworthy.study.absence import fit_hidden
from fuseworthy.study.trained_encoders import settle_training
from fuseworthy.study.units import Unit, read_singles
from fuseworthy.study.workspace import open_plan, open_workspace
from red_and_green import red_and_green
from tiny_models import text_model

ROWS = 60
BRIEF = Recipe(rate=4e-3, batch=32, epochs=1, patience=2, warm_up=5)


@pytest.fixture(scope="module", autouse=True)
def brief():
    """Networks train for one epoch."""
    patch = pytest.MonkeyPatch()
    patch.setattr("fuseworthy.strategies.training.recipe.recipe_for", lambda rows, **_: BRIEF)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return text_model(tmp_path_factory.mktemp("models") / "bert")


def study_of(model, out=None, **more):
    modalities = {
        "photo": fw.Image("photo", encoders=("statistics",)),
        "words": fw.Text("words", encoders=("tfidf", f"hf:{model}")),
    }
    asked = {"strategies": ["stacking"], "tune_encoders": True, "attribution": False} | more
    return fw.compare(red_and_green(ROWS), "y", modalities=modalities, folds=2, repeats=1, jobs=1, out=out, **asked)


@pytest.fixture(scope="module")
def finished(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "one"
    return folder, study_of(model, folder)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "ledger").iterdir())}


def test_each_encoder_is_trained_alone_and_with_the_fusion_and_controlled(finished):
    _, study = finished
    assert study.ledger.names(kind="fusion") == ["stacking", "tuned"]
    assert {"photo/tuned", "words/tuned"} <= set(study.ledger.names(kind="single"))
    assert {"placebo-network", "placebo-tuned"} <= set(study.ledger.names(kind="control"))
    assert {c["name"] for c in study.verdict.controls} >= {"placebo-tuned"}
    assert study.ledger.strategies["words/tuned"].modality == "words"
    assert study.failed == ()
    row = {row["name"]: row for row in study.facts["strategies"]}["tuned"]
    assert row["parameters"] > 0
    assert "tuned" in study.note()


def test_notices_say_what_is_trained(finished):
    notices = "\n".join(finished[1].facts["notices"])
    assert "'photo': conv is trained with the fusion (all of it, from random weights)" in notices
    assert "'words': hf:" in notices
    assert ("LoRA" in notices) or ("its last two layers" in notices)


def test_no_other_strategy_sees_what_encoders_are_given(finished):
    folder, _ = finished
    workspace = open_workspace(folder)
    forms = {m: {block.form for block in views.values()} for m, views in workspace.blocks.items()}
    assert all("raw" not in own for own in forms.values())
    given = {m: [b for b in views.values() if b.form == "raw"] for m, views in workspace.with_raw.items()}
    assert {m: len(own) for m, own in given.items()} == {"photo": 1, "words": 1}
    assert given["photo"][0].values.shape == (ROWS, 64, 64, 3)
    assert given["photo"][0].values.dtype == np.uint8
    assert isinstance(given["photo"][0].values, np.memmap)
    assert given["words"][0].mask.shape == given["words"][0].values.shape


def test_a_run_goes_on_after_losing_receipts_and_ends_with_the_same_bytes(finished, model, tmp_path):
    folder, study = finished
    copy = tmp_path / "two"
    shutil.copytree(folder, copy)
    lost = [*copy.glob("receipts/r00-f01-network-tuned.json"), *copy.glob("receipts/r00-f00-network-*tuned.json")]
    assert len(lost) == 5  # on one fold the fusion, on the other all four
    for receipt in lost:
        (copy / "ledger" / f"{receipt.stem}.parquet").unlink()
        receipt.unlink()
    again = study_of(model, copy)
    assert bytes_of(copy) == bytes_of(folder)
    assert again.verdict == study.verdict


def test_the_fusion_is_asked_without_some_modalities(finished):
    workspace, unit = open_workspace(finished[0]), Unit("hidden", 0, 0, strategy="tuned")
    part = make_part(workspace.y, workspace.task, workspace.folds, 0, 0, workspace.plan.seed)
    found = fit_hidden(workspace, unit, part, read_singles(workspace, unit))
    assert set(found) == {"photo", "words", "photo+words"}
    np.testing.assert_array_equal(found["photo+words"].test, finished[1].ledger.predictions["tuned"][0, part.test])


def test_a_run_is_not_gone_on_with_otherwise(finished, model):
    with pytest.raises(StudyError, match="holds another study"):
        study_of(model, finished[0], tune_encoders=False)


def test_the_ledger_without_is_the_one_with_less_what_was_trained(finished, model, tmp_path):
    _, study = finished
    without = study_of(model, tmp_path / "plain", tune_encoders=False, strategies=["stacking", "concat"])
    same = [n for n in without.ledger.strategies if n in study.ledger.strategies]
    assert {"stacking", "twin", "photo/linear", "words/hf-bert", "photo/network", "placebo-network"} <= set(same)
    for name in same:
        np.testing.assert_array_equal(without.ledger.predictions[name], study.ledger.predictions[name])
    assert not [name for name in without.ledger.strategies if "tuned" in name]
    plan = open_plan(tmp_path / "plain")
    assert not [spec for spec in plan.modalities.values() if {"tuned", "raw"} & set(spec)]


def test_nothing_to_train_is_refused_with_what_to_name():
    modalities = {"note": fw.Text("words"), "question": fw.Tabular("question")}
    with pytest.raises(
        InputError, match=r"encoder to train, but 'note' \(text\), 'question' \(tabular\) have none.*hf:FOLDER"
    ):
        fw.compare(red_and_green(30), "y", modalities=modalities, tune_encoders=True)


def test_a_strategy_that_trains_encoders_must_be_asked_for_by_its_option(model):
    with pytest.raises(InputError, match="tune_encoders=True"):
        study_of(model, strategies=["tuned"], tune_encoders=False)


def test_which_encoder_of_a_modality_is_trained():
    assert trainable_encoder(fw.Image("p")) == "conv"
    assert trainable_encoder(fw.Image("p", encoders=("statistics", "hf:a", "hf-patches:b"))) == "hf:b"
    assert trainable_encoder(fw.Image("p", "q", pool="mean")) is None
    assert trainable_encoder(fw.Text("t")) is None
    assert trainable_encoder(fw.Audio("a", encoders=("hf:a",))) is None
    notices = "\n".join(settle_training({"p": fw.Image("p"), "a": fw.Audio("a"), "t": fw.Text("t")}, True).notices)
    assert "'a': its encoders stay frozen, as those of audio do always" in notices
    assert "'t': its encoders stay frozen, as none of them is a transformer (hf:FOLDER)" in notices
