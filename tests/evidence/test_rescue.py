"""Rescued and harmed rows, and the exact McNemar test over them."""

from __future__ import annotations

import numpy as np
import pytest
from evidence_ledgers import BINARY, PLAIN, ledger_of, two_sided
from statsmodels.stats.contingency_tables import mcnemar

from fuseworthy.evidence.rescue import correctness, most_changed, rescue_matrix
from fuseworthy.folds import Folds, make_folds


def right_and_wrong(y, right):
    """Sure predictions that are right where told."""
    return two_sided(3.0 * np.where(right, 1, -1) * (2 * y - 1))


def hand_ledger():
    """Twelve rows: 4 both right, 3 rescued, 2 harmed, 3 both wrong."""
    y = np.array([0, 1] * 6)
    single = np.array([1] * 4 + [0] * 3 + [1] * 2 + [0] * 3, dtype=bool)
    fusion = np.array([1] * 4 + [1] * 3 + [0] * 2 + [0] * 3, dtype=bool)
    folds = Folds("held-out", np.zeros((1, 12), dtype=np.int64))
    return ledger_of(
        BINARY, y, folds, {"a/x": right_and_wrong(y, single)[None], "stack": right_and_wrong(y, fusion)[None]}
    )


def test_the_four_fields_and_their_rates_are_those_counted_by_hand():
    facts = rescue_matrix(hand_ledger(), "a/x", "stack")
    assert [facts[k] for k in ("both_right", "rescued", "harmed", "both_wrong")] == [4, 3, 2, 3]
    assert facts["rescue_rate"] == pytest.approx(3 / 6)
    assert facts["harm_rate"] == pytest.approx(2 / 6)
    assert facts["per_class"] == [
        {"class": "no", "rows": 6, "rescued": 2, "harmed": 1},
        {"class": "yes", "rows": 6, "rescued": 1, "harmed": 1},
    ]


@pytest.mark.parametrize("seed", range(6))
def test_the_p_value_is_the_exact_mcnemar_test_of_statsmodels(seed):
    rng = np.random.default_rng(seed)
    n = 60
    y = rng.integers(0, 2, n)
    folds = Folds("held-out", np.zeros((1, n), dtype=np.int64))
    right = {"a/x": rng.random(n) < 0.6, "stack": rng.random(n) < 0.8}
    ledger = ledger_of(BINARY, y, folds, {name: right_and_wrong(y, r)[None] for name, r in right.items()})
    one, two = right.values()
    table = [[(one & two).sum(), (one & ~two).sum()], [(~one & two).sum(), (~one & ~two).sum()]]
    expected = float(mcnemar(table, exact=True).pvalue)
    assert rescue_matrix(ledger, "a/x", "stack")["p_value"] == pytest.approx(expected, rel=1e-10)


def test_without_any_change_there_is_nothing_to_test():
    ledger = hand_ledger()
    facts = rescue_matrix(ledger, "a/x", "a/x")
    assert (facts["rescued"], facts["harmed"], facts["p_value"]) == (0, 0, 1.0)


def test_a_row_counts_by_its_majority_over_repeats():
    y = np.array([1, 1, 0, 0])
    right = np.array([[1, 1, 0, 1], [1, 0, 0, 1], [1, 0, 1, 1]], dtype=bool)
    folds = Folds("held-out", np.zeros((3, 4), dtype=np.int64))
    ledger = ledger_of(
        BINARY,
        y,
        folds,
        {"a/x": right_and_wrong(y, right), "stack": right_and_wrong(y, np.ones((3, 4), dtype=bool))},
    )
    assert correctness(ledger, "a/x").tolist() == pytest.approx([1, 1 / 3, 1 / 3, 1])
    assert rescue_matrix(ledger, "a/x", "stack")["rescued"] == 2


def test_rows_that_are_never_scored_are_not_counted():
    n = 60
    y = np.arange(n) % 2
    folds = make_folds(y, BINARY, n_folds=3, n_repeats=1, time=np.arange(n))
    p = np.where(folds.assignment[..., None] >= 0, right_and_wrong(y, np.ones(n, dtype=bool)), np.nan)
    q = np.where(folds.assignment[..., None] >= 0, right_and_wrong(y, np.zeros(n, dtype=bool)), np.nan)
    ledger = ledger_of(BINARY, y, folds, {"a/x": q, "stack": p})
    facts = rescue_matrix(ledger, "a/x", "stack")
    assert facts["rescued"] == 45
    assert facts["both_right"] + facts["harmed"] + facts["both_wrong"] == 0
    rescued, harmed = most_changed(ledger, "a/x", "stack", count=n)
    assert min(rescued) == 15
    assert not harmed


def test_the_most_changed_rows_come_largest_change_first():
    y = np.ones(6, dtype=int)
    folds = Folds("held-out", np.zeros((1, 6), dtype=np.int64))
    single, fusion = np.array([-1.0, -2, 1, 2, 1, -1]), np.array([1.0, 3, -1, -4, 2, -3])
    ledger = ledger_of(BINARY, y, folds, {"a/x": two_sided(single)[None], "stack": two_sided(fusion)[None]})
    assert most_changed(ledger, "a/x", "stack") == ([1, 0], [3, 2])
    assert most_changed(ledger, "a/x", "stack", count=1) == ([1], [3])


def test_regression_counts_rows_nearer_by_a_tenth_of_the_targets_deviation():
    y = np.zeros(5)
    folds = Folds("held-out", np.zeros((1, 5), dtype=np.int64))
    single, fusion = np.array([1.0, 1, 1, 1, 1]), np.array([0.5, 0.91, 1.09, 1.2, 1.11])
    ledger = ledger_of(PLAIN, y, folds, {"a/x": single[None, :, None], "stack": fusion[None, :, None]})
    facts = rescue_matrix(ledger, "a/x", "stack")
    assert (facts["rescued"], facts["harmed"], facts["kind"]) == (1, 2, "closer")
    assert (facts["rescue_rate"], facts["harm_rate"]) == (0.2, 0.4)
    assert most_changed(ledger, "a/x", "stack") == ([0, 1], [3, 4, 2])
