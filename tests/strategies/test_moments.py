"""Ridge from sums over the rows gives the numbers of a loop of fits."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from fuseworthy.strategies import tuning
from fuseworthy.strategies.families import FAMILIES, Family
from fuseworthy.strategies.moments import ridge_every_subset, ridge_out_of_fold
from fuseworthy.task import Task

PENALTIES = [0.01, 1.0, 30.0]
EVEN = np.arange(120) % 4
GROUPED = np.repeat([0, 3, 7, 9], [70, 30, 19, 1])  # folds of groups: uneven, not numbered from zero


def rows(targets=1, n=120, seed=0):
    """Features far from zero and of unlike units, so that sums lose digits if they can."""
    rng = np.random.default_rng(seed)
    blocks = {
        "c": 100 + rng.normal(size=(n, 2)),
        "a": rng.normal(size=(n, 3)) * [1, 10, 0.1],
        "b": rng.normal(size=(n, 4)),
    }
    y = np.hstack(list(blocks.values())) @ rng.normal(size=(9, targets)) + rng.normal(size=(n, targets))
    return blocks, y[:, 0] if targets == 1 else y


def looped(x, y, folds, penalty):
    """Predictions of each fold by scikit-learn; a penalty a column is a rescaling of the columns."""
    scale = 1 / np.sqrt(np.broadcast_to(np.asarray(penalty, dtype=float), x.shape[1]))
    found = np.empty((len(x), y.reshape(len(y), -1).shape[1]))
    for k in np.unique(folds):
        fit, score = folds != k, folds == k
        model = Ridge(alpha=1.0).fit(x[fit] * scale, y[fit])
        found[score] = model.predict(x[score] * scale).reshape(score.sum(), -1)
    return found


@pytest.mark.parametrize("folds", [EVEN, GROUPED], ids=["even", "grouped"])
@pytest.mark.parametrize("targets", [1, 3])
def test_every_subset_fold_and_penalty_is_what_scikit_learn_fits(folds, targets):
    blocks, y = rows(targets)
    found = ridge_every_subset(blocks, y, folds, PENALTIES)
    subsets = [s for size in (1, 2, 3) for s in combinations(sorted(blocks), size)]
    assert list(found) == subsets
    for subset in subsets:
        x = np.hstack([blocks[m] for m in subset])
        for p, penalty in enumerate(PENALTIES):
            np.testing.assert_allclose(found[subset][p], looped(x, y, folds, penalty), atol=1e-8, err_msg=str(subset))


def test_a_penalty_for_each_column_is_what_scikit_learn_fits_on_rescaled_columns():
    blocks, y = rows()
    x = np.hstack(list(blocks.values()))
    penalties = [np.geomspace(0.01, 100, x.shape[1]), 1.0]
    found = ridge_out_of_fold(x, y, GROUPED, penalties)
    for p, penalty in enumerate(penalties):
        np.testing.assert_allclose(found[p], looped(x, y, GROUPED, penalty), atol=1e-8)


def test_the_order_in_which_modalities_are_named_changes_nothing():
    blocks, y = rows()
    forth = ridge_every_subset(blocks, y, EVEN, PENALTIES)
    back = ridge_every_subset(dict(sorted(blocks.items())), y, EVEN, PENALTIES)
    assert list(forth) == list(back)
    for subset in forth:
        np.testing.assert_array_equal(forth[subset], back[subset])


def test_one_fold_of_all_rows_leaves_nothing_to_learn_from():
    blocks, y = rows()
    with pytest.raises(ValueError, match="must leave rows to learn from, but fold 2 holds all 120"):
        ridge_every_subset(blocks, y, np.full(120, 2), PENALTIES)


@pytest.fixture
def fits(monkeypatch):
    """Counts the fits of estimators."""
    count, fit = [], tuning.fit_model
    monkeypatch.setattr(tuning, "fit_model", lambda *args: count.append(1) or fit(*args))
    return count


def without_moments(family: Family) -> Family:
    return Family(family.name, family.title, family.view, family.features, family.estimator, family.settings)


@pytest.mark.parametrize("view", ["cells", "vectors"])
def test_tuning_a_regression_gives_the_numbers_of_a_loop_of_fits_without_one(view, fits):
    blocks, y = rows()
    x, task = np.hstack(list(blocks.values())), Task("regression", variance=float(y.var()))
    family = next(f for f in FAMILIES[view] if f.ridge)
    quick = tuning.tune(family, x, y, task, GROUPED, 0, [])
    crossed = tuning.cross_fit(family, family.settings[1], x, y, task, GROUPED, 0, [])
    assert not fits
    slow = tuning.tune(without_moments(family), x, y, task, GROUPED, 0, [])
    assert len(fits) == len(family.settings) * 4
    assert quick.setting == slow.setting
    np.testing.assert_allclose(quick.inner, slow.inner, atol=1e-8)
    np.testing.assert_allclose(crossed, looped(x, y, GROUPED, 1 / family.settings[1]["C"]), atol=1e-8)


def test_classes_and_single_folds_are_still_fitted_one_by_one(fits):
    blocks, y = rows()
    family = FAMILIES["vectors"][0]
    tuning.cross_fit(family, {"C": 1.0}, blocks["a"], (y > 0).astype(int), Task("binary", ("a", "b")), EVEN, 0, [])
    assert len(fits) == 4
    task = Task("regression", variance=float(y.var()))
    alone = tuning.cross_fit(family, {"C": 1.0}, blocks["a"], y, task, np.zeros(120, dtype=int), 0, [])
    np.testing.assert_allclose(alone, y.mean())
