"""The training loop: it stops where it should, learns from what it may, and leaves the process as it was."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
import torch
from taught_rows import SHORT, SIZES, assert_same_weights, copies_of, maker, taught_rows, weights_of

from fuseworthy import nn
from fuseworthy.strategies.training.batches import Dropping
from fuseworthy.strategies.training.lesson import Lesson, row_loss
from fuseworthy.strategies.training.loop import choose_device, predict, train
from fuseworthy.strategies.training.objectives import Auxiliary
from fuseworthy.strategies.training.recipe import Copy, recipe_for
from fuseworthy.strategies.training.rows import Rows

NOBODY = np.empty(0, dtype=np.int64)
DROPPING = Dropping({"a": 0.2, "b": 0.3})


def watched_loss(modules, rows, copies):
    """The loss of all watched rows together."""
    total = count = 0.0
    for module, copy in zip(modules, copies, strict=True):
        batch = rows.take(torch.as_tensor(copy.watched))
        outputs = torch.as_tensor(predict([module], batch)[0])
        total += float(row_loss(outputs, batch.target).sum())
        count += len(copy.watched)
    return total / count


@pytest.mark.parametrize("stacked", [True, False], ids=["stacked", "alone"])
def test_early_stopping_restores_the_best_epoch(stacked):
    rows, copies = taught_rows(), copies_of()
    recipe = replace(SHORT, rate=0.05, epochs=40, patience=3)
    trained = train(maker(), rows, copies, recipe, stacked=stacked, dropping=DROPPING)
    losses = [entry["watched"] for entry in trained.history]
    assert trained.epochs == int(np.argmin(losses)) + 1
    assert len(losses) == trained.epochs + 3 < 40
    assert watched_loss(trained.modules, rows, copies) == pytest.approx(min(losses), abs=1e-5)
    assert losses[-1] > min(losses) + 1e-3


def test_without_watched_rows_every_epoch_is_run_and_the_last_is_kept():
    rows, copies = taught_rows(), [Copy(np.arange(120), NOBODY, s) for s in range(2)]
    trained = train(maker(), rows, copies, SHORT, stacked=True)
    assert trained.epochs == len(trained.history) == SHORT.epochs
    assert all("watched" not in entry for entry in trained.history)
    assert trained.history[-1]["train"] < trained.history[0]["train"]


@pytest.mark.parametrize("stacked", [True, False], ids=["stacked", "alone"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(stacked):
    rows, copies = taught_rows(), copies_of()

    def fit(copies):
        return weights_of(train(maker(), rows, copies, SHORT, stacked=stacked, dropping=DROPPING))

    first = fit(copies)
    assert_same_weights(first, fit(copies))
    other = fit([replace(copy, seed=copy.seed + 50) for copy in copies])
    assert not torch.equal(first[0]["projections.0.linear.weight"], other[0]["projections.0.linear.weight"])


def test_dropout_draws_from_a_stream_of_its_own_so_the_same_seed_gives_the_same_bytes():
    def make():
        return Lesson(nn.FUSIONS["token-transformer"](inputs=SIZES, outputs=2, width=16, dropout=0.3))

    rows, copies = taught_rows(), copies_of(folds=2)
    first = weights_of(train(make, rows, copies, SHORT))
    torch.rand(3)
    assert_same_weights(first, weights_of(train(make, rows, copies, SHORT)))


@pytest.mark.parametrize(("name", "stacked"), [("gated", True), ("token-transformer", False)])
def test_random_numbers_of_the_process_are_left_alone(name, stacked):
    torch.manual_seed(3)
    np.random.seed(3)
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    train(maker(name), taught_rows(), copies_of(), SHORT, stacked=stacked, dropping=DROPPING)
    assert torch.equal(torch.get_rng_state(), torch_before)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_before)


@pytest.mark.parametrize("stacked", [True, False], ids=["stacked", "alone"])
def test_no_target_of_a_watched_row_is_learned_from(stacked):
    """Training for a fixed number of epochs, the parameters of a copy do not know what it watches."""
    rows, (copy, *_) = taught_rows(), copies_of()
    copies = [copy, replace(copy, seed=99)]
    flipped = rows.target.clone()
    flipped[copy.watched] = 1 - flipped[copy.watched]
    recipe = replace(SHORT, epochs=3, patience=9)
    kept = []
    for target in (rows.target, flipped):
        # what is restored follows the watched loss: so only the parameters after each epoch are compared
        seen = []
        given = replace(rows, target=target)
        for epochs in (1, 2, 3):
            found = train(maker(), given, copies, replace(recipe, epochs=epochs), stacked=stacked, dropping=DROPPING)
            seen.append((found.history[-1]["train"], weights_of(found) if found.epochs == epochs else None))
        kept.append(seen)
    for (loss, weights), (blind_loss, blind) in zip(*kept, strict=True):
        assert loss == blind_loss
        if weights and blind:
            assert_same_weights(weights, blind)
    assert kept[0][0][1] is not None
    assert kept[1][0][1] is not None


def test_only_rows_of_a_copy_are_ever_taken_for_a_step(monkeypatch):
    taken, take = [], Rows.take
    rows, copies = taught_rows(), copies_of(uneven=5)
    monkeypatch.setattr(Rows, "take", lambda self, index: taken.append(index.clone()) or take(self, index))
    train(maker(), rows, copies, SHORT, stacked=True)
    steps = [index for index in taken if index.shape[1] != 32]
    watches = [index for index in taken if index.shape[1] == 32]
    assert len(steps) == 2 * SHORT.epochs
    for index in steps:
        for own, copy in zip(index.tolist(), copies, strict=True):
            assert set(own) <= set(copy.rows.tolist())
    assert len(watches) == SHORT.epochs
    for own, copy in zip(watches[0].tolist(), copies, strict=True):
        assert set(own) == set(copy.watched.tolist())


def test_rows_that_no_copy_learns_from_or_watches_may_hold_anything():
    rows = taught_rows()
    copies = [Copy(np.arange(60), np.arange(60, 90), s) for s in range(2)]
    poisoned = {m: x.clone() for m, x in rows.inputs.items()}
    for x in poisoned.values():
        x[90:] = float("nan")
    before = weights_of(train(maker(), rows, copies, SHORT, stacked=True, dropping=DROPPING))
    after = train(maker(), replace(rows, inputs=poisoned), copies, SHORT, stacked=True, dropping=DROPPING)
    assert_same_weights(before, weights_of(after))


def test_a_row_of_weight_zero_is_not_learned_from():
    rows, copies = taught_rows(), [Copy(np.arange(120), NOBODY, 0)]
    out = np.arange(0, 120, 3)
    weight, wrong = rows.weight.clone(), rows.target.clone()
    weight[out] = 0
    wrong[out] = 1 - wrong[out]
    kept = weights_of(train(maker(), replace(rows, weight=weight), copies, SHORT))
    assert_same_weights(kept, weights_of(train(maker(), replace(rows, weight=weight, target=wrong), copies, SHORT)))
    without = maker()().fusion
    assert any(not torch.equal(p, kept[0][name]) for name, p in without.named_parameters())


def test_a_batch_of_weight_zero_only_does_no_harm():
    rows, copies = taught_rows(), [Copy(np.arange(40), NOBODY, 0)]
    trained = train(maker(), replace(rows, weight=torch.zeros(120)), copies, SHORT)
    assert all(torch.isfinite(p).all() for p in trained.modules[0].parameters())


def test_one_step_with_weights_is_a_step_on_the_weighted_mean():
    """Doubling a row's weight is the same as having it twice."""
    rows = taught_rows(absent=0)
    weight = rows.weight.clone()
    weight[:10] = 2
    recipe = replace(SHORT, batch=1000, epochs=2)
    weighted = train(maker(), replace(rows, weight=weight), [Copy(np.arange(60), NOBODY, 0)], recipe)
    twice = train(maker(), rows, [Copy(np.r_[np.arange(60), np.arange(10)], NOBODY, 0)], recipe)
    assert_same_weights(weights_of(weighted), weights_of(twice), rtol=0, atol=1e-5)


def test_weights_of_a_class_move_predictions_towards_it():
    rows, copies = taught_rows(), [Copy(np.arange(120), NOBODY, 0)]
    weight = torch.where(rows.target == 1, 9.0, 1.0)
    recipe = replace(SHORT, epochs=20)
    mean = [
        float(torch.softmax(torch.as_tensor(predict(train(maker(), r, copies, recipe).modules, r)[0]), 1)[:, 1].mean())
        for r in (rows, replace(rows, weight=weight))
    ]
    assert mean[1] > mean[0] + 0.1


class Spied(torch.optim.AdamW):
    """Remembers rates and the norm of the gradients at each step."""

    rates: ClassVar[list[float]] = []
    norms: ClassVar[list[list[float]]] = []

    def step(self, closure=None):
        (group,) = self.param_groups
        Spied.rates.append(group["lr"])
        norms = [p.grad.flatten(1).norm(dim=1) for p in group["params"] if p.grad is not None]
        Spied.norms.append(torch.stack(norms).norm(dim=0).tolist())
        return super().step(closure)


def test_the_rate_rises_over_the_warm_up_and_each_copys_gradient_is_clipped_by_itself(monkeypatch):
    monkeypatch.setattr(torch.optim, "AdamW", Spied)
    monkeypatch.setattr(Spied, "rates", [])
    monkeypatch.setattr(Spied, "norms", [])
    recipe = replace(SHORT, rate=0.01, warm_up=5, clip=0.2)
    train(maker(), taught_rows(), copies_of(), recipe, stacked=True)
    assert Spied.rates[:6] == pytest.approx([0.002, 0.004, 0.006, 0.008, 0.01, 0.01])
    assert all(norm <= 0.2 + 1e-5 for step in Spied.norms for norm in step)
    assert all(norm == pytest.approx(0.2, abs=1e-5) for norm in Spied.norms[0])
    monkeypatch.setattr(Spied, "norms", [])
    train(maker(), taught_rows(), copies_of(), replace(recipe, clip=1e6), stacked=True)
    assert min(Spied.norms[0]) > 0.2


@pytest.mark.parametrize("stacked", [True, False], ids=["stacked", "alone"])
def test_every_epoch_is_told_with_its_watched_loss(stacked):
    told = []
    trained = train(
        maker(), taught_rows(), copies_of(), SHORT, stacked=stacked, on_epoch=lambda *facts: told.append(facts)
    )
    assert told == [(i, entry["watched"]) for i, entry in enumerate(trained.history, start=1)]


def test_a_number_as_target_is_learned():
    rows = taught_rows(numeric=True)
    trained = train(maker(outputs=1), rows, copies_of(), replace(SHORT, epochs=25), stacked=True)
    assert min(entry["watched"] for entry in trained.history) < 0.7 * float(rows.target.var())


def test_copies_that_cannot_be_trained_are_refused():
    rows, copy = taught_rows(), Copy(np.arange(50), np.arange(50, 60), 0)
    with pytest.raises(ValueError, match="every copy must watch rows or none"):
        train(maker(), rows, [copy, replace(copy, watched=NOBODY)], SHORT)
    with pytest.raises(ValueError, match="must have rows to learn from"):
        train(maker(), rows, [replace(copy, rows=NOBODY)], SHORT)
    with pytest.raises(ValueError, match="row 49 is in both"):
        train(maker(), rows, [replace(copy, watched=np.arange(49, 60))], SHORT)


def test_training_that_never_becomes_a_number_is_not_passed_off_as_trained():
    rows = taught_rows()
    rows.inputs["a"][:60] = float("nan")
    with pytest.raises(FloatingPointError, match="must lower the watched loss"):
        train(maker(), rows, [Copy(np.arange(60), np.arange(60, 90), 0)], SHORT)


class Plain(torch.nn.Module):
    """Anybody's network: it has nothing but a ``forward``."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(5, 2)

    def forward(self, inputs, present=None, mask=None, times=None):
        return self.linear(torch.cat([inputs[m] for m in sorted(inputs)], dim=1))


@pytest.mark.parametrize("stacked", [True, False], ids=["stacked", "alone"])
def test_a_module_with_nothing_but_a_forward_can_be_trained_but_has_no_losses_of_its_modalities(stacked):
    trained = train(lambda: Lesson(Plain()), taught_rows(), copies_of(), replace(SHORT, epochs=20), stacked=stacked)
    assert min(entry["watched"] for entry in trained.history) < 0.55
    with pytest.raises(ValueError, match=r"needs a Fusion of fuseworthy\.nn, but Plain came"):
        train(lambda: Lesson(Plain(), unimodal=True), taught_rows(), copies_of(), SHORT, objective=Auxiliary())


def test_predictions_do_not_depend_on_how_many_rows_are_asked_for_at_once(monkeypatch):
    rows = taught_rows()
    modules = train(maker(), rows, copies_of(), SHORT, stacked=True).modules
    whole = predict(modules, rows)
    monkeypatch.setattr("fuseworthy.strategies.training.loop.EVALUATED", 7)
    np.testing.assert_allclose(predict(modules, rows), whole, atol=1e-6)
    assert whole.shape == (3, 120, 2)
    assert whole.dtype == np.float64


def test_small_sets_get_small_batches_and_the_device_asked_for_is_taken():
    assert [recipe_for(n).batch for n in (500, 3000, 20_000, 100_000)] == [64, 128, 512, 512]
    assert choose_device("cpu").type == "cpu"
    assert choose_device().type == ("cuda" if torch.cuda.is_available() else "cpu")
