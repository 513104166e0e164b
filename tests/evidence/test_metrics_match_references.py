"""Headline metrics against scikit-learn, fold by fold; DeLong's error against its textbook formula and a bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from evidence_ledgers import BINARY, two_sided
from sklearn import metrics as reference

from fuseworthy.errors import InputError
from fuseworthy.evidence.intervals import paired_interval
from fuseworthy.evidence.metrics import FITTING, TITLES, check_metric, fold_scores, row_scores
from fuseworthy.folds import Folds, make_folds
from fuseworthy.task import Task

THREE = Task("multiclass", ("x", "y", "z"))


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def binary_case(rng, n=240):
    y = (rng.random(n) < 0.35).astype(int)
    prediction = two_sided(np.round((2 * y - 1) * 0.8 + rng.normal(size=(2, n)), 1))  # rounded: scores have ties
    return y, prediction, make_folds(y, BINARY, n_folds=4, n_repeats=2)


def three_case(rng, n=240):
    y = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    prediction = rng.dirichlet([1, 1, 1], (2, n)) + 0.6 * np.eye(3)[y]
    return y, prediction / prediction.sum(-1, keepdims=True), make_folds(y, THREE, n_folds=4, n_repeats=2)


def per_fold(scores, folds):
    return np.array([scores[r, folds.test(r, k)].mean() for r in range(folds.repeats) for k in range(folds.count)])


def reference_per_fold(function, y, prediction, folds):
    return np.array(
        [
            function(y[rows], prediction[r, rows])
            for r in range(folds.repeats)
            for k in range(folds.count)
            for rows in [folds.test(r, k)]
        ]
    )


BINARY_REFERENCES = {
    "accuracy": lambda y, p: reference.accuracy_score(y, p.argmax(1)),
    "balanced-accuracy": lambda y, p: reference.balanced_accuracy_score(y, p.argmax(1)),
    "macro-f1": lambda y, p: reference.f1_score(y, p.argmax(1), average="macro"),
    "auc": lambda y, p: reference.roc_auc_score(y, p[:, 1]),
    "brier": lambda y, p: reference.brier_score_loss(y, p[:, 1]),
    "log-loss": lambda y, p: reference.log_loss(y, p),
}
THREE_REFERENCES = {
    "accuracy": lambda y, p: reference.accuracy_score(y, p.argmax(1)),
    "balanced-accuracy": lambda y, p: reference.balanced_accuracy_score(y, p.argmax(1)),
    "macro-f1": lambda y, p: reference.f1_score(y, p.argmax(1), average="macro"),
    "auc": lambda y, p: reference.roc_auc_score(y, p, multi_class="ovr", average="macro"),
    "brier": lambda y, p: reference.brier_score_loss(y, p),
    "log-loss": lambda y, p: reference.log_loss(y, p),
}


def test_every_metric_that_can_be_asked_for_has_a_reference_here():
    assert set(FITTING["binary"]) == set(BINARY_REFERENCES)
    assert set(FITTING["multiclass"]) == set(THREE_REFERENCES)
    assert set(FITTING["regression"]) == {"r2", "mae"}
    assert {m for fitting in FITTING.values() for m in fitting} == set(TITLES)


@pytest.mark.parametrize("metric", BINARY_REFERENCES)
def test_binary_metrics_equal_scikit_learn_in_every_fold(metric, rng):
    y, prediction, folds = binary_case(rng)
    ours = per_fold(fold_scores(metric, BINARY, y, prediction, folds), folds)
    np.testing.assert_allclose(ours, reference_per_fold(BINARY_REFERENCES[metric], y, prediction, folds), atol=1e-12)


@pytest.mark.parametrize("metric", THREE_REFERENCES)
def test_multiclass_metrics_equal_scikit_learn_in_every_fold(metric, rng):
    y, prediction, folds = three_case(rng)
    prediction = np.clip(prediction, 2e-3, None)
    prediction = prediction / prediction.sum(-1, keepdims=True)
    ours = per_fold(fold_scores(metric, THREE, y, prediction, folds), folds)
    np.testing.assert_allclose(ours, reference_per_fold(THREE_REFERENCES[metric], y, prediction, folds), atol=1e-12)


@pytest.mark.parametrize("metric", ["auc", "balanced-accuracy", "macro-f1"])
def test_the_row_scores_of_ratio_metrics_have_the_spread_of_a_bootstrap(metric, rng):
    y, prediction, _ = three_case(rng, 1200)
    p = prediction[0]
    scores = row_scores(metric, THREE, y, p)
    drawn = rng.integers(0, len(y), (400, len(y)))
    again = [row_scores(metric, THREE, y[rows], p[rows]).mean() for rows in drawn]
    assert scores.std(ddof=1) / np.sqrt(len(y)) == pytest.approx(np.std(again), rel=0.12)


def test_r2_equals_scikit_learn_when_the_unit_is_the_folds_own_variance(rng):
    y, guess = rng.normal(3, 2, 60), rng.normal(3, 2, 60)
    task = Task("regression", variance=float(y.var()))
    assert row_scores("r2", task, y, guess[:, None]).mean() == pytest.approx(reference.r2_score(y, guess), abs=1e-12)
    assert row_scores("mae", task, y, guess[:, None]).mean() == pytest.approx(
        reference.mean_absolute_error(y, guess), abs=1e-12
    )


def test_a_multiclass_auc_leaves_out_a_class_the_fold_has_none_of(rng):
    y = np.array([0, 1, 0, 1, 1, 0])
    p = rng.dirichlet([1, 1, 1], 6)
    expected = np.mean([reference.roc_auc_score(y == c, p[:, c]) for c in (0, 1)])
    assert row_scores("auc", THREE, y, p).mean() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("task", [BINARY, THREE], ids=lambda t: t.kind)
def test_auc_of_a_fold_with_one_class_is_refused_by_name(task):
    with pytest.raises(InputError, match=r"AUC needs both classes in every fold.*another metric"):
        row_scores("auc", task, np.ones(4, dtype=int), np.full((4, task.width), 1 / task.width))


def test_auc_is_the_mean_over_folds_that_have_both_classes(rng):
    y = np.array([0, 0, 0, 1, 0, 1, 1, 0])
    folds = Folds("given", np.array([[0, 0, 0, 1, 1, 1, 2, 2]]))
    prediction = two_sided(rng.normal(size=(1, 8)))
    scores = fold_scores("auc", BINARY, y, prediction, folds)
    assert np.isnan(scores[0, :3]).all()
    expected = [reference.roc_auc_score(y[rows], prediction[0, rows, 1]) for rows in (slice(3, 6), slice(6, 8))]
    assert [scores[0, 3:6].mean(), scores[0, 6:].mean()] == pytest.approx(expected, abs=1e-12)


def test_auc_with_one_class_in_every_fold_is_refused_with_what_to_do(rng):
    y = np.array([0, 0, 1, 1])
    folds = Folds("given", np.array([[0, 0, 1, 1]]))
    with pytest.raises(InputError, match="Pass metric=accuracy"):
        fold_scores("auc", BINARY, y, two_sided(rng.normal(size=(1, 4))), folds)


def test_folds_without_predictions_stay_without_scores(rng):
    y, prediction, folds = binary_case(rng)
    first = folds.assignment == 0
    prediction[first] = np.nan
    scores = fold_scores("accuracy", BINARY, y, prediction, folds)
    assert np.isnan(scores[first]).all()
    assert np.isfinite(scores[~first]).all()


@pytest.mark.parametrize(("kind", "usual"), [("binary", "auc"), ("multiclass", "accuracy"), ("regression", "r2")])
def test_each_kind_of_target_has_its_usual_metric(kind, usual):
    task = Task(kind, () if kind == "regression" else ("a", "b", "c")[: 2 if kind == "binary" else 3])
    assert check_metric(None, task) == usual
    assert check_metric(usual, task) == usual


def test_a_metric_for_another_kind_of_target_is_refused_with_the_nearest_that_fits():
    with pytest.raises(InputError, match=r"fits a binary target, but 'acuracy' came: the nearest is 'accuracy'"):
        check_metric("acuracy", BINARY)
    with pytest.raises(InputError, match="fits a binary target, but 'r2' came"):
        check_metric("r2", BINARY)
    with pytest.raises(InputError, match="'f1' is not known"):
        row_scores("f1", BINARY, np.array([0]), np.array([[0.5, 0.5]]))


def test_the_error_of_an_auc_difference_is_that_of_delong_et_al(rng):
    """Their S10/m + S01/n for two scores on one set; ours is the same sum with one n/(n-1) for both classes."""
    n = 120
    y = (rng.random(n) < 0.4).astype(int)
    scores = [(2 * y - 1) * strength + rng.normal(size=n) for strength in (0.5, 0.9)]
    pos, neg = y == 1, y == 0
    m, k = pos.sum(), neg.sum()
    v10, v01 = [], []
    for x in scores:
        wins = (x[pos][:, None] > x[neg][None]) + 0.5 * (x[pos][:, None] == x[neg][None])
        v10.append(wins.mean(1))
        v01.append(wins.mean(0))
    s10, s01 = np.cov(v10), np.cov(v01)
    contrast = np.array([1, -1])
    delong = contrast @ (s10 / m + s01 / k) @ contrast
    exact = n / (n - 1) * (contrast @ (s10 * (m - 1) / m**2 + s01 * (k - 1) / k**2) @ contrast)

    both = [row_scores("auc", BINARY, y, two_sided(x)) for x in scores]
    held_out = Folds("held-out", np.zeros((1, n), dtype=np.int64))
    ours = paired_interval((both[0] - both[1])[None], held_out)
    assert ours.se**2 == pytest.approx(exact, rel=1e-10)
    assert ours.se**2 == pytest.approx(delong, rel=0.02)
    assert ours.gain == pytest.approx(v10[0].mean() - v10[1].mean(), abs=1e-12)


@pytest.mark.parametrize("metric", ["auc", "balanced-accuracy"])
def test_the_error_of_a_metric_that_is_no_mean_of_rows_agrees_with_a_bootstrap(metric, rng):
    n = 300
    y = (rng.random(n) < 0.3).astype(int)
    p = two_sided((2 * y - 1) * 0.7 + rng.normal(size=n))
    function = BINARY_REFERENCES[metric]
    draws = []
    for _ in range(400):
        rows = rng.integers(0, n, n)
        draws.append(function(y[rows], p[rows]))
    scores = row_scores(metric, BINARY, y, p)
    assert scores.std(ddof=1) / np.sqrt(n) == pytest.approx(np.std(draws), rel=0.12)
