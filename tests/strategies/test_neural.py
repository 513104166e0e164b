"""A network as a strategy: any subset of modalities, calibrated, and never the scored rows' truth."""

import pickle
from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np
import pytest
from scipy.special import logit
from three_modalities import canonical, three_modalities, vectors, with_patterns

from fuseworthy import nn
from fuseworthy.platt import fit_line
from fuseworthy.strategies.catalogue import NEURAL, VOTES
from fuseworthy.strategies.networks import network_named
from fuseworthy.strategies.neural import Neural, NeuralInputs, NeuralPredictor
from fuseworthy.strategies.part import Constant, Part
from fuseworthy.strategies.singles import Singles
from fuseworthy.strategies.training.recipe import Recipe

BRIEF = Recipe(rate=5e-3, batch=64, epochs=6, patience=2, warm_up=5)
SUBSETS = [frozenset(s) for size in (1, 2, 3) for s in combinations("abc", size)]


@pytest.fixture
def brief(monkeypatch):
    """Networks train for a few epochs: enough to learn a little."""
    monkeypatch.setattr("fuseworthy.strategies.training.recipe.recipe_for", lambda rows, **_: BRIEF)


def gated(**more):
    return Neural(partial(_gated), stacked=True, recipe=BRIEF, **more)


def _gated(inputs, outputs):
    return nn.FUSIONS["gated"](inputs=inputs, outputs=outputs, width=16)


def fit(name, part, blocks):
    return network_named(name).fit(blocks, Singles(blocks, part), part)


@pytest.mark.parametrize("name", NEURAL)
def test_every_network_answers_every_subset_of_modalities(name, brief):
    part, blocks = three_modalities()
    fitted = fit(name, part, blocks)
    assert fitted.test.shape == (len(part.test), 2)
    assert part.task.mean_loss(part.y[part.test], fitted.test) < 0.6
    assert 1 <= fitted.setting["epochs"] <= BRIEF.epochs
    assert fitted.cost.parameters > 0
    answers = {}
    for kept in SUBSETS:
        answers[kept] = fitted.predictor.predict(with_patterns(blocks, kept), part.test)
        assert np.isfinite(answers[kept]).all()
        np.testing.assert_allclose(answers[kept].sum(axis=1), 1, atol=1e-6)
        assert np.ptp(answers[kept]) > 0.05  # it says something
    assert not np.allclose(answers[frozenset("a")], answers[frozenset("ab")], atol=0.01)
    np.testing.assert_allclose(fitted.predictor.predict(blocks, part.test), fitted.test, atol=1e-6)


@pytest.mark.parametrize("kind", ["multiclass", "regression"])
@pytest.mark.parametrize("name", ["gated", "token-transformer", "tensor", "concat-blending", "concat-modulated"])
def test_networks_learn_classes_and_numbers(name, kind, brief):
    part, blocks = three_modalities(kind)
    assert kind == "multiclass" or name not in VOTES
    fitted = fit(name, part, blocks)
    y = part.y[part.test]
    assert part.task.mean_loss(y, fitted.test) < 0.85 * part.task.mean_loss(y, part.constant(len(y)))
    for kept in SUBSETS:
        found = fitted.predictor.predict(with_patterns(blocks, kept), part.test)
        assert found.shape == fitted.test.shape
        assert np.isfinite(found).all()
        if kind == "regression":
            assert 30 < found.mean() < 80  # in the target's own unit


def test_a_row_that_has_nothing_gets_the_prior():
    part, blocks = three_modalities()
    fitted = gated().fit(blocks, {}, part)
    nothing = fitted.predictor.predict(with_patterns(blocks, ()), part.test)
    np.testing.assert_allclose(nothing, part.constant(len(part.test)))
    raw, _ = fitted.predictor.answer(with_patterns(blocks, ()), part.test)
    np.testing.assert_allclose(raw, part.constant(len(part.test)))
    assert fitted.predictor.predict(blocks, part.test[:0]).shape == (0, 2)


@pytest.mark.parametrize("name", ["gated", pytest.param("token-transformer", marks=pytest.mark.slow)])
def test_every_subset_is_calibrated_by_itself(name):
    """T1: log-odds of each subset's predictions need no rescaling on rows that were not seen."""
    part, blocks = canonical("T1", 900, 6000, seed=1)
    y, fitted = part.y[part.test], fit(name, part, blocks)
    for kept in ({"x1"}, {"x2"}, {"x1", "x2"}):
        p = fitted.predictor.predict(with_patterns(blocks, kept), part.test)[:, 1]
        slope = fit_line(logit(np.clip(p, 1e-6, 1 - 1e-6)), y).slope
        assert 0.7 < slope < 1.4, kept


def test_a_calibrator_is_fitted_on_rows_that_have_no_other_modality_where_there_are_enough():
    """Rows that lack b are of another kind: what a says of them means something else, and calibration knows."""
    rng = np.random.default_rng(0)
    n = 1600
    lacks, s = rng.random(n) < 0.4, rng.choice([-1.0, 1.0], n)
    y = np.where(lacks, rng.random(n) < 0.5 + 0.1 * s, s > 0).astype(int)
    blocks = {
        "a": vectors("a", s[:, None] + 0.3 * rng.normal(size=(n, 1))),
        "b": vectors("b", rng.normal(size=(n, 1)), ~lacks),
    }
    part, _ = canonical("T1", 1000, 600)
    part = replace(part, y=y)
    p = gated().fit(blocks, {}, part).test[:, 1]
    alone, both = lacks[part.test], ~lacks[part.test]
    assert 0.03 < np.abs(p[alone] - 0.5).mean() < 0.2
    assert np.abs(p[both] - 0.5).mean() > 0.4


def test_one_class_in_training_gives_the_prior():
    part, blocks = three_modalities()
    y = part.y.copy()
    y[part.train] = 1
    fitted = gated().fit(blocks, {}, replace(part, y=y))
    assert isinstance(fitted.predictor, Constant)
    assert (fitted.test == fitted.test[0]).all()
    assert fitted.test[0, 1] > 0.9


@pytest.mark.parametrize("name", ["gated", "token-transformer"])
def test_the_order_of_modalities_changes_nothing(name, brief):
    part, blocks = three_modalities()
    back = dict(reversed(blocks.items()))
    assert list(back) != list(blocks)
    np.testing.assert_array_equal(fit(name, part, back).test, fit(name, part, blocks).test)


def test_the_target_of_scored_rows_is_never_read():
    for kind in ("binary", "regression"):
        part, blocks = three_modalities(kind)
        y = part.y.copy()
        y[part.test] = 1 - y[part.test] if kind == "binary" else 1e9
        blind = Part(part.task, y, part.train, part.test, part.inner, part.seed)
        np.testing.assert_array_equal(gated().fit(blocks, {}, part).test, gated().fit(blocks, {}, blind).test)


def test_scored_rows_change_nothing_that_is_learned():
    part, blocks = three_modalities()
    fitted = gated().fit(blocks, {}, part)
    fewer = gated().fit(blocks, {}, replace(part, test=part.test[:5]))
    np.testing.assert_allclose(fewer.test, fitted.test[:5], atol=1e-6)


def test_what_stands_in_absent_rows_changes_nothing():
    part, blocks = three_modalities()
    block = blocks["c"]["vectors"]
    rubbish = block.values.copy()
    rubbish[~block.present] = 1e6
    other = blocks | {"c": {"vectors": type(block)("c", "vectors", rubbish, block.present, block.meta)}}
    np.testing.assert_array_equal(gated().fit(blocks, {}, part).test, gated().fit(other, {}, part).test)


def test_the_same_seed_gives_the_same_predictions_and_another_seed_others():
    part, blocks = three_modalities()
    first = gated().fit(blocks, {}, part).test
    np.testing.assert_array_equal(first, gated().fit(blocks, {}, part).test)
    assert not np.allclose(first, gated().fit(blocks, {}, replace(part, seed=part.seed + 1)).test, atol=1e-3)


def test_a_predictor_survives_being_pickled_and_answers_other_tables():
    part, blocks = three_modalities()
    fitted = gated().fit(blocks, {}, part)
    again = pickle.loads(pickle.dumps(fitted.predictor))
    assert isinstance(again, NeuralPredictor)
    np.testing.assert_array_equal(again.predict(blocks, part.test), fitted.predictor.predict(blocks, part.test))
    order = part.test[::-1].copy()
    np.testing.assert_allclose(again.predict(blocks, order), fitted.test[::-1], atol=1e-6)
    _, others = three_modalities(seed=5)
    assert np.isfinite(again.predict(others, np.arange(40))).all()
    assert not np.allclose(again.predict(others, part.test), fitted.test)


def test_a_network_in_which_nothing_may_be_hidden_is_trained_on_rows_as_they_are(monkeypatch):
    part, blocks = three_modalities()
    dropped = []
    apply = "fuseworthy.strategies.training.batches.Dropping.apply"
    monkeypatch.setattr(apply, lambda self, batch, orders: dropped.append(self.rates) or batch)
    gated(dropping=False).fit(blocks, {}, part)
    assert not dropped
    gated().fit(blocks, {}, part)
    assert dropped[0] == pytest.approx({"a": 0.1, "b": 0.1, "c": 1 - blocks["c"]["vectors"].present[part.train].mean()})


def test_large_parts_are_watched_on_one_fold_and_have_one_seed(monkeypatch):
    copies = []
    train = "fuseworthy.strategies.training.loop.train"
    from fuseworthy.strategies.training.loop import train as real

    monkeypatch.setattr(
        train, lambda make, rows, own, *a, **k: copies.append(len(own)) or real(make, rows, own, *a, **k)
    )
    part, blocks = three_modalities()
    slow = replace(gated(), stacked=False)
    slow.fit(blocks, {}, part)
    monkeypatch.setattr("fuseworthy.strategies.neural.MANY", 100)
    slow.fit(blocks, {}, part)
    gated().fit(blocks, {}, part)
    assert copies == [3, 3, 1, 1, 1, 1]


def test_shares_are_of_all_modalities_and_none_where_a_network_has_no_weights():
    part, blocks = three_modalities()
    shares = gated().fit(blocks, {}, part).setting["shares"]
    assert set(shares) == {"a", "b", "c"}
    assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
    assert shares["c"] < max(shares.values())  # absent in a quarter of the rows
    concat = Neural(lambda i, o: nn.FUSIONS["concat"](inputs=i, outputs=o, width=8), stacked=True, recipe=BRIEF)
    assert "shares" not in concat.fit(blocks, {}, part).setting


def test_a_modality_that_no_training_row_has_does_no_harm():
    part, blocks = three_modalities()
    block = blocks["c"]["vectors"]
    here = block.present.copy()
    here[part.train] = False
    hidden = blocks | {"c": {"vectors": type(block)("c", "vectors", block.values, here, block.meta)}}
    fitted = gated().fit(hidden, {}, part)
    assert part.task.mean_loss(part.y[part.test], fitted.test) < 0.6


def test_features_of_the_modalities_vary_by_about_one(brief):
    part, blocks = three_modalities()
    scaled = blocks | {"a": vectors("a", 1e4 * blocks["a"]["vectors"].values)}
    for given in (blocks, scaled):
        inputs = NeuralInputs.learn(given, part).train.inputs
        for m in "ab":
            assert float(inputs[m].std()) == pytest.approx(1, abs=0.05)
    np.testing.assert_allclose(gated().fit(scaled, {}, part).test, gated().fit(blocks, {}, part).test, atol=1e-3)
