"""Tables in, predictions out: any subset of modalities, any frame, one row or all."""

import pickle
import warnings
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from three_kinds import MODALITIES, one_setting_each, three_kinds

import fuseworthy as fw
from fuseworthy.errors import InputError
from fuseworthy.strategies.part import Constant, Fitted
from fuseworthy.strategies.strategy import NAMED, EarlyBoosting, EarlyLinear, Late

STRATEGIES = ["stacking", "greedy", "early-linear", "early-boosting"]
SUBSETS = [s for size in (1, 2, 3) for s in combinations(sorted(MODALITIES), size)]


@pytest.fixture(scope="module", autouse=True)
def quick_families():
    with one_setting_each():
        yield


@pytest.fixture(scope="module")
def rows():
    return three_kinds()


@pytest.fixture(scope="module")
def models(rows):
    """Classifiers fitted to the same rows: strategy -> model."""
    table, y = rows
    return {name: fw.FusionClassifier(MODALITIES, name, random_state=0).fit(table, y) for name in STRATEGIES}


@pytest.fixture
def linear():
    return fw.EarlyFusionClassifier(MODALITIES, random_state=0)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_rows_are_told_apart_by_modalities_that_tell(models, strategy):
    table, y = three_kinds(seed=1)
    assert models[strategy].score(table, y) > 0.8


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("subset", SUBSETS, ids="+".join)
def test_any_subset_of_modalities_gives_probabilities(models, rows, strategy, subset):
    table, _ = rows
    kept = [column for m in subset for column in MODALITIES[m].columns]
    empty = pa.table({c: table[c] if c in kept else pa.nulls(len(table), table[c].type) for c in table.column_names})
    p = models[strategy].predict_proba(table.select(kept))
    assert np.isfinite(p).all()
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_array_equal(p, models[strategy].predict_proba(empty))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_row_alone_is_answered_like_the_row_among_others(models, rows, strategy):
    table, _ = rows
    together = models[strategy].predict_proba(table)
    alone = [models[strategy].predict_proba(table.slice(i, 1))[0] for i in range(0, len(table), 3)]
    np.testing.assert_allclose(alone, together[::3], atol=1e-12)
    back = models[strategy].predict_proba(table.take(np.arange(len(table))[::-1]))
    np.testing.assert_allclose(back[::-1], together, atol=1e-12)


def test_the_order_of_columns_and_others_beside_them_do_not_matter(models, rows):
    table, _ = rows
    other = table.select(table.column_names[::-1]).append_column("more", [np.arange(len(table))])
    np.testing.assert_array_equal(models["stacking"].predict(other), models["stacking"].predict(table))


def test_frames_of_every_library_give_the_same_predictions(models, rows, to_frame):
    table, y = rows
    model = fw.FusionClassifier(MODALITIES, "early-linear", random_state=0).fit(to_frame(table), y)
    np.testing.assert_array_equal(model.predict_proba(to_frame(table)), models["early-linear"].predict_proba(table))


def test_a_category_never_seen_counts_for_none(models, rows):
    table, _ = rows
    place = table.column_names.index("shop")
    news, nobody = ["moon"] * len(table), pa.nulls(len(table), pa.string())
    for model in models.values():
        seen = [model.predict_proba(table.set_column(place, "shop", column)) for column in ([news], nobody)]
        has_cells = ~np.isnan(np.array(table["size"].to_pylist(), dtype=float))
        np.testing.assert_allclose(seen[0][has_cells], seen[1][has_cells])


def test_modalities_are_inferred_and_columns_left_out_are_named(rows):
    table, y = rows
    notes = pa.array(
        [f"{t} {b} {i}" if t else None for i, (t, b) in enumerate(zip(*table.select([0, 1]).columns, strict=True))]
    )
    plain = table.append_column("note", notes).append_column("same", [np.ones(len(table))])
    model = fw.EarlyFusionClassifier(random_state=0).fit(plain.drop_columns(["title", "body"]), y)
    assert set(model.modalities_) == {"note", "table", "photo"}
    assert "constant" in model.left_out_["same"]
    assert model.feature_names_in_.tolist() == ["size", "shop", "day", "photo", "note"]
    assert model.n_features_in_ == 5


def test_an_array_may_be_split_into_modalities():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 4))
    halves = {"left": fw.Tabular("x0", "x1"), "right": fw.Embedding("x2", "x3")}
    model = fw.FusionRegressor(halves, "stacking", random_state=0).fit(x, x[:, 0] + x[:, 2])
    assert model.score(x, x[:, 0] + x[:, 2]) > 0.5
    half = np.where([True, True, False, False], x, np.nan)
    with pytest.warns(fw.UnseenAbsenceWarning, match="'right' in 80 of 80 rows"):
        assert np.isfinite(model.predict(half)).all()


@pytest.mark.parametrize("strategy", [*NAMED, "table/linear", "table/boosting"])
def test_columns_that_say_nothing_do_no_harm(strategy):
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(size=40), np.ones(40), np.full(40, np.nan)])
    x[3] = np.nan
    model = fw.FusionRegressor(strategy=strategy, random_state=0).fit(x, x[:, 0] > 0)
    assert np.isfinite(model.predict(x)).all()
    assert model.left_out_ == {"x2": "every cell is missing"}
    assert model.n_features_in_ == 3


def test_a_constant_target_is_answered_with_itself():
    x = np.random.default_rng(0).normal(size=(20, 2))
    np.testing.assert_allclose(fw.FusionRegressor(random_state=0).fit(x, np.full(20, 7.0)).predict(x), 7)


def test_the_same_seed_gives_the_same_predictions(models, rows):
    table, y = rows
    again = fw.FusionClassifier(MODALITIES, "stacking", random_state=0).fit(table, y)
    np.testing.assert_array_equal(again.predict_proba(table), models["stacking"].predict_proba(table))
    drawn = [fw.FusionClassifier(MODALITIES, "early-linear", random_state=np.random.RandomState(3)) for _ in range(2)]
    np.testing.assert_array_equal(*[model.fit(table, y).predict_proba(table) for model in drawn])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_model_survives_pickling_and_its_clone_is_fresh(models, rows, strategy):
    table, _ = rows
    other = pickle.loads(pickle.dumps(models[strategy]))
    np.testing.assert_array_equal(other.predict_proba(table), models[strategy].predict_proba(table))
    fresh = clone(models[strategy])
    assert fresh.get_params() == models[strategy].get_params()
    assert not hasattr(fresh, "predictor_")


def test_a_fitted_model_keeps_no_rows():
    x = np.random.default_rng(0).normal(size=(2000, 20))
    model = fw.EarlyFusionRegressor(random_state=0).fit(x, x[:, 0])
    assert len(pickle.dumps(model)) < x.nbytes / 20


def test_it_works_in_pipelines_and_cross_validation(rows):
    table, y = rows
    frame = table.to_pandas()
    found = cross_val_predict(make_pipeline(fw.EarlyFusionClassifier(MODALITIES, random_state=0)), frame, y, cv=3)
    assert (found == y).mean() > 0.6
    x = np.random.default_rng(0).normal(size=(60, 3))
    piped = make_pipeline(StandardScaler(), fw.EarlyFusionRegressor(random_state=0)).fit(x, x[:, 0])
    assert piped.score(x, x[:, 0]) > 0.8


@pytest.mark.parametrize(
    ("named", "strategy"),
    [
        (fw.LateFusionClassifier(MODALITIES, random_state=0), Late("stacking")),
        (fw.EarlyFusionClassifier(MODALITIES, random_state=0), EarlyLinear()),
        (fw.EarlyFusionClassifier(MODALITIES, "boosting", random_state=0), EarlyBoosting()),
    ],
    ids=str,
)
def test_an_estimator_named_after_its_strategy_is_that_strategy(rows, named, strategy):
    table, y = rows
    free = fw.FusionClassifier(MODALITIES, strategy, random_state=0)
    np.testing.assert_array_equal(named.fit(table, y).predict_proba(table), free.fit(table, y).predict_proba(table))


def test_labels_come_back_as_they_were_given(rows):
    table, y = rows
    for labels in (y.astype(object), np.unique(y, return_inverse=True)[1] * 10):
        model = fw.EarlyFusionClassifier(MODALITIES, random_state=0).fit(table, labels)
        assert set(model.predict(table)) <= set(labels)
        assert model.classes_.dtype == labels.dtype


class Listening:
    """A strategy of a user's own, that remembers its part."""

    def fit(self, blocks, singles, part):
        type(self).part = part
        return Fitted(part.constant(len(part.test)), predictor=Constant(part.prior))


class Silent:
    def fit(self, blocks, singles, part):
        return Fitted(part.constant(len(part.test)))


def test_a_strategy_of_ones_own_learns_from_all_rows_and_groups_stay_whole(rows):
    table, y = rows
    groups = np.arange(len(y)) // 5
    model = fw.FusionClassifier(MODALITIES, Listening()).fit(table, y, groups=groups)
    part = Listening.part
    assert len(part.train) == len(y)
    assert len(part.test) == 0
    assert all(len(np.unique(part.inner[groups == g])) == 1 for g in np.unique(groups))
    np.testing.assert_allclose(model.predict_proba(table), np.tile(part.prior, (len(y), 1)))


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        (Silent(), "Silent left none"),
        (Silent, "Silent left none"),
        (StandardScaler(), "StandardScaler came"),
        (3, "but int came"),
        ("stakcing", "the nearest is 'stacking'"),
        ("note/forests", "must be one of this table's"),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_what_is_no_strategy_is_refused(rows, strategy, message):
    with pytest.raises(InputError, match=message):
        fw.FusionClassifier(MODALITIES, strategy).fit(*rows)


@pytest.mark.parametrize(
    ("modalities", "message"),
    [
        ({}, "must be a mapping"),
        ([fw.Text("body")], "must be a mapping"),
        ({"a/b": fw.Text("body")}, "must not be empty, be 'none' or hold '/'"),
        ({"a": "body"}, "must be a Text, Tabular or Embedding"),
        ({"a": fw.Text("bodi")}, "the nearest is 'body'"),
    ],
    ids=str,
)
def test_what_are_no_modalities_is_refused(rows, modalities, message):
    with pytest.raises(InputError, match=message):
        fw.EarlyFusionClassifier(modalities).fit(*rows)


@pytest.mark.parametrize("gap", [None, np.nan])
def test_a_missing_target_is_refused(rows, linear, gap):
    table, y = rows
    y = y.astype(object)
    y[4] = gap
    with pytest.raises(InputError, match=r"y must be known for every row, but 1 have none \(first: row 5\)"):
        linear.fit(table, y)
    numbers = np.arange(len(y), dtype=float)
    numbers[4] = np.nan
    with pytest.raises(ValueError, match="Input y contains NaN"):
        fw.EarlyFusionRegressor(MODALITIES).fit(table, numbers)


def test_tables_that_do_not_fit_are_refused(rows, linear):
    table, y = rows
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        linear.fit(table, y[1:])
    with pytest.raises(InputError, match="at least 3 rows"):
        linear.fit(table.slice(0, 2), y[:2])
    with pytest.raises(InputError, match="at least two classes, but one class"):
        linear.fit(table, np.full(len(y), "good"))
    with pytest.raises(InputError, match="learner must be one of linear, boosting"):
        fw.EarlyFusionClassifier(MODALITIES, "forest").fit(table, y)
    with pytest.raises(InputError, match="every row lacks it"):
        linear.fit(table.set_column(5, "photo", pa.nulls(len(table), pa.list_(pa.float64()))), y)
    linear.fit(table, y)
    with pytest.raises(InputError, match="of 'table' it lacks 'day'"):
        linear.predict(table.drop_columns(["day"]))
    with pytest.raises(InputError, match="must be a table with named columns, as it was in fit, but an array came"):
        linear.predict(np.ones((2, 6)))
    with pytest.raises(InputError, match="must be an array"):
        fw.EarlyFusionRegressor().fit(np.eye(9), np.arange(9)).predict(table)


def test_a_lazy_table_is_refused(linear, rows):
    polars = pytest.importorskip("polars")
    with pytest.raises(InputError, match="Collect it first"):
        linear.fit(polars.from_arrow(rows[0]).lazy(), rows[1])


def test_a_table_may_have_a_text_alone(rows):
    table, y = rows
    model = fw.LateFusionClassifier({"note": fw.Text("body")}, random_state=0).fit(table, y)
    assert model.score(table, y) > 0.7


@pytest.mark.parametrize(
    ("strategy", "warned"), [("mean", True), ("early-linear", True), ("table/linear", False), ("concat", False)]
)
def test_rows_that_lack_what_no_row_of_fit_lacked_are_warned_of_once_unless_absence_was_learned(strategy, warned):
    table, y = three_kinds(missing=False)
    model = fw.FusionClassifier(MODALITIES, strategy=strategy, random_state=0).fit(table, y)
    assert set(model.always_present_) == set(MODALITIES)
    gone = table.set_column(5, "photo", pa.array([None] * 7 + table["photo"].to_pylist()[7:], table["photo"].type))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model.predict(table)
        model.predict_proba(gone)
    print(f"\nD7: never seen missing in fit, missing in 7 rows of 90: {strategy} warns {len(said)} times a call")
    assert [w.category for w in said] == [fw.UnseenAbsenceWarning] * warned
    if warned:
        assert f"'photo' in 7 of {len(table)} rows" in str(said[0].message)
        assert said[0].filename == __file__


def test_absence_that_was_there_in_fit_is_not_warned_of():
    table, y = three_kinds()
    model = fw.LateFusionClassifier(MODALITIES, random_state=0).fit(table, y)
    assert model.always_present_ == ()
    model.predict(table)  # a warning would be an error here
