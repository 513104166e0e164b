"""What must not matter to a verdict: the order of rows, names, repeated and useless candidates."""

from __future__ import annotations

import numpy as np
import pytest
from evidence_ledgers import gaussian_ledger, ledger_of
from hypothesis import given, settings
from hypothesis import strategies as st

from fuseworthy.evidence.verdict import decide
from fuseworthy.folds import Folds

quick = settings(deadline=None, max_examples=15, derandomize=True, database=None)
seeds = st.integers(0, 100_000)


def made(seed, *, grouped=False):
    rng = np.random.default_rng(seed)
    ledger = gaussian_ledger(rng, 150, second=float(rng.choice([0.0, 0.4, 0.8])), fusions=3, wobble=0.5, repeats=2)
    if not grouped:
        return ledger
    folds = Folds("grouped", ledger.folds.assignment, rng.integers(0, 40, 150))
    return ledger_of(ledger.task, ledger.y, folds, ledger.predictions)


def numbers(verdict):
    head = verdict.headline
    guard = [g[key] for g in verdict.guard for key in ("gain", "low", "high", "se", "p")]
    return [verdict.gain, verdict.low, verdict.high, verdict.se, head.single, head.fusion, head.low, head.high, *guard]


def same(one, other, within=1e-12):
    assert one.outcome == other.outcome
    assert numbers(one) == pytest.approx(numbers(other), abs=within)


def reordered(ledger, rows):
    clusters = None if ledger.folds.clusters is None else ledger.folds.clusters[rows]
    folds = Folds(ledger.folds.kind, ledger.folds.assignment[:, rows], clusters)
    predictions = {name: values[:, rows] for name, values in ledger.predictions.items()}
    return ledger_of(ledger.task, ledger.y[rows], folds, predictions)


@quick
@given(seed=seeds, grouped=st.booleans())
def test_the_order_of_rows_does_not_matter(seed, grouped):
    ledger = made(seed, grouped=grouped)
    rows = np.random.default_rng(seed + 1).permutation(ledger.n)
    same(decide(ledger), decide(reordered(ledger, rows)))


@quick
@given(seed=seeds)
def test_the_numbers_of_folds_and_the_order_of_repeats_do_not_matter(seed):
    ledger = made(seed)
    relabelled = np.random.default_rng(seed).permutation(5)[ledger.folds.assignment[::-1]]
    predictions = {name: values[::-1] for name, values in ledger.predictions.items()}
    same(decide(ledger), decide(ledger_of(ledger.task, ledger.y, Folds("stratified", relabelled), predictions)))


@quick
@given(seed=seeds)
def test_candidates_named_twice_change_nothing(seed):
    ledger = made(seed)
    twice = dict(ledger.predictions)
    for name in list(twice):
        twice[f"{name}-again"] = twice[name]
    same(decide(ledger), decide(ledger_of(ledger.task, ledger.y, ledger.folds, twice)), within=0)


@quick
@given(seed=seeds)
def test_names_of_strategies_and_modalities_do_not_matter(seed):
    ledger = made(seed)
    named = {"a/x": "text/linear", "b/x": "table/trees"}
    predictions = {named.get(name, f"z{name}"): values for name, values in ledger.predictions.items()}
    before, after = decide(ledger), decide(ledger_of(ledger.task, ledger.y, ledger.folds, predictions))
    assert before.outcome == after.outcome
    assert numbers(before)[:8] == numbers(after)[:8]
    assert sorted(g["p"] for g in before.guard) == sorted(g["p"] for g in after.guard)
    assert named.get(before.best_single) == after.best_single
    assert after.best_fusion == f"z{before.best_fusion}"


@quick
@given(seed=seeds)
def test_a_useless_candidate_added_twice_changes_nothing(seed):
    ledger = made(seed)
    flipped = np.stack([p[..., ::-1] for p in (ledger.predictions["fusion0"],)])[0]
    more = {**ledger.predictions, "useless": flipped, "useless-again": flipped}
    same(decide(ledger), decide(ledger_of(ledger.task, ledger.y, ledger.folds, more)), within=0)


@quick
@given(seed=seeds)
def test_naming_the_classes_the_other_way_round_does_not_matter(seed):
    ledger = made(seed)
    turned = {name: values[..., ::-1] for name, values in ledger.predictions.items()}
    same(decide(ledger), decide(ledger_of(ledger.task, 1 - ledger.y, ledger.folds, turned)))


def test_one_changed_prediction_does_matter():
    ledger = made(1)
    changed = {name: values.copy() for name, values in ledger.predictions.items()}
    for name in ("fusion0", "fusion1", "fusion2"):
        changed[name][0, 0] = 1 - changed[name][0, 0]
    assert decide(ledger).gain != decide(ledger_of(ledger.task, ledger.y, ledger.folds, changed)).gain
