"""The user's own strategies: objects, scikit-learn estimators, and functions that make a torch module."""

import sys

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC
from three_modalities import three_modalities, with_patterns

from fuseworthy.errors import InputError
from fuseworthy.strategies.custom import Concatenated, as_strategy, load_strategy
from fuseworthy.strategies.neural import Neural
from fuseworthy.strategies.part import Constant, Fitted, Part
from fuseworthy.strategies.training.recipe import Recipe


class Prior:
    """Gives every row the prior."""

    def fit(self, blocks, singles, part):
        return Fitted(part.constant(len(part.test)), predictor=Constant(part.prior))


class Plain(torch.nn.Module):
    """Anybody's network; what it is given of absent rows it leaves out itself."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.maps = torch.nn.ModuleDict({m: torch.nn.Linear(size, outputs) for m, size in inputs.items()})

    def forward(self, inputs, present=None, mask=None, times=None):
        heard = {m: self.maps[m](x) for m, x in inputs.items()}
        present = present or {}
        return sum(z if m not in present else torch.where(present[m][:, None], z, 0.0) for m, z in heard.items())


def plain(inputs, outputs):
    return Plain(inputs, outputs)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (Prior(), Prior),
        (Prior, Prior),
        (LogisticRegression(), Concatenated),
        (LogisticRegression, Concatenated),
        (plain, Neural),
        (Plain, Neural),
    ],
    ids=["object", "class", "estimator", "estimator class", "function", "network class"],
)
def test_what_is_given_becomes_a_strategy(given, kind):
    assert isinstance(as_strategy(given), kind)


@pytest.mark.parametrize("given", [3, Plain({"a": 2}, 2)], ids=["number", "one network"])
def test_what_cannot_learn_afresh_in_each_fold_is_refused(given):
    with pytest.raises(InputError, match="so that each fold gets a fresh one"):
        as_strategy(given)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_an_estimator_learns_from_all_modalities_and_answers_any_subset(kind):
    part, blocks = three_modalities(kind)
    given = LinearRegression() if kind == "regression" else LogisticRegression(max_iter=1000)
    fitted = as_strategy(given).fit(blocks, {}, part)
    y = part.y[part.test]
    assert part.task.mean_loss(y, fitted.test) < 0.7 * part.task.mean_loss(y, part.constant(len(y)))
    assert fitted.inner.shape == (len(part.train), part.task.width)
    for kept in ("a", "bc", "abc"):
        assert np.isfinite(fitted.predictor.predict(with_patterns(blocks, kept), part.test)).all()
    nothing = fitted.predictor.predict(with_patterns(blocks, ()), part.test)
    np.testing.assert_allclose(nothing, part.constant(len(y)))
    assert not hasattr(given, "coef_")  # it was cloned


def test_an_estimator_is_calibrated_on_rows_it_has_not_seen():
    """A forest of full trees is sure of every row it has learned."""
    part, blocks = three_modalities(n=450)
    fitted = as_strategy(RandomForestClassifier(20, random_state=0)).fit(blocks, {}, part)
    loss = part.task.mean_loss(part.y_train, fitted.inner)
    assert 0.15 < loss < 0.6
    assert part.task.mean_loss(part.y[part.test], fitted.test) == pytest.approx(loss, abs=0.15)


def test_the_target_of_scored_rows_and_what_stands_in_absent_rows_are_never_read():
    part, blocks = three_modalities()
    y = part.y.copy()
    y[part.test] = 1 - y[part.test]
    blind = Part(part.task, y, part.train, part.test, part.inner, part.seed)
    block = blocks["c"]["vectors"]
    values = np.where(block.present[:, None], block.values, 1e9)
    rubbish = blocks | {"c": {"vectors": type(block)("c", "vectors", values, block.present, block.meta)}}
    strategy = as_strategy(LogisticRegression(max_iter=1000))
    expected = strategy.fit(blocks, {}, part).test
    np.testing.assert_array_equal(strategy.fit(blocks, {}, blind).test, expected)
    np.testing.assert_array_equal(strategy.fit(rubbish, {}, part).test, expected)


def test_one_class_in_training_gives_the_prior():
    part, blocks = three_modalities()
    y = part.y.copy()
    y[part.train] = 0
    alone = Part(part.task, y, part.train, part.test, part.inner, part.seed)
    fitted = as_strategy(LogisticRegression()).fit(blocks, {}, alone)
    assert isinstance(fitted.predictor, Constant)
    y = part.y.copy()
    y[part.train[part.inner != 0]] = 0
    y[part.train[part.inner == 0]] = 1
    fold_of_one = Part(part.task, y, part.train, part.test, part.inner, part.seed)
    assert np.isfinite(as_strategy(LogisticRegression()).fit(blocks, {}, fold_of_one).test).all()


def test_an_estimator_without_probabilities_says_so():
    part, blocks = three_modalities()
    with pytest.raises(AttributeError, match="predict_proba"):
        as_strategy(LinearSVC()).fit(blocks, {}, part)


def test_a_module_with_nothing_but_a_forward_is_trained_calibrated_and_answers_any_subset(monkeypatch):
    monkeypatch.setattr(
        "fuseworthy.strategies.training.recipe.recipe_for", lambda rows, **_: Recipe(rate=0.02, epochs=30, warm_up=2)
    )
    part, blocks = three_modalities()
    fitted = as_strategy(plain).fit(blocks, {}, part)
    assert part.task.mean_loss(part.y[part.test], fitted.test) < 0.55
    assert "shares" not in fitted.setting
    for kept in ("a", "bc", ""):
        assert np.isfinite(fitted.predictor.predict(with_patterns(blocks, kept), part.test)).all()


SOURCE = """
from dataclasses import dataclass
from fuseworthy.strategies.part import Constant, Fitted

@dataclass(frozen=True)
class Mine:
    share: float = 0.5

    def fit(self, blocks, singles, part):
        return Fitted(part.constant(len(part.test)), predictor=Constant(part.prior))

thing = 3
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "own_strategies_here.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("own_strategies_here", None)


def test_a_strategy_is_loaded_from_a_file_again_and_again(home):
    for where in (f"{home}/own_strategies_here.py:Mine", "own_strategies_here.py:Mine"):
        found = load_strategy(where)
        assert type(found).__name__ == "Mine"
        assert found.share == 0.5
    assert type(load_strategy("sklearn.linear_model:LogisticRegression")) is Concatenated


def test_a_file_that_changed_is_read_as_it_is_now(home):
    path = home / "own_strategies_here.py"
    load_strategy(f"{path}:Mine")
    path.write_text(SOURCE.replace("0.5", "0.125"))
    assert load_strategy(f"{path}:Mine").share == 0.125


def test_a_file_of_the_name_of_a_module_does_not_take_its_place(home):
    (home / "json.py").write_text(SOURCE)
    import json

    load_strategy(f"{home}/json.py:Mine")
    assert sys.modules["json"] is json


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("nowhere.py:Mine", "must be importable, but: there is no Python file nowhere.py"),
        ("no_such_package.at_all:Mine", "must be importable, but: No module named"),
        ("own_strategies_here.py:Other", "must define the strategy 'Other'"),
        ("own_strategies_here.py:thing", "but int came"),
    ],
)
def test_what_cannot_be_loaded_is_named(home, where, why):
    with pytest.raises(InputError, match=why):
        load_strategy(where)
