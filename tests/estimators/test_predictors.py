"""What a strategy keeps answers rows as the strategy answered the scored ones."""

from dataclasses import replace

import numpy as np
import pytest
from three_kinds import MODALITIES, one_setting_each, three_kinds

import fuseworthy as fw
from fuseworthy.errors import InputError
from fuseworthy.folds import make_folds
from fuseworthy.inputs.encode import encode_rows, learn_encodings
from fuseworthy.strategies.catalogue import EARLY, LATE
from fuseworthy.strategies.late import best_per_modality, fit_stacking, gather
from fuseworthy.strategies.part import make_part, presence
from fuseworthy.strategies.singles import Singles, dummy
from fuseworthy.strategies.strategy import NAMED, Single, fit_strategy, strategy_named
from fuseworthy.task import Task


@pytest.fixture(scope="module", autouse=True)
def quick_families():
    with one_setting_each():
        yield


@pytest.fixture(scope="module", params=["binary", "multiclass", "regression"])
def fold(request):
    """One fold of three modalities: blocks, part, singles, table, encodings."""
    table, labels = three_kinds(classes=2 if request.param == "binary" else 3)
    y = np.unique(labels, return_inverse=True)[1]
    if request.param == "regression":
        y = y + 0.1 * np.random.default_rng(0).normal(size=len(y))
    task = Task(request.param, tuple("abc"[: int(y.max()) + 1]) if request.param != "regression" else ())
    encodings, blocks = learn_encodings(table, MODALITIES)
    part = make_part(y, task, make_folds(y, task, n_folds=3, n_repeats=1), 0, 0, 0)
    return blocks, part, Singles(blocks, part), table, encodings


def test_every_fusion_and_the_best_single_have_a_name():
    assert set(NAMED) == {"best-single", *LATE, *EARLY}


@pytest.mark.parametrize("name", [*NAMED, "note/linear", "photo/neighbours"])
def test_the_predictor_answers_the_scored_rows_as_the_fit_did(fold, name):
    blocks, part, singles, table, encodings = fold
    fitted = strategy_named(name).fit(blocks, singles, part)
    np.testing.assert_array_equal(fitted.predictor.predict(blocks, part.test), fitted.test)
    apart = encode_rows(table.take(part.test), encodings)
    again = fitted.predictor.predict(apart, np.arange(len(part.test)))
    np.testing.assert_allclose(again, fitted.test, atol=1e-6)  # token weights are single precision


@pytest.mark.parametrize("name", list(NAMED))
def test_there_may_be_no_row_to_score(fold, name):
    blocks, part, *_ = fold
    nobody = replace(part, test=np.empty(0, dtype=np.int64))
    fitted = strategy_named(name).fit(blocks, Singles(blocks, nobody), nobody)
    assert fitted.test.shape == (0, part.task.width)
    assert fitted.predictor.predict(blocks, np.empty(0, dtype=np.int64)).shape == (0, part.task.width)
    assert fitted.predictor.predict(blocks, part.test).shape == (len(part.test), part.task.width)


def test_singles_read_back_without_predictors_can_still_be_pooled(fold):
    blocks, part, singles, *_ = fold
    chosen = {name: singles[name] for name in best_per_modality(singles, part).values()}
    bare = {name: replace(fitted, predictor=None) for name, fitted in chosen.items()}
    present = {m: presence(views) for m, views in blocks.items()}
    with_them, without = (fit_stacking(gather(s, present, part), part) for s in (chosen, bare))
    np.testing.assert_array_equal(with_them.test, without.test)
    assert with_them.predictor is not None
    assert without.predictor is None


def test_no_more_singles_are_fitted_than_a_strategy_asks_for(fold):
    blocks, part, *_ = fold
    asked = Singles(blocks, part)
    strategy_named("early-boosting").fit(blocks, asked, part)
    assert not asked._fitted
    strategy_named("early-linear").fit(blocks, asked, part)
    assert set(asked._fitted) == {"note/linear", "table/linear", "photo/linear"}
    assert len(asked) == len(list(asked)) > 3


def test_the_dummy_answers_with_the_prior(fold):
    blocks, part, *_ = fold
    fitted = dummy(part)
    np.testing.assert_array_equal(fitted.predictor.predict(blocks, part.test), fitted.test)


@pytest.mark.parametrize(
    ("name", "message"), [("stackin", "the nearest is 'stacking'"), ("note/lin", "the nearest is 'note/linear'")]
)
def test_an_unknown_name_is_refused_with_the_nearest(fold, name, message):
    blocks, part, *_ = fold
    with pytest.raises(InputError, match=message):
        fit_strategy(strategy_named(name), blocks, part)


def test_a_single_is_asked_for_by_its_modality_and_family():
    assert strategy_named("note/linear") == Single("note/linear")


def test_the_study_scores_what_the_estimator_predicts():
    """One code path: fitted on a fold's training rows under its seed, the estimator gives the ledger's predictions."""
    table, labels = three_kinds(120, classes=2, missing=False)
    kinds = {"table": fw.Tabular("size", "shop"), "photo": fw.Embedding("photo")}
    names = ["mean", "weighted-mean", "log-pool", "stacking", "greedy", "early-boosting"]
    study = fw.compare(
        table.append_column("y", [labels]), "y", modalities=kinds, strategies=names, folds=3, repeats=1, jobs=1
    )
    part = make_part(study.ledger.y, study.ledger.task, study.ledger.folds, 0, 1, 0)
    for name in [*names, "table/linear", "photo/neighbours"]:
        model = fw.FusionClassifier(kinds, name, random_state=part.seed)
        found = model.fit(table.take(part.train), labels[part.train]).predict_proba(table.take(part.test))
        np.testing.assert_allclose(found, study.ledger.predictions[name][0, part.test], atol=1e-9, err_msg=name)
