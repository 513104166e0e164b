"""One row's error: against scikit-learn inside the clip, by hand at it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss

from fuseworthy.task import CLIP, Task

BINARY = Task("binary", ("no", "yes"))
THREE = Task("multiclass", ("x", "y", "z"))


def test_binary_loss_is_scikit_learns_log_loss_of_the_clipped_probability():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    p = rng.random(200)
    p[:6] = [0, 1, 0, 1, 1e-9, 1 - 1e-9]
    y[:6] = [0, 0, 1, 1, 1, 0]
    clipped = np.clip(p, CLIP["binary"], 1 - CLIP["binary"])
    expected = log_loss(y, np.column_stack([1 - clipped, clipped]))
    assert BINARY.mean_loss(y, np.column_stack([1 - p, p])) == pytest.approx(expected, rel=1e-12)


def test_multiclass_loss_is_scikit_learns_log_loss_above_the_clip():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 100)
    p = rng.dirichlet([5, 5, 5], 100)
    assert p.min() > CLIP["multiclass"]
    assert THREE.mean_loss(y, p) == pytest.approx(log_loss(y, p), rel=1e-12)


def test_a_class_given_no_chance_costs_no_more_than_the_clip():
    sure = np.array([[1.0, 0.0]])
    assert BINARY.row_loss(np.array([1]), sure)[0] == pytest.approx(-np.log(1e-6))
    assert BINARY.row_loss(np.array([0]), sure)[0] == pytest.approx(-np.log(1 - 1e-6))
    assert THREE.row_loss(np.array([2]), np.array([[1.0, 0.0, 0.0]]))[0] == pytest.approx(-np.log(1e-3))
    assert THREE.row_loss(np.array([0]), np.array([[1.0, 0.0, 0.0]]))[0] == 0


def test_regression_loss_is_the_squared_error_in_units_of_the_variance():
    task = Task("regression", variance=4.0)
    assert task.row_loss(np.array([1.0, 5.0]), np.array([[3.0], [5.0]])).tolist() == [1.0, 0.0]


@pytest.mark.parametrize("task", [BINARY, THREE, Task("regression", variance=2.0)], ids=lambda t: t.kind)
def test_repeats_are_scored_as_each_would_be_alone(task):
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 20)
    p = rng.dirichlet(np.ones(max(task.width, 2)), (3, 20))[..., : task.width]
    p[1, 4] = np.nan
    together = task.row_loss(y, p)
    assert together.shape == (3, 20)
    np.testing.assert_array_equal(together, np.stack([task.row_loss(y, part) for part in p]))
    assert np.isnan(together[1, 4])
    assert np.isnan(together).sum() == 1


def test_the_prior_is_the_share_of_each_class_with_half_a_row_added():
    assert BINARY.prior(np.array([1, 1, 1])).tolist() == [0.125, 0.875]
    assert THREE.prior(np.array([0, 1, 1])).sum() == pytest.approx(1)
    assert Task("regression").prior(np.array([1.0, 3.0])).tolist() == [2.0]


@pytest.mark.parametrize("task", [BINARY, THREE, Task("regression", variance=2.5)], ids=lambda t: t.kind)
def test_a_task_survives_its_dict(task):
    assert Task.from_dict(task.to_dict()) == task


@pytest.mark.parametrize(
    ("task", "width", "loss", "unit"),
    [
        (BINARY, 2, "log-loss", "nats/row"),
        (THREE, 3, "log-loss", "nats/row"),
        (Task("regression"), 1, "squared error / variance", "of the target's variance"),
    ],
)
def test_a_task_names_its_loss_and_its_unit(task, width, loss, unit):
    assert (task.width, task.loss_name, task.loss_unit) == (width, loss, unit)
