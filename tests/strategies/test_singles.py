"""Singles: tuned alike, calibrated, and silent where their modality is absent."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from fuseworthy.folds import make_folds
from fuseworthy.inputs.encoders.words import RUNS, WORDS, encode_counts
from fuseworthy.strategies.families import FAMILIES, families_for
from fuseworthy.strategies.features import TokenWeights
from fuseworthy.strategies.part import make_part
from fuseworthy.strategies.singles import fit_singles, mask_only
from fuseworthy.task import Task


def test_every_family_has_the_same_tuning_budget():
    budgets = {len(family.settings) for families in FAMILIES.values() for family in families}
    assert budgets == {5}


def test_every_modality_has_three_families_except_text_without_its_extra():
    assert len(FAMILIES["cells"]) == len(FAMILIES["vectors"]) == 3
    assert len(families_for({"counts": "counts"})) == 2
    assert len(families_for({"counts": "counts", "minilm": "vectors"})) == 3


def test_singles_beat_the_prior_on_rows_they_have_not_seen(any_problem):
    part, blocks = any_problem
    prior = part.task.mean_loss(part.y[part.test], part.constant(len(part.test)))
    for modality in ("v", "t"):
        for name, fitted in fit_singles(modality, blocks[modality], part).items():
            assert part.task.mean_loss(part.y[part.test], fitted.test) < prior, name
            assert fitted.inner.shape == (len(part.train), part.task.width)
            assert fitted.cost.parameters > 0


def test_rows_without_the_modality_get_the_prior(any_problem):
    part, blocks = any_problem
    absent = ~blocks["v"]["vectors"].present
    for fitted in fit_singles("v", blocks["v"], part).values():
        np.testing.assert_array_equal(fitted.test[absent[part.test]], part.constant(int(absent[part.test].sum())))
        np.testing.assert_array_equal(fitted.inner[absent[part.train]], part.constant(int(absent[part.train].sum())))


def test_what_stands_in_absent_rows_changes_nothing(binary_problem):
    part, blocks = binary_problem
    block = blocks["v"]["vectors"]
    before = fit_singles("v", blocks["v"], part)
    rubbish = block.values.copy()
    rubbish[~block.present] = 1e6
    other = type(block)(block.modality, block.view, rubbish, block.present, block.meta)
    after = fit_singles("v", {"vectors": other}, part)
    for name in before:
        np.testing.assert_array_equal(before[name].test, after[name].test)


def test_the_target_of_scored_rows_is_never_read(any_problem):
    part, blocks = any_problem
    y = part.y.copy()
    y[part.test] = y[part.test][::-1] if part.task.is_classification else 1e9
    blind = type(part)(part.task, y, part.train, part.test, part.inner, part.seed)
    for modality in ("v", "t"):
        seen, unseen = (fit_singles(modality, blocks[modality], p) for p in (part, blind))
        for name in seen:
            np.testing.assert_array_equal(seen[name].test, unseen[name].test)


def test_a_modality_absent_in_the_whole_training_part_says_the_prior(binary_problem):
    part, blocks = binary_problem
    block = blocks["v"]["vectors"]
    present = block.present.copy()
    present[part.train] = False
    hidden = type(block)(block.modality, block.view, block.values, present, block.meta)
    for fitted in fit_singles("v", {"vectors": hidden}, part).values():
        np.testing.assert_array_equal(fitted.test, part.constant(len(part.test)))


def test_weights_from_shared_counts_are_those_of_a_vectoriser_fitted_on_the_training_rows():
    rng = np.random.default_rng(0)
    words = np.array(["red", "blue", "cat", "dog", "sat", "ran", "on", "under", "mat", "log", "seen", "heard"])
    texts = [" ".join(rng.choice(words, 8)) for _ in range(80)]
    block = encode_counts("t", pa.table({"a": texts}))
    train = np.arange(60)
    ours = TokenWeights().fit(block, train, 0).transform(block, np.arange(80))
    parts = []
    for settings, weight in ((WORDS, 1.0), (RUNS, 0.5)):
        theirs = TfidfVectorizer(sublinear_tf=True, dtype=np.float64, **(settings | {"min_df": 2}))
        theirs.fit([texts[i] for i in train])
        parts.append(weight * theirs.transform(texts))
    np.testing.assert_allclose(
        np.sort(np.abs((ours @ ours.T).toarray()).ravel()),
        np.sort(np.abs(sum((p @ p.T).toarray() for p in parts)).ravel()),
        atol=2e-6,
    )


def test_mask_only_finds_a_target_that_missingness_gives_away():
    n = 200
    y = np.arange(n) % 2
    present = np.column_stack([y == 1, np.ones(n, dtype=bool)])
    task = Task("binary", ("a", "b"))
    part = make_part(y, task, make_folds(y, task, n_folds=4, n_repeats=1), 0, 0, 0)
    assert task.mean_loss(y[part.test], mask_only(present, part).test) < 0.2


@pytest.mark.parametrize("view", ["cells", "vectors"])
def test_units_of_measurement_do_not_matter_to_linear_singles(binary_problem, view):
    part, blocks = binary_problem
    modality = {"cells": "t", "vectors": "v"}[view]
    block = blocks[modality][view]
    scaled = block.values * np.array([1000.0, 1.0] if view == "cells" else [1000.0, 0.01, 7.0])
    other = type(block)(block.modality, block.view, scaled, block.present, block.meta)
    before = fit_singles(modality, {view: block}, part)[f"{modality}/linear"]
    after = fit_singles(modality, {view: other}, part)[f"{modality}/linear"]
    np.testing.assert_allclose(before.test, after.test, atol=1e-6)
