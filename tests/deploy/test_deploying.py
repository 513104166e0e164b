"""From a study to a model: what it recommends, with its routes, its threshold and its limits."""

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

import fuseworthy as fw
from fuseworthy.deploy.router import route_by_study
from fuseworthy.errors import StudyError
from fuseworthy.inputs.tables import read_table
from fuseworthy.strategies.part import whole_part
from fuseworthy.study.deploying import Refit
from mixed_tables import mixed_table

MODALITIES = {"note": fw.Text("note"), "table": fw.Tabular("size", "shop")}


@pytest.fixture(scope="module")
def study():
    table, fusions = mixed_table(240), ["mean", "stacking"]
    return table, fw.compare(table, "label", modalities=MODALITIES, id="key", strategies=fusions, folds=3, repeats=1)


def test_a_study_deploys_what_it_recommends_and_the_folder_keeps_it(study, tmp_path):
    table, found = study
    model = found.deploy()
    assert model.name == found.verdict.deploy
    read = fw.load(model.save(tmp_path / "m"))
    np.testing.assert_array_equal(read.predict_proba(table), model.predict_proba(table))
    assert read.threshold == model.threshold
    assert (model.predict(table) == np.array(table["label"].to_pylist())).mean() > 0.6
    card = (tmp_path / "m" / "README.md").read_text()
    assert found.verdict.sentence[:20] in card
    assert "did not recommend" not in card


def test_another_strategy_may_be_deployed_and_the_card_says_that_it_was_not_recommended(study, tmp_path):
    _, found = study
    other = next(name for name in ("mean", "stacking", "note/linear") if name != found.verdict.deploy)
    found.deploy(other).save(tmp_path / "m")
    card = (tmp_path / "m" / "README.md").read_text()
    assert f"The study did not recommend it, but {found.verdict.deploy}." in card


def test_what_a_study_did_not_try_is_refused_with_the_nearest(study):
    for name, said in (("stackin", "the nearest is 'stacking'"), ("twin", "'twin' came"), ("gated", "'gated' came")):
        with pytest.raises(StudyError, match=said):
            study[1].deploy(name)


def test_a_single_is_deployed_by_itself(study):
    model = study[1].deploy("table/linear")
    assert model.fusion is None
    assert next(iter(model.singles)) == "table/linear"
    assert "needs the modality of its single" in model.about["limits"][-1] or model.about["limits"]


def test_a_study_of_given_predictions_deploys_nothing(study):
    from dataclasses import replace

    with pytest.raises(StudyError, match="judged given predictions"):
        replace(study[1], refit=None).deploy()


def test_a_study_of_several_labels_deploys_nothing(study):
    several = SimpleNamespace(labels=("a", "b"))
    with pytest.raises(StudyError, match="decided on 2 together"):
        Refit(several, None, None, 0, {}, {})(study[1], "mean")


def test_routes_are_those_that_the_study_measured_of_the_same_fusion():
    row = {"pattern": "a", "route": "fusion", "single": "a/x", "asked": "a", "why": "not inferior"}
    measured = {"fusion": "mean", "patterns": [row]}
    assert route_by_study(measured, "mean", ["a/x", "b/x"]).choose("a").fusion
    assert not route_by_study(measured, "other", ["a/x", "b/x"]).choose("a").fusion
    assert not route_by_study(measured, None, ["a/x", "b/x"]).choose("a+b").fusion
    with pytest.raises(ValueError, match="of the model's modalities"):
        route_by_study(None, "mean", ["a/x", "b/x"]).choose("c")


def test_a_model_s_own_single_speaks_where_the_study_measured_another_of_the_modality():
    row = {"pattern": "a+b", "route": "single", "single": "a/boosting", "asked": "a+b", "why": "measured"}
    routed = route_by_study({"fusion": "mean", "patterns": [row]}, "mean", ["b/x", "a/linear"])
    assert routed.choose("a+b").single == "a/linear"


QUICKLY = {"folds": 3, "repeats": 1, "strategies": ["mean"], "attribution": False, "anyway": True, "jobs": 1}


@pytest.mark.usefixtures("quickly")
def test_what_is_learned_in_time_is_fitted_in_time(monkeypatch):
    rng = np.random.default_rng(0)
    when = rng.permutation(160)
    table = mixed_table().append_column("when", pa.array(when))
    parts = []

    def seen(*asked):
        parts.append(whole_part(*asked))
        return parts[-1]

    monkeypatch.setattr("fuseworthy.study.deploying.whole_part", seen)
    for asked in ({"time": "when"}, {}):
        found = fw.compare(table, "label", modalities=MODALITIES, id="key", **QUICKLY, **asked)
        found.deploy("mean")
    in_time, shuffled = (part.inner for part in parts)
    assert (np.diff(in_time[np.argsort(when)]) >= 0).all()
    assert not (np.diff(shuffled[np.argsort(when)]) >= 0).all()


@pytest.mark.usefixtures("quickly")
def test_a_rare_modality_that_knows_much_speaks_before_one_that_is_always_there():
    rng, n = np.random.default_rng(1), 400
    y = rng.integers(0, 2, n)

    def cells(strength, share):
        values = strength * (2 * y - 1) + rng.normal(size=n)
        return pa.array(values, mask=rng.random(n) > share)

    table = pa.table({"a": cells(1.5, 0.7), "b": cells(4.0, 0.3), "c": cells(0.4, 1.0), "y": y})
    asked = {"modalities": {m: fw.Tabular(m) for m in "abc"}, **QUICKLY}
    model = fw.compare(table, "y", **asked).deploy("a/linear")
    assert [name[0] for name in model.singles] == ["a", "b", "c"]
    assert model.router.choose("b+c").single[0] == "b"


@pytest.mark.usefixtures("quickly")
def test_texts_that_look_like_numbers_are_texts_in_training_as_well(tmp_path):
    rng = np.random.default_rng(0)
    sick = np.arange(150) % 2
    price = [f"{rng.choice(['1.10', '2.50'] if c else ['3.00', '2.50'])}" if rng.random() < 0.9 else "NA" for c in sick]
    lines = [f"{p},{rng.normal() + c:.3f},{'yes' if c else 'no'}" for p, c in zip(price, sick, strict=True)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["price,size,sick", *lines, ""]))
    modalities = {"price": fw.Text("price"), "cells": fw.Tabular("size")}
    model = fw.compare(path, "sick", modalities=modalities, **QUICKLY).deploy("mean")
    table = read_table(path, {"price"})[0]
    assert table["price"].to_pylist() == price
    np.testing.assert_allclose(model.predict_proba(path), model.predict_proba(table), atol=1e-12)
    assert model.learned_rows.among(table, model.columns).all()
