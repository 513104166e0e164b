"""Closed-form learners against scikit-learn, and true losses against a million fresh rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import f1_score, log_loss, roc_auc_score

from fuseworthy.datasets.synthetic import make
from fuseworthy.folds import make_folds
from fuseworthy.selftest.candidates import candidates
from fuseworthy.selftest.draws import Likeness, draw, group_numbers
from fuseworthy.selftest.learners import linear, moments, predict, stacked
from fuseworthy.selftest.risks import true_losses
from fuseworthy.selftest.settings import Design, Population, Setting
from fuseworthy.selftest.trial import Contest

KINDS = {
    "binary": Population(((1.0, 0.6),), correlation=0.3),
    "rare": Population(((1.0, 0.6),), correlation=0.3, prevalence=0.1),
    "multiclass": Population(((1.0, 0.6),), "multiclass", correlation=0.3),
    "regression": Population(((1.0, 0.6),), "regression", correlation=0.3),
}


@pytest.fixture(params=list(KINDS))
def population(request):
    return KINDS[request.param]


def learned(population, rows=300, seed=0):
    """Rows, the folds they are in, and moments of all training parts."""
    made = draw(population, Design(rows), 0, rows, np.random.default_rng(seed))
    x, y = made.x[0][:, : population.width], made.y[0]
    folds = make_folds(y, population.task, n_folds=5, n_repeats=2)
    others = 1.0 - np.eye(5)
    found = moments(x, y, population.task, folds.assignment, np.tile(others, (2, 1, 1)))
    return x, y, folds, found


def test_the_linear_learner_is_that_of_scikit_learn(population):
    x, y, folds, found = learned(population)
    weights = linear(found, range(population.width), 0.0).reshape(2, 5, population.width + 1, -1)
    for r, k in [(0, 0), (0, 4), (1, 2)]:
        train, test = folds.train(r, k), folds.test(r, k)
        ours = predict(weights[r, k], x[test], population.task)
        if population.kind == "regression":
            theirs = LinearRegression().fit(x[train], y[train]).predict(x[test])[:, None]
        else:
            counts = np.bincount(y[train]) + 0.5  # our priors are smoothed
            model = LinearDiscriminantAnalysis(solver="lsqr", priors=counts / counts.sum()).fit(x[train], y[train])
            centred = x[train] - model.means_[y[train]]  # theirs divides by n, ours by n less the classes
            covariance = centred.T @ centred / (len(train) - population.task.width)
            slope = np.linalg.solve(covariance, model.means_.T)
            scores = x[test] @ slope - 0.5 * np.diag(model.means_ @ slope) + np.log(model.priors_)
            theirs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
            np.testing.assert_allclose(ours, model.predict_proba(x[test]), atol=0.02)
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_shrinkage_is_the_shrunk_covariance_of_scikit_learn_and_ridge():
    population = KINDS["binary"]
    x, y, folds, found = learned(population)
    weights = linear(found, range(population.width), 0.3)[0]
    train = folds.train(0, 0)
    direction = weights[:-1, 1] - weights[:-1, 0]
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3).fit(x[train], y[train])
    cosine = direction @ model.coef_[0] / np.linalg.norm(direction) / np.linalg.norm(model.coef_)
    assert cosine == pytest.approx(1, abs=2e-3)  # theirs pools scaled class covariances
    population = KINDS["regression"]
    x, y, folds, found = learned(population)
    train = folds.train(0, 0)
    centred = x[train] - x[train].mean(axis=0)
    penalty = 0.3 / 0.7 * np.trace(centred.T @ centred) / population.width
    model = Ridge(alpha=penalty).fit(x[train], y[train])
    np.testing.assert_allclose(linear(found, range(population.width), 0.3)[0][:-1, 0] * 0.7, model.coef_, rtol=1e-6)


def test_a_stack_is_a_linear_learner_on_the_outputs():
    population = KINDS["regression"]
    x, y, folds, found = learned(population)
    singles = [linear(found, own, 0.0) for own in population.columns]
    weights = stacked(singles, found)[3]
    train = folds.train(0, 3)
    outputs = np.column_stack([predict(single[3], x[train], population.task)[:, 0] for single in singles])
    theirs = Ridge(alpha=1e-3 * np.trace(np.cov(outputs.T, ddof=0)) * len(train) / 2).fit(outputs, y[train])
    np.testing.assert_allclose(
        predict(weights, x[train], population.task)[:, 0], theirs.predict(outputs), atol=5e-3 * y.std()
    )


def test_nothing_is_learned_from_the_rows_that_are_scored():
    setting = Setting("made", "null", KINDS["binary"], Design(200), 2, controls=True)
    made = Contest(setting, candidates(setting), np.random.default_rng(0))
    x, y, folds = made.rows.x[0].copy(), made.rows.y[0].copy(), made.folds
    rows = folds.test(0, 1)
    x[rows], y[rows] = 1e3, 1 - y[rows]
    parts = np.tile(1.0 - np.eye(5), (folds.repeats, 1, 1))
    before, after = (
        moments(a, b, setting.population.task, folds.assignment, parts)
        for a, b in ((made.rows.x[0], made.rows.y[0]), (x, y))
    )
    np.testing.assert_allclose(before.mean[1], after.mean[1], rtol=1e-9)
    np.testing.assert_allclose(before.scatter[1], after.scatter[1], rtol=1e-6)
    assert np.abs(before.mean[0] - after.mean[0]).max() > 1


def test_in_time_only_earlier_rows_are_learned_from():
    setting = Setting("made", "time", KINDS["regression"], Design(280, "time", ar=0.5))
    made = Contest(setting, candidates(setting), np.random.default_rng(0))
    for k in (0, 5):
        train = made.folds.train(0, k)
        x, y = made.rows.x[0][train][:, :4], made.rows.y[0][train]
        theirs = LinearRegression().fit(x, y)
        np.testing.assert_allclose(made.models[0]["early-0"][k][:4, 0], theirs.coef_, rtol=1e-5)


def some_models(setting, count=4):
    made = Contest(setting, candidates(setting), np.random.default_rng(1))
    return np.array([made.models[0][name][0] for name in list(made.field)[:count]])


@pytest.mark.parametrize("metric", [None, "auc", "macro-f1", "accuracy"])
@pytest.mark.parametrize("name", ["binary", "rare"])
def test_true_losses_of_two_classes_are_those_of_fresh_rows(name, metric):
    setting = Setting("made", "gain", KINDS[name], Design(150), decide_on=metric)
    weights = some_models(setting)
    fresh = draw(setting.population, Design(400_000), 0, 400_000, np.random.default_rng(2))
    y, found = fresh.y[0], true_losses(weights, setting, 0, np.random.default_rng(3))
    for model, truth in zip(weights, found, strict=True):
        p = predict(model, fresh.x[0], setting.population.task)[:, 1]
        measured = {
            None: lambda p=p: log_loss(y, p),
            "auc": lambda p=p: -roc_auc_score(y, p),
            "macro-f1": lambda p=p: -f1_score(y, p > 0.5, average="macro"),
            "accuracy": lambda p=p: -np.mean((p > 0.5) == y),
        }[metric]()
        assert truth == pytest.approx(measured, abs=0.004)


def test_true_losses_of_regression_are_those_of_fresh_rows():
    setting = Setting("made", "gain", KINDS["regression"], Design(60), 3)
    weights = some_models(setting, 8)
    fresh = draw(setting.population, Design(400_000), 3, 400_000, np.random.default_rng(2))
    found = true_losses(weights, setting, 0, np.random.default_rng(3))
    measured = setting.population.task.row_loss(fresh.y[0], predict(weights, fresh.x[0], setting.population.task))
    np.testing.assert_allclose(found, measured.mean(axis=1), rtol=0.01)


def test_the_best_possible_loss_is_that_of_the_canonical_task():
    """Weights learned from two million rows: the closed forms of canonical task T1."""
    truth = make("T1", 10, 0).truth
    setting = Setting("made", "gain", Population(((1.0, 0.7),)), Design(1))
    ideal = np.zeros((2, 7, 2))
    ideal[0, 0, 1], ideal[1, [0, 2], 1] = 2.0, (2.0, 1.4)
    found = true_losses(ideal, setting, 0, np.random.default_rng(0))
    assert found == pytest.approx([truth.single1.log_loss, truth.fused.log_loss], abs=1e-4)


def test_one_row_by_itself_has_the_same_law_in_groups_and_in_time():
    population, rng = KINDS["binary"], np.random.default_rng(4)
    designs = [Design(200_000, group_size=10, icc=0.6), Design(200_000, ar=0.9)]
    for design in designs:
        made = draw(population, design, 1, design.rows, rng)
        x, y = made.x[0], made.y[0]
        for c in (0, 1):
            np.testing.assert_allclose(x[y == c].mean(axis=0)[:4], population.means(0)[c], atol=0.05)
        centred = (x - np.array([x[y == c].mean(axis=0) for c in (0, 1)])[y])[:, :4]
        np.testing.assert_allclose(np.cov(centred.T), population.covariance, atol=0.03)


def test_groups_and_neighbours_are_as_alike_as_asked():
    rng = np.random.default_rng(5)
    groups = np.arange(100_000) // 10
    x = Likeness(groups, 0.6, 0.0).series(rng.normal(size=(100_000, 1)), rng)[:, 0]
    assert np.corrcoef(x[::10], x[1::10])[0, 1] == pytest.approx(0.6, abs=0.03)
    x = Likeness(None, 0.0, 0.8).series(rng.normal(size=(100_000, 1)), rng)[:, 0]
    assert np.corrcoef(x[1:], x[:-1])[0, 1] == pytest.approx(0.8, abs=0.02)
    sizes = np.bincount(group_numbers(Design(600, group_size=30, skewed=True), 600))
    assert len(sizes) == 20
    assert 5 < sizes.max() / sizes.min() < 12


def test_a_moved_modality_says_nothing_about_the_target():
    population = Population(((1.0, 1.0),), moved=True)
    made = draw(population, Design(50_000), 0, 50_000, np.random.default_rng(6))
    assert abs(np.corrcoef(made.x[0][:, 2], made.y[0])[0, 1]) < 0.02
    assert np.corrcoef(made.x[0][:, 0], made.y[0])[0, 1] > 0.6


def test_the_true_gain_is_that_of_the_models_the_policies_chose():
    """The mean over folds of what fresh rows say about every fold's pair of models."""
    setting = Setting("made", "gain", KINDS["multiclass"], Design(300, repeats=1))
    made = Contest(setting, candidates(setting), np.random.default_rng(7))
    ledger = made.ledger()
    gains = [made.true_gains(ledger, np.random.default_rng(seed))[0] for seed in range(8)]
    assert np.std(gains) < 0.02
    assert 0.005 < np.mean(gains) < 0.1
