"""Each remedy against its paper's formula, on gradients small enough to work out by hand."""

import numpy as np
import pytest
import torch
from taught_rows import SHORT, copies_of, maker, taught_rows

from fuseworthy.strategies.training.loop import train
from fuseworthy.strategies.training.objectives import (
    Auxiliary,
    Joint,
    Losses,
    Modulated,
    Pareto,
    blending_weights,
)
from fuseworthy.strategies.training.programs import Program

A, B, TRUNK, HEAD = "fusion.projections.0.weight", "fusion.projections.1.weight", "fusion.trunk", "heads.0.weight"
PREFIXES = ["fusion.projections.0.", "fusion.projections.1."]


class Slopes(Program):
    """A program whose losses are linear, so that their gradients are the slopes given: (copies, 2) each."""

    def __init__(self, joint, alone):
        self.joint, self.alone = joint, alone
        names = sorted({*joint, *(name for own in alone for name in own)})
        copies = len(next(iter(joint.values())))
        self.parameters = {name: torch.zeros(copies, 2, requires_grad=True) for name in names}

    def gradients(self):
        return {name: p.grad for name, p in self.parameters.items() if p.grad is not None}

    def run(self, objective, truth=None):
        def loss(slopes):
            return sum((self.parameters[n] * torch.tensor(s, dtype=torch.float32)).sum(1) for n, s in slopes.items())

        alone = torch.stack([loss(own) for own in self.alone], dim=1)
        truth = torch.full(alone.shape, 0.5) if truth is None else torch.tensor(truth, dtype=torch.float32)
        paces = objective.backward(Losses(loss(self.joint), alone, truth), self, PREFIXES)
        return {name: g.numpy() for name, g in self.gradients().items()}, paces


def test_the_plain_objective_is_the_joint_loss_alone():
    found, paces = Slopes({A: [[1, 2]], TRUNK: [[3, 4]]}, [{A: [[9, 9]], HEAD: [[9, 9]]}, {B: [[9, 9]]}]).run(Joint())
    assert not paces
    assert set(found) == {A, TRUNK}
    np.testing.assert_allclose(found[A], [[1, 2]])
    np.testing.assert_allclose(found[TRUNK], [[3, 4]])


@pytest.mark.parametrize(
    ("objective", "a", "b", "head", "trunk"),
    [
        (Auxiliary(), [1 + 5, 2 + 6], [1 + 7, 1], [8, 8], [3, 4]),
        (Auxiliary(0.5), [1 + 2.5, 2 + 3], [1 + 3.5, 1], [4, 4], [3, 4]),
        (Auxiliary((2.0, 0.0), joint=0.5), [0.5 + 10, 1 + 12], [0.5, 0.5], [16, 16], [1.5, 2]),
    ],
    ids=["plain", "half", "blended"],
)
def test_auxiliary_losses_add_their_gradients_with_their_weights(objective, a, b, head, trunk):
    """L = λ₀ L_joint + Σ λ_m L_m."""
    slopes = Slopes({A: [[1, 2]], B: [[1, 1]], TRUNK: [[3, 4]]}, [{A: [[5, 6]], HEAD: [[8, 8]]}, {B: [[7, 0]]}])
    found, _ = slopes.run(objective)
    for name, wanted in {A: a, B: b, HEAD: head, TRUNK: trunk}.items():
        np.testing.assert_allclose(found[name], [wanted])


def test_gradients_that_agree_are_summed_and_lengthened():
    """MMPareto, cos ≥ 0: weights ½ and ½, so 2·½·f + 2·½·u = f + u, times γ = 1.5."""
    slopes = Slopes({A: [[1, 0]], B: [[0, 2]], TRUNK: [[3, 4]]}, [{A: [[1, 1]], HEAD: [[5, 5]]}, {B: [[1, 0]]}])
    found, _ = slopes.run(Pareto())
    np.testing.assert_allclose(found[A], [[3.0, 1.5]])
    np.testing.assert_allclose(found[B], [[1.5, 3.0]])  # at right angles they do not conflict
    np.testing.assert_allclose(found[TRUNK], [[3, 4]])
    np.testing.assert_allclose(found[HEAD], [[5, 5]])


def test_gradients_in_conflict_become_the_combination_of_least_norm_as_long_as_their_sum():
    """f = (1, 0), u = (-½, 1): α = (u·u - u·f) / |u - f|² = 1.75 / 3.25; worse for neither, γ|f + u| long."""
    slopes = Slopes({A: [[1, 0]], B: [[1, 0]]}, [{A: [[-0.5, 1]]}, {B: [[1, 0]]}])
    (found,) = slopes.run(Pareto())[0][A]
    alpha = 1.75 / 3.25
    least = 2 * alpha * np.array([1, 0]) + 2 * (1 - alpha) * np.array([-0.5, 1])
    np.testing.assert_allclose(found / np.linalg.norm(found), least / np.linalg.norm(least), atol=1e-6)
    assert found @ [1, 0] > 0
    assert found @ [-0.5, 1] > 0
    assert found @ [1, 0] == pytest.approx(found @ [-0.5, 1])  # the point of least norm is at right angles to u - f
    grid = [
        np.linalg.norm(2 * w * np.array([1, 0]) + 2 * (1 - w) * np.array([-0.5, 1])) for w in np.linspace(0, 1, 101)
    ]
    assert np.linalg.norm(least) <= min(grid) + 1e-9
    assert np.linalg.norm(found) == pytest.approx(1.5 * max(np.linalg.norm(least), np.linalg.norm([0.5, 1])))


def test_opposite_gradients_of_unlike_length_are_weighed_towards_the_shorter():
    """f = (1, 0), u = (-3, 0): least norm is zero, at weights ¾ and ¼; nothing is left to follow, and nothing breaks."""
    (found,) = Slopes({A: [[1, 0]], B: [[1, 0]]}, [{A: [[-3, 0]]}, {B: [[1, 0]]}]).run(Pareto())[0][A]
    assert np.isfinite(found).all()


def test_each_copy_is_combined_by_itself_and_over_all_parameters_of_an_encoder():
    bias = "fusion.projections.0.bias"
    slopes = Slopes(
        {A: [[1, 0], [1, 0]], bias: [[0, 0], [4, 0]], B: [[1, 0], [1, 0]]},
        [{A: [[-0.5, 1], [-0.5, 1]], bias: [[0, 0], [4, 0]]}, {B: [[1, 0], [1, 0]]}],
    )
    found, _ = slopes.run(Pareto())
    conflict = Slopes({A: [[1, 0]], B: [[1, 0]]}, [{A: [[-0.5, 1]]}, {B: [[1, 0]]}]).run(Pareto())[0]
    np.testing.assert_allclose(found[A][0], conflict[A][0], atol=1e-6)
    np.testing.assert_allclose(found[A][1], [0.75, 1.5])  # the biases agree by more than the weights conflict
    np.testing.assert_allclose(found[bias][1], [12, 0])


def test_a_modality_absent_in_a_whole_batch_gets_what_the_joint_loss_says():
    slopes = Slopes({A: [[0, 0]], B: [[1, 1]]}, [{A: [[0, 0]]}, {B: [[1, 0]]}])
    found, _ = slopes.run(Pareto())
    np.testing.assert_array_equal(found[A], [[0, 0]])
    np.testing.assert_allclose(found[B], [[3, 1.5]])


@pytest.mark.parametrize(
    ("truth", "pace"),
    [
        ([0.5, 0.5], [1, 1]),
        ([0.8, 0.4], [1 - np.tanh(0.5 * (2 - 1)), 1]),
        ([0.2, 0.6], [1, 1 - np.tanh(0.5 * (3 - 1))]),
        ([0.6, 0.3, 0.3], [1 - np.tanh(0.5 * (2 - 1)), 1, 1]),
        ([0.9, np.nan], [1, 1]),
        ([0.8, 0.4, np.nan], [1 - np.tanh(0.5), 1, 1]),
    ],
)
def test_only_a_modality_that_is_ahead_takes_smaller_steps(truth, pace):
    """OGM-GE: ρ is the truth's probability by one modality over that by the others; k = 1 unless ρ > 1."""
    np.testing.assert_allclose(Modulated(alpha=0.5).pace(torch.tensor([truth]))[0], pace, atol=1e-6)


def test_modulation_keeps_the_direction_of_the_joint_gradient_and_teaches_encoders_nothing_else():
    slopes = Slopes({A: [[1, 2]], B: [[3, 1]], TRUNK: [[3, 4]]}, [{A: [[5, 6]], HEAD: [[8, 8]]}, {B: [[7, 0]]}])
    found, paces = slopes.run(Modulated(noise=False), truth=[[0.8, 0.4]])
    for name, wanted in {A: [1, 2], B: [3, 1], TRUNK: [3, 4], HEAD: [8, 8]}.items():
        np.testing.assert_allclose(found[name], [wanted])
    assert set(paces) == {A, B}
    assert paces[A].item() == pytest.approx(1 - np.tanh(0.5))
    assert paces[B].item() == 1


def test_noise_is_as_large_as_the_spread_of_the_gradient_and_comes_to_what_is_ahead_only():
    slope = [[1.0, 5.0]]
    torch.manual_seed(0)
    drawn = []
    for _ in range(400):
        slopes = Slopes({A: slope, B: slope}, [{A: [[0, 0]]}, {B: [[0, 0]]}])
        found, _ = slopes.run(Modulated(), truth=[[0.8, 0.4]])
        np.testing.assert_allclose(found[B], slope)
        drawn.append(found[A] - slope)
    assert np.std(drawn) == pytest.approx(np.std([1, 5], ddof=1), rel=0.15)
    assert np.mean(drawn) == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("stacked", [True, False], ids=["stacked", "alone"])
def test_a_smaller_step_is_a_smaller_step_after_the_optimiser_too(stacked, monkeypatch):
    """Adam divides a gradient by its size: scaling gradients would change nothing."""
    monkeypatch.setattr(Modulated, "pace", lambda self, truth: torch.tensor([[0.25, 1.0]]).expand(truth.shape))
    rows, copies = taught_rows(absent=0), copies_of(folds=2)
    still = train(maker(unimodal=True), rows, copies, _one_step(rate=0.0), stacked=stacked, objective=Joint())
    moved = {
        objective: train(maker(unimodal=True), rows, copies, _one_step(), stacked=stacked, objective=objective)
        for objective in (Joint(), Modulated(noise=False))
    }
    for name, share in (("projections.0.linear.weight", 0.25), ("projections.1.linear.weight", 1.0)):
        for c in range(2):
            start = dict(still.modules[c].named_parameters())[name]
            whole, part = (dict(found.modules[c].named_parameters())[name] - start for found in moved.values())
            assert whole.abs().max() > 1e-4
            torch.testing.assert_close(part, share * whole, atol=1e-6, rtol=1e-3)


def _one_step(rate=1e-3):
    from dataclasses import replace

    return replace(SHORT, rate=rate, epochs=1, batch=1000, warm_up=1, decay=0.0)


def test_an_absent_modality_does_not_count_as_sure_of_the_truth(monkeypatch):
    """Its loss is zero where it is absent, which is not a probability of one."""
    seen = []
    monkeypatch.setattr(Modulated, "pace", lambda self, truth: seen.append(truth) or torch.ones_like(truth))
    train(maker(unimodal=True), taught_rows(absent=0.9), copies_of(), SHORT, stacked=True, objective=Modulated())
    first = seen[0].nan_to_num(0.5)
    assert ((first > 0.2) & (first < 0.8)).all()


def test_blending_weights_are_generalisation_over_squared_overfitting():
    """G-Blend: w ∝ G / O², G the fall of the watched loss, O the growth of the gap to the training loss."""
    # (train before, watched before, train after, watched after)
    curves = [(0.7, 0.7, 0.5, 0.6), (0.7, 0.7, 0.4, 0.6), (0.7, 0.75, 0.3, 0.45)]
    gained, overfit = np.array([0.1, 0.1, 0.3]), np.array([0.1, 0.2, 0.15 - 0.05])
    wanted = gained / overfit**2
    np.testing.assert_allclose(blending_weights(curves), wanted / wanted.sum())


def test_what_generalises_nothing_gets_no_weight_and_nothing_to_choose_gives_equal_ones():
    bad, good = (0.7, 0.7, 0.1, 0.9), (0.7, 0.7, 0.5, 0.6)
    assert blending_weights([bad, good]) == (0, 1)
    assert blending_weights([bad, bad]) == (0.5, 0.5)
    assert all(np.isfinite(blending_weights([(0.7, 0.7, 0.6, 0.5), good])))  # no overfitting at all
