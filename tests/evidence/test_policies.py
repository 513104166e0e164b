"""Policies: each choice is made without the rows it is scored on."""

from __future__ import annotations

import numpy as np
import pytest
from evidence_ledgers import PLAIN, ledger_of_losses, plain_folds
from hypothesis import given, settings
from hypothesis import strategies as st

from fuseworthy.evidence.duel import choosing_folds, policies, simplest_first
from fuseworthy.evidence.policies import best_overall, leave_fold_out
from fuseworthy.folds import Folds, make_folds

NAMES = ["first", "second", "third"]


def random_losses(rng, shape):
    return {name: rng.random(shape) for name in NAMES}


def hand_folds(*assignment):
    return Folds("given", np.array(assignment))


def test_the_choice_of_a_small_example_is_the_one_made_by_hand():
    """One row a fold. Without row 0: 1.5 against 0.5; without row 1: 1 against 0.5; without row 2: 0.5 against 1."""
    losses = {"first": np.array([[0.0, 1.0, 2.0]]), "second": np.array([[1.0, 1.0, 0.0]])}
    policy = leave_fold_out(losses, ["first", "second"], hand_folds([0, 1, 2]))
    assert policy.chosen == (("second", "second", "first"),)
    assert policy.loss.tolist() == [[1.0, 1.0, 2.0]]


def test_other_folds_count_by_their_rows_not_by_their_means():
    """Without fold 0, "first" loses 9/4 a row and "second" 8/4, though the mean of fold means says 2.0 against 2.33."""
    losses = {
        "first": np.array([[0.0, 3.0, 3.0, 2.0, 1.0]]),
        "second": np.array([[0.0, 1.0, 2.0, 1.0, 4.0]]),
    }
    means = {name: (row[0, 1:4].mean() + row[0, 4]) / 2 for name, row in losses.items()}
    assert means["first"] < means["second"]
    policy = leave_fold_out(losses, ["first", "second"], hand_folds([0, 1, 1, 1, 2]))
    assert policy.chosen[0][0] == "second"


def test_each_repeat_chooses_by_itself():
    losses = {"first": np.array([[0.0, 0.0], [1.0, 1.0]]), "second": np.array([[1.0, 1.0], [0.0, 0.0]])}
    policy = leave_fold_out(losses, ["first", "second"], hand_folds([0, 1], [0, 1]))
    assert policy.chosen == (("first", "first"), ("second", "second"))
    assert policy.loss.sum() == 0


@settings(deadline=None, max_examples=40, derandomize=True, database=None)
@given(seed=st.integers(0, 10_000), fold=st.integers(0, 4), repeat=st.integers(0, 1))
def test_no_choice_depends_on_the_fold_it_is_scored_on(seed, fold, repeat):
    rng = np.random.default_rng(seed)
    folds = plain_folds(40, n_repeats=2, seed=seed)
    losses = random_losses(rng, (2, 40))
    before = leave_fold_out(losses, NAMES, folds).chosen[repeat][fold]
    scored = folds.assignment[repeat] == fold
    for values in losses.values():
        values[repeat, scored] = rng.normal(0, 1000, scored.sum())
    assert leave_fold_out(losses, NAMES, folds).chosen[repeat][fold] == before


def test_a_choice_does_depend_on_the_other_folds():
    losses = random_losses(np.random.default_rng(0), (1, 40))
    folds = plain_folds(40, n_repeats=1)
    for wanted in NAMES:
        changed = {name: values - (10.0 if name == wanted else 0) for name, values in losses.items()}
        assert set(leave_fold_out(changed, NAMES, folds).chosen[0]) == {wanted}


@settings(deadline=None, max_examples=40, derandomize=True, database=None)
@given(seed=st.integers(0, 10_000), fold=st.integers(1, 4))
def test_in_time_no_choice_depends_on_the_scored_fold_or_any_later_one(seed, fold):
    rng = np.random.default_rng(seed)
    folds = make_folds(np.zeros(60), PLAIN, n_folds=5, n_repeats=1, time=np.arange(60))
    losses = random_losses(rng, (1, 60))
    before = leave_fold_out(losses, NAMES, folds).chosen[0]
    now_or_later = folds.assignment[0] >= fold
    for values in losses.values():
        values[0, now_or_later] = rng.normal(0, 1000, now_or_later.sum())
    assert leave_fold_out(losses, NAMES, folds).chosen[0][: fold + 1] == before[: fold + 1]


def test_in_time_the_first_fold_is_spent_on_choosing():
    folds = make_folds(np.zeros(12), PLAIN, n_folds=3, n_repeats=1, time=np.arange(12))
    losses = {
        "first": np.array([[np.nan] * 3 + [0.0] * 3 + [1.0] * 3 + [1.0] * 3]),
        "second": np.array([[np.nan] * 3 + [0.4] * 3 + [0.0] * 3 + [0.0] * 3]),
    }
    policy = leave_fold_out(losses, ["first", "second"], folds)
    assert policy.chosen == (("", "first", "second"),)
    assert np.isnan(policy.loss[0, :6]).all()
    assert policy.loss[0, 6:].tolist() == [1.0] * 3 + [0.0] * 3
    ledger = ledger_of_losses(folds, {name: np.nan_to_num(values) for name, values in losses.items()})
    assert np.isnan(policy.predictions(ledger)[0, :6]).all()
    assert np.isfinite(policy.predictions(ledger)[0, 6:]).all()


def test_an_exact_tie_goes_to_the_candidate_named_first():
    same = np.random.default_rng(1).random((2, 30))
    policy = leave_fold_out(dict.fromkeys(NAMES, same), NAMES[::-1], plain_folds(30, n_repeats=2))
    assert {name for row in policy.chosen for name in row} == {"third"}


PAIRS = Folds("given", (np.arange(400) // 2 % 5)[None])
ERROR = 0.1 / np.sqrt(320)
"""Standard error, over four folds of five, of an excess that is its mean plus .1 in one row and less .1 in the next."""


def nearly_alike(excess):
    """The last of three candidates is the best; the first two are worse by ``excess`` in every fold."""
    best = np.random.default_rng(8).random((1, 400))
    up_and_down = 0.1 * np.where(np.arange(400) % 2, 1, -1)
    return {"first": best + excess + up_and_down, "second": best + excess - up_and_down, "third": best}


def test_within_one_error_the_simplest_is_chosen_and_beyond_it_the_best():
    near, far = nearly_alike(0.9 * ERROR), nearly_alike(1.1 * ERROR)
    assert set(leave_fold_out(near, NAMES, PAIRS, within=1.0).chosen[0]) == {"first"}
    assert set(leave_fold_out(near, NAMES, PAIRS).chosen[0]) == {"third"}
    assert set(leave_fold_out(far, NAMES, PAIRS, within=1.0).chosen[0]) == {"third"}


def test_the_error_of_a_choice_is_that_of_groups_where_rows_come_in_groups():
    """Four identical copies of every row are no reason to be surer."""
    losses = {name: np.repeat(values, 4, axis=1) for name, values in nearly_alike(0.8 * ERROR).items()}
    fold = np.repeat(PAIRS.assignment, 4, axis=1)
    grouped, loose = Folds("given", fold, np.repeat(np.arange(400), 4)), Folds("given", fold)
    assert set(leave_fold_out(losses, NAMES, grouped, within=1.0).chosen[0]) == {"first"}
    assert set(leave_fold_out(losses, NAMES, loose, within=1.0).chosen[0]) == {"third"}


def test_the_policies_of_a_verdict_are_the_best_single_and_the_simplest_of_the_best_fusions():
    losses = nearly_alike(0.5 * ERROR)
    names = {"a/x": "first", "a/y": "third", "late": "first", "dear": "third"}
    ledger = ledger_of_losses(PAIRS, {name: losses[source] + 1 for name, source in names.items()}, {"dear": 1})
    single, fusion = policies(ledger, ledger.losses())
    assert set(single.chosen[0]) == {"a/y"}
    assert set(fusion.chosen[0]) == {"late"}


def test_regret_is_what_hindsight_would_have_saved():
    """Each candidate is chosen where it does badly: 1 + 1 lost where one candidate alone would have lost 1."""
    losses = {"first": np.array([[0.0, 1.0]]), "second": np.array([[1.0, 0.0]])}
    policy = leave_fold_out(losses, ["first", "second"], hand_folds([0, 1]))
    assert policy.chosen == (("second", "first"),)
    assert policy.regret == pytest.approx(0.5)
    assert leave_fold_out(losses, ["first"], hand_folds([0, 1])).regret == 0


@pytest.mark.parametrize("kind", ["single", "fusion"])
def test_the_verdict_names_the_simpler_first(kind):
    names = ["m/c", "m/a", "m/b"] if kind == "single" else ["c", "a", "b"]
    same = np.full((5, 30), 0.5)
    ledger = ledger_of_losses(plain_folds(30), dict.fromkeys(names, same), dict(zip(names, (3, 1, 2), strict=True)))
    assert simplest_first(ledger, kind=kind) == [names[1], names[2], names[0]]


def test_the_best_overall_is_the_lowest_mean_over_scored_rows():
    losses = {"first": np.array([[np.nan, 0.2, 0.4]]), "second": np.array([[np.nan, 0.1, 0.4]])}
    assert best_overall(losses, ["first", "second"]) == "second"
    assert best_overall({"first": losses["first"], "second": losses["first"]}, ["first", "second"]) == "first"


def test_a_policys_predictions_are_those_of_the_strategies_it_chose():
    folds = plain_folds(40, n_repeats=2)
    ledger = ledger_of_losses(folds, random_losses(np.random.default_rng(5), (2, 40)))
    policy = leave_fold_out(ledger.losses(), NAMES, folds)
    assert len({name for row in policy.chosen for name in row}) > 1, "this case must use several strategies"
    np.testing.assert_allclose(ledger.task.row_loss(ledger.y, policy.predictions(ledger)), policy.loss, atol=1e-15)


def held_out_ledger(rng, n=60, repeats=1, clusters=None, spared=0):
    assignment = np.zeros((repeats, n), dtype=np.int64)
    assignment[:, :spared] = -1
    return ledger_of_losses(
        Folds("held-out", assignment, clusters),
        {name: rng.random((repeats, n)) for name in ("a/x", "a/y", "fusion", "other")},
    )


def test_one_held_out_set_is_cut_into_five_parts_for_choosing():
    ledger = held_out_ledger(np.random.default_rng(0))
    parts = choosing_folds(ledger)
    assert sorted(np.unique(parts.assignment[0], return_counts=True)[1]) == [12] * 5
    losses = ledger.losses()
    policy = leave_fold_out(losses, ["fusion", "other"], parts)
    assert np.isfinite(policy.loss).all()
    for k in range(5):
        changed = {name: values.copy() for name, values in losses.items()}
        changed["fusion"][0, parts.assignment[0] == k] = 1e6
        assert leave_fold_out(changed, ["fusion", "other"], parts).chosen[0][k] == policy.chosen[0][k]


def test_every_repeat_of_a_held_out_set_is_chosen_for_and_scored():
    ledger = held_out_ledger(np.random.default_rng(0), repeats=3)
    policy = leave_fold_out(ledger.losses(), ["fusion", "other"], choosing_folds(ledger))
    assert policy.loss.shape == (3, 60)
    assert np.isfinite(policy.predictions(ledger)).all()


def test_rows_that_only_train_are_in_no_part():
    ledger = held_out_ledger(np.random.default_rng(0), spared=25)
    parts = choosing_folds(ledger)
    assert (parts.assignment[0] == -1).tolist() == [True] * 25 + [False] * 35
    assert set(parts.assignment[0, 25:]) == set(range(5))


def test_parts_of_a_held_out_set_keep_groups_whole():
    clusters = np.random.default_rng(2).integers(0, 9, 60)
    parts = choosing_folds(held_out_ledger(np.random.default_rng(0), clusters=clusters)).assignment[0]
    assert all(len(np.unique(parts[clusters == c])) == 1 for c in range(9))


def test_a_ledger_with_folds_chooses_over_its_own():
    folds = plain_folds(30)
    ledger = ledger_of_losses(folds, {"a/x": np.ones((5, 30)), "fusion": np.ones((5, 30))})
    assert choosing_folds(ledger) is ledger.folds
