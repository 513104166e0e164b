"""A folder is written whole or not at all, and holds nothing that must not be kept."""

import json
from dataclasses import replace

import numpy as np
import pytest
from signed_folders import entries_of
from small_models import THREE, learned, model_of, rows_of

import fuseworthy as fw
from fuseworthy.deploy import folder as folders
from fuseworthy.errors import InputError
from fuseworthy.strategies.custom import as_strategy
from fuseworthy.strategies.singles import Singles


def test_a_folder_that_holds_something_is_not_written_to(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "kept.txt").write_text("mine")
    with pytest.raises(InputError, match="new or empty folder"):
        model_of("mean").save(tmp_path / "m")
    assert [path.name for path in (tmp_path / "m").iterdir()] == ["kept.txt"]


def test_an_empty_folder_and_folders_above_it_are_made(tmp_path):
    (tmp_path / "empty").mkdir()
    for where in (tmp_path / "empty", tmp_path / "a" / "b" / "m"):
        assert fw.load(model_of("mean").save(where)).name == "mean"


@pytest.mark.parametrize("step", ["write_bytes", "write_json", "_read", "card_of"])
def test_a_save_that_is_interrupted_leaves_nothing(step, tmp_path, monkeypatch):
    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(folders, step, stop)
    with pytest.raises(KeyboardInterrupt):
        model_of("mean").save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_strategy_of_other_parts_is_refused_before_anything_is_left(tmp_path):
    from sklearn.naive_bayes import GaussianNB

    with pytest.raises(InputError, match=r"reviewed list, but holds sklearn\.naive_bayes\.GaussianNB"):
        model_of(as_strategy(GaussianNB())).save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_network_of_the_users_own_is_refused(tmp_path):
    from fuseworthy.nn import ConcatFusion
    from fuseworthy.strategies.neural import Neural

    class Own(ConcatFusion):
        pass

    own = model_of(Neural(lambda inputs, outputs: Own(inputs=inputs, outputs=outputs, width=8), seeds=1))
    with pytest.raises(InputError, match=r"one of fuseworthy\.nn to be kept, but Own came"):
        own.save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["stacking", "greedy"])
def test_predictions_of_the_training_rows_are_not_kept(name, tmp_path):
    folder = model_of(name).save(tmp_path / "m")
    for path in folder.glob("*.skops"):
        assert b'"inner_"' not in entries_of(path.read_bytes())["schema.json"]


def test_a_folder_that_is_not_there_holds_no_model(tmp_path):
    for where in (tmp_path / "m", "m\0", tmp_path / ("x" * 300)):
        with pytest.raises(InputError, match=r"must be"):
            fw.load(where)


def test_what_a_manifest_keeps_of_the_rows_is_what_encodings_need(tmp_path):
    folder = model_of("mean").save(tmp_path / "m")
    manifest = json.loads((folder / "manifest.json").read_text())["content"]
    assert np.array(manifest["probe"]["routed:note+photo+table"]).shape == (6, 2)
    assert "ids" not in manifest["about"]


def test_a_modality_that_rows_of_one_class_alone_have_is_kept(tmp_path):
    table = rows_of()[0]
    _, blocks, _, part = learned("binary", THREE)
    photo = blocks["photo"]["vectors"]
    lone = Singles({"photo": {"vectors": replace(photo, present=photo.present & (part.y == 1))}}, part)["photo/linear"]
    model = model_of("stacking")
    model = replace(model, singles={**model.singles, "photo/linear": lone.predictor})
    again = fw.load(model.save(tmp_path / "model"))
    assert np.array_equal(again.answer(table).singles["photo"], model.answer(table).singles["photo"])
    assert model.answer(table).singles["photo"][:, 1].max() > 0.99
