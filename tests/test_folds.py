"""Folds: classes spread, groups whole, time forward, the same seed the same digest, and errors that name the remedy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fuseworthy.errors import FoldError
from fuseworthy.folds import Folds, default_plan, inner_folds, make_folds, split_rows
from fuseworthy.task import Task

BINARY = Task("binary", ("no", "yes"))
THREE = Task("multiclass", ("x", "y", "z"))
PLAIN = Task("regression")

quick = settings(deadline=None, max_examples=30, derandomize=True, database=None)


def whole(fold, clusters):
    return all(len(np.unique(fold[clusters == c])) == 1 for c in np.unique(clusters))


@quick
@given(seed=st.integers(0, 10_000), n=st.integers(30, 120), n_folds=st.integers(2, 6))
def test_counts_of_each_class_differ_by_at_most_one_between_folds(seed, n, n_folds):
    y = np.random.default_rng(seed).choice(3, n, p=[0.2, 0.3, 0.5])
    assume(np.bincount(y, minlength=3).min() >= n_folds)
    folds = make_folds(y, THREE, n_folds=n_folds, n_repeats=2, random_state=seed)
    assert folds.kind == "stratified"
    for assignment in folds.assignment:
        counts = np.array([np.bincount(y[assignment == k], minlength=3) for k in range(n_folds)])
        assert (counts.max(axis=0) - counts.min(axis=0)).max() <= 1
        assert counts.sum() == n


def test_regression_rows_are_shuffled_into_equal_folds():
    folds = make_folds(np.arange(23.0), PLAIN, n_folds=5, n_repeats=3)
    assert folds.kind == "shuffled"
    for assignment in folds.assignment:
        assert sorted(np.bincount(assignment)) == [4, 4, 5, 5, 5]
    assert (folds.assignment[0] != folds.assignment[1]).any()


@quick
@given(
    seed=st.integers(0, 10_000),
    sizes=st.lists(st.integers(1, 12), min_size=6, max_size=30),
    task=st.sampled_from([BINARY, PLAIN]),
    n_folds=st.integers(2, 5),
)
def test_a_group_is_never_split_and_no_fold_is_empty(seed, sizes, task, n_folds):
    rng = np.random.default_rng(seed)
    clusters = rng.permutation(np.repeat(rng.permutation(1000)[: len(sizes)], sizes))
    y = rng.integers(0, 2, len(clusters))
    assume(task is PLAIN or np.bincount(y, minlength=2).min() >= n_folds)
    folds = make_folds(y, task, n_folds=n_folds, n_repeats=2, clusters=clusters, random_state=seed)
    assert folds.kind == "grouped"
    for r in range(2):
        assert whole(folds.assignment[r], clusters)
        for k in range(n_folds):
            assert len(folds.test(r, k)) > 0
            assert not set(clusters[folds.test(r, k)]) & set(clusters[folds.train(r, k)])


def test_a_few_groups_are_spread_by_class():
    rng = np.random.default_rng(0)
    clusters = np.arange(600) // 6
    y = np.repeat((rng.random(100) < 0.3).astype(int), 6)
    fold = split_rows(y, 600, clusters, 5, seed=1)
    shares = [y[fold == k].mean() for k in range(5)]
    assert whole(fold, clusters)
    assert max(shares) - min(shares) < 0.08


@pytest.mark.parametrize("labelled", [True, False])
def test_many_groups_are_dealt_like_cards_whole_and_even(labelled):
    rng = np.random.default_rng(0)
    clusters = rng.permutation(np.repeat(np.arange(2500), rng.integers(1, 5, 2500)))
    n = len(clusters)
    y = (rng.random(2500) < 0.2).astype(int)[clusters]
    fold = split_rows(y if labelled else None, n, clusters, 5, seed=3)
    of_cluster = np.full(2500, -1)
    of_cluster[clusters] = fold
    assert (of_cluster[clusters] == fold).all()
    assert np.bincount(of_cluster).tolist() == [500] * 5
    rows = np.bincount(fold)
    assert rows.max() - rows.min() < 0.05 * n
    if labelled:
        shares = [y[fold == k].mean() for k in range(5)]
        assert max(shares) - min(shares) < 0.02
    assert (split_rows(y if labelled else None, n, clusters, 5, seed=4) != fold).any()


@quick
@given(seed=st.integers(0, 10_000), moments=st.integers(20, 60), n_folds=st.integers(2, 5))
def test_in_time_all_training_rows_are_earlier_and_ties_stay_together(seed, moments, n_folds):
    rng = np.random.default_rng(seed)
    time = rng.permutation(np.repeat(rng.permutation(10_000)[:moments], rng.integers(1, 4, moments)))
    folds = make_folds(np.zeros(len(time)), PLAIN, n_folds=n_folds, n_repeats=1, time=time)
    assert folds.kind == "temporal"
    assert folds.assignment.shape == (1, len(time))
    assert whole(folds.assignment[0], time)
    assert sorted(np.unique(folds.assignment)) == list(range(-1, n_folds))
    for k in range(n_folds):
        train, test = folds.train(0, k), folds.test(0, k)
        assert len(train) > 0
        assert time[train].max() < time[test].min()
        assert len(train) == (time < time[test].min()).sum(), "all that is earlier may be learned from"


def test_in_time_the_first_block_only_trains_and_repeats_are_not_made():
    folds = make_folds(np.zeros(12), PLAIN, n_folds=3, n_repeats=5, time=np.arange(12)[::-1].copy())
    assert folds.assignment.tolist() == [[2, 2, 2, 1, 1, 1, 0, 0, 0, -1, -1, -1]]


def test_the_same_seed_gives_the_same_folds_and_another_seed_others():
    y = np.arange(60) % 2
    again = [make_folds(y, BINARY, n_folds=5, n_repeats=2, random_state=s).digest for s in (0, 0, 1)]
    assert again[0] == again[1] != again[2]


def test_the_digest_tells_kind_assignment_groups_and_order_apart():
    assignment = np.array([[0, 1, 0, 1]])
    four = np.arange(4)
    digests = {
        Folds("given", assignment).digest,
        Folds("stratified", assignment).digest,
        Folds("given", 1 - assignment).digest,
        Folds("given", assignment, four).digest,
        Folds("given", assignment, None, four).digest,
        Folds("given", assignment, four // 2).digest,
    }
    assert len(digests) == 6
    assert Folds("given", np.asfortranarray(assignment.astype(np.int32))).digest in digests


def test_every_row_is_scored_once_a_repeat_and_trains_otherwise():
    folds = make_folds(np.arange(31) % 2, BINARY, n_folds=4, n_repeats=2)
    assert (folds.repeats, folds.count) == (2, 4)
    for r in range(2):
        assert sorted(np.concatenate([folds.test(r, k) for k in range(4)])) == list(range(31))
        for k in range(4):
            assert sorted([*folds.test(r, k), *folds.train(r, k)]) == list(range(31))


@pytest.mark.parametrize(
    ("n", "plan"), [(10, (5, 5)), (1999, (5, 5)), (2000, (5, 2)), (19_999, (5, 2)), (20_000, (5, 1))]
)
def test_fewer_rows_get_more_repeats(n, plan):
    assert default_plan(n) == plan


CASES = {
    "one fold": ({"y": np.zeros(9), "n_folds": 1}, "at least 2, but 1 came. Pass folds=5"),
    "fewer rows than folds": ({"y": np.zeros(4), "n_folds": 5}, "one row per fold, but has 4 rows for 5 folds"),
    "too few groups": (
        {"y": np.zeros(20), "n_folds": 5, "clusters": np.arange(20) % 4},
        "there are 4 groups for 5 folds. Pass fewer folds, or a finer group column",
    ),
    "a rare class": (
        {"y": np.repeat([0, 1], [16, 4]), "n_folds": 5, "task": BINARY},
        "class 'yes' has 4 for 5 folds. Pass fewer folds, or merge or remove the rare class",
    ),
    "an absent class": ({"y": np.zeros(20), "n_folds": 5, "task": BINARY}, "class 'yes' has 0 for 5 folds"),
    "too few moments": (
        {"y": np.zeros(20), "n_folds": 5, "time": np.arange(20) % 5},
        "at least 6 different values for 5 folds, but has 5. Pass fewer folds, or a finer time column",
    ),
    "one crowded moment": (
        {"y": np.zeros(20), "n_folds": 3, "time": np.array([0, 1, 2] + [3] * 17)},
        "too many rows share one moment. Pass fewer folds",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_split_is_refused_with_what_to_do(case):
    asked, message = CASES[case]
    task = asked.get("task", PLAIN)
    with pytest.raises(FoldError) as caught:
        make_folds(asked["y"], task, **{k: v for k, v in asked.items() if k not in ("y", "task")}, n_repeats=1)
    assert message in str(caught.value)


@quick
@given(seed=st.integers(0, 10_000), groups=st.integers(2, 12), task=st.sampled_from([BINARY, PLAIN]))
def test_inner_folds_keep_groups_whole_however_few_there_are(seed, groups, task):
    rng = np.random.default_rng(seed)
    clusters = rng.permutation(np.repeat(rng.permutation(99)[:groups], 6))
    fold = inner_folds(rng.integers(0, 2, 6 * groups), task, clusters, None, n_folds=3, seed=seed)
    assert whole(fold, clusters)
    assert len(np.unique(fold)) == min(3, groups)


def test_inner_folds_split_the_rows_of_an_only_group():
    fold = inner_folds(np.arange(12) % 2, BINARY, np.full(12, 7), None, n_folds=3, seed=0)
    assert np.bincount(fold).tolist() == [4, 4, 4]


def test_inner_folds_of_time_are_blocks_with_ties_together():
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(20), 3))
    fold = inner_folds(np.zeros(60), PLAIN, None, order, n_folds=3, seed=0)
    assert whole(fold, order)
    assert len(np.unique(fold)) == 3
    assert all(order[fold == k].max() < order[fold == k + 1].min() for k in range(2))


def test_inner_folds_of_a_single_moment_are_still_folds():
    fold = inner_folds(np.zeros(9), PLAIN, None, np.full(9, 4), n_folds=3, seed=0)
    assert np.bincount(fold).tolist() == [3, 3, 3]


@pytest.mark.parametrize("y", [np.repeat([0, 1], [28, 2]), np.zeros(30, dtype=int)], ids=["rare", "single"])
def test_inner_folds_do_not_stop_at_a_class_too_rare_to_spread(y):
    fold = inner_folds(y, BINARY, None, None, n_folds=3, seed=0)
    assert np.bincount(fold).tolist() == [10, 10, 10]


def test_inner_folds_spread_classes_that_are_not_rare():
    y = np.repeat([0, 1], [24, 6])
    fold = inner_folds(y, BINARY, None, None, n_folds=3, seed=0)
    assert np.bincount(fold[y == 1]).tolist() == [2, 2, 2]


def test_folds_in_time_do_not_train_on_clusters_that_they_score():
    clusters, time = np.arange(120) % 40, np.arange(120)
    y = np.arange(120) % 2
    folds = make_folds(y, Task("binary", ("a", "b")), n_folds=4, n_repeats=1, clusters=clusters, time=time)
    for k in range(4):
        train, test = folds.train(0, k), folds.test(0, k)
        assert not set(clusters[train]) & set(clusters[test])
        assert time[train].max(initial=-1) < time[test].min()
