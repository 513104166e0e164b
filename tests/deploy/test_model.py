"""A model answers rows with any of their modalities, says who answered and why, and explains itself."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from small_models import THREE, model_of, rows_of

from fuseworthy.deploy.router import Choice, Router
from fuseworthy.errors import InputError

COLUMNS = {"note": ["title", "body"], "table": ["size", "shop", "day"], "photo": ["photo"]}
EVERY = [names for size in (1, 2, 3) for names in combinations(THREE, size)]


@pytest.fixture(scope="module")
def model():
    return model_of("stacking")


@pytest.fixture(scope="module")
def rows():
    return rows_of(missing=False)[0].slice(0, 12)


def of(table, names):
    return table.select([column for name in names for column in COLUMNS[name]])


@pytest.mark.parametrize("names", EVERY, ids="+".join)
def test_any_modalities_are_answered_and_explained(model, rows, names):
    found = model.explain(of(rows, names))
    assert set(found.pattern) == {"+".join(sorted(names))}
    np.testing.assert_allclose(found.prediction.sum(axis=1), 1)
    chosen = found.prediction.argmax(axis=1)
    shares = sum(found.contributions.values())
    expected = found.prediction[np.arange(len(chosen)), chosen] - model.prior[chosen]
    np.testing.assert_allclose(shares, expected, atol=1e-12)
    for absent in set(THREE) - set(names):
        assert (found.contributions[absent] == 0).all()
        np.testing.assert_array_equal(found.singles[absent], np.tile(model.prior, (12, 1)))
    assert model.predict(of(rows, names)).tolist() == found.labels.tolist()
    np.testing.assert_array_equal(model.predict_proba(of(rows, names)), found.prediction)


def test_a_row_without_any_modality_gets_the_prior_and_is_abstained_from(model, rows):
    empty = pa.table({column: pa.nulls(3, rows.schema.field(column).type) for column in rows.column_names})
    found = model.explain(empty)
    np.testing.assert_array_equal(found.prediction, np.tile(model.prior, (3, 1)))
    assert set(found.route) == {"prior"}
    assert found.abstained.all()
    assert all((share == 0).all() for share in found.contributions.values())


def test_a_row_that_a_single_answers_gives_all_to_its_modality(model, rows):
    found = model.explain(of(rows, ["photo", "table"]))
    assert set(found.route) == {"table/linear"}
    chosen = found.prediction.argmax(axis=1)
    own = found.prediction[np.arange(12), chosen] - model.prior[chosen]
    np.testing.assert_array_equal(found.contributions["table"], own)
    assert (found.contributions["photo"] == 0).all()


def test_neither_the_order_of_rows_nor_that_of_columns_matters(model, rows):
    order = np.random.default_rng(0).permutation(12)
    found = model.explain(rows.take(order).select(sorted(rows.column_names, reverse=True)))
    expected = model.explain(rows)
    np.testing.assert_allclose(found.prediction, expected.prediction[order], atol=1e-12)
    for m, share in expected.contributions.items():
        np.testing.assert_allclose(found.contributions[m], share[order], atol=1e-12)


def test_frames_of_every_kind_are_answered_alike(model, rows, to_frame):
    np.testing.assert_array_equal(model.predict_proba(to_frame(rows)), model.predict_proba(rows))


def test_some_columns_of_a_modality_are_refused(model, rows):
    with pytest.raises(InputError, match="of 'note' it lacks 'body'"):
        model.answer(rows.drop_columns(["body"]))
    with pytest.raises(InputError, match="at least one modality"):
        model.answer(pa.table({"other": [1]}))


def test_an_untried_pattern_is_answered_as_the_nearest_smaller_one(model, rows):
    choices = {
        "note": Choice(False, "note/linear", ("note",), "fewer"),
        "note+table": model.router.choose("note+photo+table"),
    }
    pair = replace(choices["note+table"], asked=("note", "table"))
    own = replace(model, router=Router(choices | {"note+table": pair}, model.router.order))
    found = own.explain(rows)
    assert set(found.why) == {"not tried: as note+table"}
    assert (found.contributions["photo"] == 0).all()
    np.testing.assert_array_equal(found.prediction, own.answer(of(rows, ["note", "table"])).prediction)


def test_answers_below_the_threshold_are_marked(model, rows):
    sure = model.answer(rows).prediction.max(axis=1)
    assert not model.answer(rows).abstained.any()
    cut = float(np.median(sure))
    assert replace(model, threshold=cut).answer(rows).abstained.tolist() == (sure < cut).tolist()


def test_numbers_are_predicted_explained_and_have_no_probabilities(rows):
    model = model_of("early-boosting", "regression")
    found = model.explain(rows)
    np.testing.assert_allclose(sum(found.contributions.values()), found.prediction[:, 0] - model.prior[0])
    np.testing.assert_array_equal(model.predict(rows), found.prediction[:, 0])
    assert found.to_table()["prediction"].type == pa.float64()
    with pytest.raises(InputError, match="predict_proba needs classes"):
        model.predict_proba(rows)


def test_the_table_of_answers_says_nothing_of_absent_modalities(model, rows):
    table = model.explain(of(rows, ["photo"])).to_table()
    assert table["alone:note:a"].null_count == table["contribution:note"].null_count == 12
    assert table["alone:photo:a"].null_count == 0
    assert table["route"].to_pylist() == ["photo/linear"] * 12


def test_a_single_that_is_deployed_answers_alone_and_others_stand_in(rows):
    model = model_of(None)
    assert set(model.answer(rows).route) == {"note/linear"}
    assert set(model.answer(of(rows, ["photo"])).route) == {"photo/linear"}
    assert model.answer(rows).fusion is None
