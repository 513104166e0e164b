"""Fusions: any subset of modalities, any order of them, and never the scored rows' truth."""

import numpy as np
import pytest
from scipy import special

from fuseworthy.folds import make_folds
from fuseworthy.strategies import controls, early, late
from fuseworthy.strategies.calibration import Calibrator, fit_calibrator
from fuseworthy.strategies.catalogue import CATALOGUE, CONTROLS, EARLY, LATE
from fuseworthy.strategies.part import make_part
from fuseworthy.strategies.pools import Stacker, fit_weights, greedy_weights, log_pool, weighted_pool
from fuseworthy.strategies.singles import fit_singles
from fuseworthy.task import Task

POOLS = {
    "mean": late.fit_mean,
    "weighted-mean": late.fit_weighted,
    "log-pool": late.fit_log_pool,
    "stacking": late.fit_stacking,
    "greedy": late.fit_greedy,
}


def fit_all(part, blocks, order=("v", "t")):
    """All late and early fusions of a problem: name -> Fitted."""
    singles = {name: f for m in order for name, f in fit_singles(m, blocks[m], part).items()}
    present = {m: next(iter(blocks[m].values())).present for m in order}
    best = {n: singles[n] for n in late.best_per_modality(singles, part).values()}
    members = late.gather(best, present, part)
    fitted = {name: fit(members, part) for name, fit in POOLS.items()}
    ordered = {m: blocks[m] for m in order}
    chosen = early.best_linear(ordered, singles, part)
    strongest = late.best_single(singles, part).split("/")[0]
    fitted["early-linear"] = early.fit_early_linear(ordered, part, chosen, strongest)
    fitted["early-boosting"] = early.fit_early_boosting(ordered, part)
    return fitted, singles


def test_every_fusion_in_the_catalogue_is_tried_here(any_problem):
    fitted, _ = fit_all(*any_problem)
    assert set(fitted) == set(LATE) | set(EARLY)
    assert {*LATE, *EARLY, *CONTROLS} <= set(CATALOGUE)


def test_every_fusion_beats_the_best_single_when_modalities_complement_each_other(any_problem):
    part, blocks = any_problem
    fitted, singles = fit_all(part, blocks)
    y = part.y[part.test]
    alone = min(part.task.mean_loss(y, f.test) for f in singles.values())
    for name, f in fitted.items():
        assert np.isfinite(f.test).all()
        assert part.task.mean_loss(y, f.test) < alone + 0.05, name
    assert min(part.task.mean_loss(y, f.test) for f in fitted.values()) < alone


def test_the_order_of_modalities_does_not_matter(any_problem):
    part, blocks = any_problem
    forth, _ = fit_all(part, blocks)
    back, _ = fit_all(part, blocks, order=("t", "v"))
    for name in forth:
        np.testing.assert_allclose(forth[name].test, back[name].test, atol=2e-3, err_msg=name)


def test_the_target_of_scored_rows_is_never_read_by_a_fusion(binary_problem):
    part, blocks = binary_problem
    y = part.y.copy()
    y[part.test] = 1 - y[part.test]
    blind = type(part)(part.task, y, part.train, part.test, part.inner, part.seed)
    seen, unseen = fit_all(part, blocks)[0], fit_all(blind, blocks)[0]
    for name in seen:
        np.testing.assert_array_equal(seen[name].test, unseen[name].test)


def test_what_stands_in_absent_rows_changes_no_fusion(binary_problem):
    part, blocks = binary_problem
    block = blocks["v"]["vectors"]
    rubbish = block.values.copy()
    rubbish[~block.present] = -1e4
    other = {**blocks, "v": {"vectors": type(block)(block.modality, block.view, rubbish, block.present, block.meta)}}
    before, after = fit_all(part, blocks)[0], fit_all(part, other)[0]
    for name in before:
        np.testing.assert_allclose(before[name].test, after[name].test, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("lost", ["v", "t", "both"])
def test_fusions_answer_rows_that_lack_modalities_never_lacked_in_training(lost):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 300)
    task = Task("binary", ("a", "b"))
    part = make_part(y, task, make_folds(y, task, n_folds=3, n_repeats=1), 0, 0, 0)
    p = special.expit(2 * (2 * y - 1) + rng.normal(size=(2, 300)))
    stacked = np.stack([1 - p, p], axis=2)
    inner, test = stacked[:, part.train], stacked[:, part.test]
    present = np.ones((2, len(part.test)), dtype=bool)
    present[{"v": [0], "t": [1], "both": [0, 1]}[lost]] = False
    members = late.Members(
        ("v/x", "t/x"), inner, test, np.ones((2, len(part.train)), dtype=bool), present, (late.Cost(), late.Cost())
    )
    for name, fit in POOLS.items():
        found = fit(members, part).test
        assert np.isfinite(found).all()
        hits = (found.argmax(axis=1) == y[part.test]).mean()
        assert hits > 0.8 if lost != "both" else np.ptp(found[:, 1]) < 1e-9, name


def test_pools_of_one_member_are_that_member():
    p = np.random.default_rng(0).dirichlet(np.ones(3), 20)[None]
    everyone, prior = np.ones((1, 20), dtype=bool), np.full(3, 1 / 3)
    np.testing.assert_allclose(weighted_pool(p, everyone, np.ones(1), prior), p[0])
    np.testing.assert_allclose(log_pool(p, everyone, prior), p[0], atol=1e-9)


def test_fitted_weights_leave_a_useless_member_out():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 500)
    task = Task("binary", ("a", "b"))
    good = special.expit(2 * (2 * y - 1) + rng.normal(size=500))
    bad = rng.uniform(0.05, 0.95, 500)
    p = np.stack([np.column_stack([1 - q, q]) for q in (good, bad)])
    everyone = np.ones((2, 500), dtype=bool)
    assert fit_weights(p, everyone, y, task)[0] > 0.95
    assert greedy_weights(p, everyone, y, task)[0] > 0.9


def test_stacking_two_calibrated_independent_members_adds_their_evidence():
    """The Bayes pool of conditionally independent modalities has weight 1 for each (the product pool)."""
    rng = np.random.default_rng(2)
    n = 20_000
    y = rng.integers(0, 2, n)
    x = (2 * y - 1) * np.array([[1.0], [0.7]]) + rng.normal(size=(2, n))
    p = special.expit(2 * x * np.array([[1.0], [0.7]]))
    stacked = np.stack([1 - p, p], axis=2)
    task = Task("binary", ("a", "b"))
    stacker = Stacker(task, task.prior(y)).fit(stacked, np.ones((2, n), dtype=bool), y, np.arange(n) % 3)
    np.testing.assert_allclose(stacker.model_.coef_[0], [1, 1], atol=0.06)


def test_calibration_repairs_an_overconfident_scale():
    rng = np.random.default_rng(3)
    z = rng.normal(size=20_000) * 1.5
    y = (rng.random(20_000) < special.expit(z)).astype(int)
    q = special.expit(4 * z)
    found = fit_calibrator(np.column_stack([1 - q, q]), y, Task("binary", ("a", "b")))
    assert found.slope == pytest.approx(0.25, rel=0.05)
    assert found.intercept == pytest.approx(0, abs=0.05)


def test_calibration_never_turns_a_ranking_round():
    y = np.array([0, 1] * 50)
    q = np.where(y == 1, 0.2, 0.8)
    found = fit_calibrator(np.column_stack([1 - q, q]), y, Task("binary", ("a", "b")))
    assert found.slope == 0
    np.testing.assert_allclose(found.apply(np.array([[0.5, 0.5]])), [[0.5, 0.5]], atol=1e-9)


def test_multiclass_temperature_is_recovered():
    rng = np.random.default_rng(4)
    logits = rng.normal(size=(20_000, 4)) * 2
    p = special.softmax(logits, axis=1)
    y = (p.cumsum(axis=1) > rng.random(20_000)[:, None]).argmax(axis=1)
    task = Task("multiclass", tuple("abcd"))
    found = fit_calibrator(special.softmax(3 * logits, axis=1), y, task)
    assert found.slope == pytest.approx(1 / 3, rel=0.05)
    assert isinstance(found, Calibrator)


def test_placebo_rows_come_from_their_own_side(binary_problem):
    part, _ = binary_problem
    order = controls.placebo_order(part, None, True)
    assert sorted(order[part.train]) == part.train.tolist()
    assert sorted(order[part.test]) == part.test.tolist()
    assert (order != np.arange(len(order))).mean() > 0.9


def test_placebo_shuffles_within_groups_or_trades_whole_groups(binary_problem):
    part, _ = binary_problem
    clusters = np.empty(len(part.y), dtype=np.int64)
    clusters[part.train] = np.arange(len(part.train)) // 6
    clusters[part.test] = 1000 + np.arange(len(part.test)) // 6
    within = controls.placebo_order(part, clusters, True)
    np.testing.assert_array_equal(clusters[within], clusters)
    traded = controls.placebo_order(part, clusters, False)
    for group in np.unique(clusters):
        assert len(set(clusters[traded[clusters == group]].tolist())) == 1
    assert (clusters[traded] != clusters).mean() > 0.8


def test_placebo_shuffles_rows_that_are_alone_in_their_group_among_themselves(binary_problem):
    part, _ = binary_problem
    groups = np.arange(len(part.y))
    groups[part.train[1]] = groups[part.train[0]]
    order = controls.placebo_order(part, groups, True)
    assert (order != np.arange(len(order))).mean() > 0.9
    assert {order[part.train[0]], order[part.train[1]]} == {part.train[0], part.train[1]}


def test_members_weigh_by_their_error_on_rows_they_have():
    """Regression's log-pool: a near-perfect modality keeps its weight although it is mostly absent."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=600)
    task = Task("regression", variance=float(y.var()))
    part = make_part(y, task, make_folds(y, task, n_folds=3, n_repeats=1), 0, 0, 0)
    here = rng.random(600) < 0.2
    sharp = np.where(here, y + 0.05 * rng.normal(size=600), y.mean())
    p = np.stack([sharp, y + 0.8 * rng.normal(size=600)])[:, :, None]
    present = np.stack([here, np.ones(600, dtype=bool)])
    members = late.Members(
        ("v/x", "t/x"),
        p[:, part.train],
        p[:, part.test],
        present[:, part.train],
        present[:, part.test],
        (late.Cost(), late.Cost()),
    )
    both = present[0, part.test]
    found = late.fit_log_pool(members, part).raw[both]
    assert task.mean_loss(part.y[part.test][both], found) < 0.02


def test_a_regression_calibrator_never_turns_the_order_round():
    y = np.arange(50.0)
    found = fit_calibrator(-y[:, None], y, Task("regression", variance=float(y.var())))
    np.testing.assert_allclose(found.apply(np.array([[3.0]])), [[y.mean()]])
