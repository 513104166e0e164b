"""What is cut is what says least: first rounds and trees stay, silent units go, and linear models have nothing to lose."""

import numpy as np
import pytest
import torch
from small_models import model_of, rows_of
from torch import nn

from fuseworthy.deploy.compress.candidate import NotFeasibleError
from fuseworthy.deploy.compress.pruning import Knife, pruned
from fuseworthy.deploy.compress.thinning import thinned
from fuseworthy.nn import ConcatFusion
from fuseworthy.strategies.calibration import Calibrator


def test_boosting_keeps_its_first_rounds():
    model = model_of("early-boosting", singles={"table": "boosting"})
    cut, told = pruned(model, 0.5)
    single, before = cut.singles["table/boosting"], model.singles["table/boosting"]
    rounds = len(before.model._predictors)
    assert len(single.model._predictors) == rounds // 2
    assert len(before.model._predictors) == rounds  # the model itself stays as it is
    assert "rounds of boosting kept" in told
    blocks = model.blocks_of(rows_of(n=60, seed=3)[0])
    block = blocks["table"]["cells"]
    here = np.flatnonzero(block.present)
    staged = list(before.model.staged_predict_proba(before.features.transform(block, here)))[rounds // 2 - 1]
    expected = Calibrator(model.task, before.calibrator.slope, before.calibrator.intercept).apply(staged)
    np.testing.assert_allclose(single.predict(blocks, here), expected, atol=1e-12)


def test_a_forest_keeps_some_trees_and_a_network_some_of_its_seeds():
    model = model_of("concat", singles={"table": "forest"})
    cut, told = pruned(model, 0.25)
    assert len(cut.singles["table/forest"].model.estimators_) == 15
    assert len(cut.fusion[1].modules) == 1
    assert told == "16 of 64 hidden units kept, 1 of 3 networks kept, 15 of 60 trees of forests kept"
    answers = cut.answer(rows_of(n=40, seed=3)[0]).prediction
    np.testing.assert_allclose(answers.sum(axis=1), 1.0)


def test_units_that_say_nothing_are_the_ones_that_go():
    torch.manual_seed(0)
    network = ConcatFusion(inputs={"a": 5, "b": 3}, outputs=2, width=8).eval()
    first, last = network.trunk[0], network.trunk[3]
    silent = [0, 2, 3, 7]
    with torch.no_grad():
        last.weight[:, silent] = 0.0
    small = thinned(network, Knife(0.5))
    assert small.trunk[0].out_features == small.trunk[3].in_features == 4
    assert first.out_features == 8  # the network itself stays as it is
    rows = {"a": torch.randn(20, 5), "b": torch.randn(20, 3)}
    torch.testing.assert_close(small(rows), network(rows))


def test_layers_with_something_between_them_are_left_alone():
    apart = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.Linear(8, 2))
    knife = Knife(0.5)
    assert thinned(apart, knife)[0].out_features == 8
    assert knife.told == {}


def test_a_part_that_is_heard_twice_is_cut_once():
    model = model_of("mean", singles={"table": "linear"})
    knife = Knife(0.5)
    assert knife.cut(model.fusion[1]) is knife.cut(model.fusion[1])


def test_a_linear_model_has_nothing_to_prune():
    with pytest.raises(NotFeasibleError, match="nothing to prune"):
        pruned(model_of("early-linear"), 0.5)
