"""Many comparisons at once, against statsmodels and arch; and the decomposition of information."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from fuseworthy.evidence.decomposition import cells_for, decompose_information, decomposition_facts
from fuseworthy.evidence.multiple import holm, model_confidence_set, simultaneous_quantile
from fuseworthy.folds import Folds


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_adjusted_p_values_are_those_of_statsmodels(p):
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-12)


def one_pass(n, clusters=None):
    return Folds("given", np.zeros((1, n), dtype=int), clusters)


def test_the_model_confidence_set_is_that_of_arch():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from arch.bootstrap import MCS
    rng = np.random.default_rng(0)
    common = rng.normal(size=(600, 1))
    table = common + rng.normal(size=(600, 6)) + np.array([0.0, 0.02, 0.05, 0.12, 0.16, 0.3])
    names = [f"m{i}" for i in range(6)]
    ours = model_confidence_set({n: table[None, :, i] for i, n in enumerate(names)}, one_pass(600))
    reference = MCS(table, size=0.1, reps=4000, block_size=1, method="max", bootstrap="stationary", seed=0)
    reference.compute()
    theirs = {names[int(i)]: float(p) for i, p in reference.pvalues["Pvalue"].items()}
    assert ours == pytest.approx(theirs, abs=0.06)
    assert {n for n, p in ours.items() if p >= 0.1} == {names[int(i)] for i in reference.included}


def test_rows_of_one_group_count_once():
    rng = np.random.default_rng(1)
    table = rng.normal(size=(200, 2)) + np.array([0, 0.1])
    copies = np.repeat(np.arange(200), 5)
    plain = {n: table[None, :, i] for i, n in enumerate("ab")}
    copied = {n: table[None, copies, i] for i, n in enumerate("ab")}
    once = model_confidence_set(plain, one_pass(200))
    assert model_confidence_set(copied, one_pass(1000, copies)) == pytest.approx(once, abs=1e-9)


def test_the_simultaneous_quantile_lies_between_one_test_and_bonferroni():
    rng = np.random.default_rng(2)
    apart = list(rng.normal(size=(8, 500)))
    alike = [apart[0] + 1e-3 * a for a in apart]
    assert simultaneous_quantile(apart, 0.05) == pytest.approx(2.48, abs=0.05)
    assert simultaneous_quantile(alike, 0.05) == pytest.approx(1.645, abs=0.05)


A, B = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])


@pytest.mark.parametrize(
    ("y", "parts"), [(A & B, (0.311, 0, 0, 0.5)), (A ^ B, (0, 0, 0, 1)), (A, (0, 1, 0, 0)), (B, (0, 0, 1, 0))]
)
def test_the_decomposition_of_known_gates_is_exact(y, parts):
    found = decompose_information(A, B, y)
    assert [v / np.log(2) for v in found.values()] == pytest.approx(parts, abs=1e-3)


def test_a_copy_is_redundant():
    found = decompose_information(np.array([0, 1]), np.array([0, 1]), np.array([0, 1]))
    assert found["redundancy"] == pytest.approx(np.log(2), abs=1e-9)


def test_synergy_of_noise_is_biased_as_the_law_says_and_the_correction_takes_it_away():
    rng = np.random.default_rng(0)
    n, k = 2000, 5
    noise = [rng.integers(0, c, n) for c in (k, k, 2)]
    law = (k - 1) ** 2 / (2 * n)
    many = [decompose_information(*[rng.permutation(c) for c in noise])["synergy"] for _ in range(10)]
    assert np.mean(many) == pytest.approx(law, rel=0.35)
    synergy = next(p for p in decomposition_facts(*noise, ("a", "b"))["parts"] if p["part"] == "synergy")
    assert synergy["low"] < 0 < synergy["high"]


def test_too_few_rows_are_answered_with_not_estimable_and_how_many_would_do():
    rng = np.random.default_rng(0)
    facts = decomposition_facts(*[rng.integers(0, c, 200) for c in (3, 3, 2)], ("a", "b"))
    assert not facts["estimable"]
    assert facts["rows_needed"] == 400
    assert "Not estimable" in facts["sentence"]
    assert cells_for(100, 2) is None
