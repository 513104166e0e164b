"""Canonical tasks: the announced optimum against a million rows scored by Bayes' rule from the densities themselves."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit, logsumexp
from scipy.stats import multivariate_normal, norm, rankdata

from fuseworthy.datasets.synthetic import (
    TASKS,
    Scores,
    complementary,
    conditionally_null,
    make,
    near_duplicate,
    noise_cancelling,
    noise_modality,
    xor,
)
from fuseworthy.datasets.synthetic.truth import gaussian_scores
from fuseworthy.errors import InputError

ROWS = 1_000_000


def scored(log_odds, y):
    """Measure the four scores of a posterior on rows."""
    loss = np.logaddexp(0, np.where(y == 1, -log_odds, log_odds))
    ranks = rankdata(log_odds)
    positives = int(y.sum())
    auc = (ranks[y == 1].sum() - positives * (positives + 1) / 2) / (positives * (len(y) - positives))
    right = np.where(log_odds == 0, 0.5, (log_odds > 0) == (y == 1))
    return Scores(float(right.mean()), float(auc), float(loss.mean()), float(((expit(log_odds) - y) ** 2).mean()))


def assert_close(found, announced, tolerance=0.002):
    for score in ("accuracy", "auc", "log_loss", "brier"):
        assert getattr(found, score) == pytest.approx(getattr(announced, score), abs=tolerance), score


def gaussian_log_odds(x, mean, covariance):
    mean = np.asarray(mean)
    return multivariate_normal.logpdf(x, mean, covariance) - multivariate_normal.logpdf(x, -mean, covariance)


def xor_log_odds(x1, x2, mu, flip):
    def agree(same):
        parts = [
            norm.logpdf(x1, s * mu[0]) + norm.logpdf(x2, (s if same else -s) * mu[1]) + np.log(0.5) for s in (-1, 1)
        ]
        return logsumexp(parts, axis=0)

    same, other = agree(True), agree(False)
    keep, change = np.log1p(-flip), np.log(flip)
    return np.logaddexp(same + keep, other + change) - np.logaddexp(same + change, other + keep)


@pytest.mark.parametrize(
    ("generator", "options", "strengths"),
    [
        (complementary, {}, (1.0, 0.7, 0.0)),
        (complementary, {"a": 0.4, "b": 1.3}, (0.4, 1.3, 0.0)),
        (conditionally_null, {}, (1.0, 0.6, 0.6)),
        (near_duplicate, {}, (1.0, 1.0, 0.95)),
        (noise_cancelling, {}, (1.0, 0.0, 0.8)),
        (noise_modality, {"p": 1}, (1.0, 0.0, 0.0)),
    ],
)
def test_gaussian_truth_is_what_bayes_scores_on_a_million_rows(generator, options, strengths):
    a, b, rho = strengths
    task = generator(ROWS, 20, **options)
    x1, x2 = task.inputs["x1"][:, 0], task.inputs["x2"][:, 0]
    assert_close(scored(gaussian_log_odds(x1, a, 1.0), task.y), task.truth.single1)
    assert_close(scored(gaussian_log_odds(x2, b, 1.0), task.y), task.truth.single2)
    both = gaussian_log_odds(np.column_stack([x1, x2]), [a, b], [[1.0, rho], [rho, 1.0]])
    assert_close(scored(both, task.y), task.truth.fused)


@pytest.mark.parametrize(("mu", "flip"), [((2.0, 2.0), 0.05), ((1.0, 1.8), 0.2)])
def test_xor_truth_is_what_bayes_scores_on_a_million_rows(mu, flip):
    task = xor(ROWS, 21, mu=mu, flip=flip)
    x1, x2 = task.inputs["x1"][:, 0], task.inputs["x2"][:, 0]
    assert_close(scored(xor_log_odds(x1, x2, mu, flip), task.y), task.truth.fused)
    for x in (x1, x2):
        assert task.y[x > 0].mean() == pytest.approx(0.5, abs=0.003)


@pytest.mark.parametrize(
    ("number", "single1", "single2", "fused"),
    [
        (1, 0.8413, 0.7580, 0.8889),
        (2, 0.8413, 0.7257, 0.8413),
        (3, 0.8413, 0.8413, 0.8444),
        (4, 0.8413, 0.5, 0.9522),
        (5, 0.5, 0.5, 0.910),
        (6, 0.8413, 0.5, 0.8413),
    ],
)
def test_accuracies_are_those_of_the_method(number, single1, single2, fused):
    truth = make(number, 1).truth
    found = [round(scores.accuracy, 4) for scores in (truth.single1, truth.single2, truth.fused)]
    assert found == pytest.approx([single1, single2, fused], abs=5.1e-5)


def test_log_losses_are_those_of_the_method():
    t1, t5 = make(1, 1).truth, make(5, 1).truth
    found = [t1.single1.log_loss, t1.single2.log_loss, t1.fused.log_loss, t5.fused.log_loss]
    assert found == pytest.approx([0.3563, 0.4951, 0.2628, 0.271], abs=2.1e-4)
    assert t1.gain == pytest.approx(0.0935, abs=1e-4)


def test_late_fusion_reaches_the_optimum_only_where_single_posteriors_tell_all():
    reached = {name: make(name, 1).truth.late == make(name, 1).truth.fused for name in TASKS}
    assert [name for name, at_optimum in reached.items() if not at_optimum] == ["noise_cancelling", "xor"]


def test_right_verdicts_are_those_of_the_method():
    expected = {name: make(name, 1).truth.to_dict()["expected"] for name in TASKS}
    nothing = ["EQUIVALENT", "NOT_WORTH_IT"]
    assert expected == {
        "complementary": ["FUSE"],
        "conditionally_null": nothing,
        "near_duplicate": nothing,
        "noise_cancelling": ["FUSE"],
        "xor": ["FUSE"],
        "noise_modality": ["EQUIVALENT", "HARMFUL", "INCONCLUSIVE", "NOT_WORTH_IT"],
    }
    assert "FUSE" not in make("xor", 1).truth.expected_late


def test_a_gain_below_the_margin_is_not_worth_fusing():
    assert complementary(1, 0, b=0.1).truth.expected == {"EQUIVALENT", "NOT_WORTH_IT"}


def test_without_separation_everything_is_a_coin():
    assert_close(gaussian_scores(0.0), Scores(0.5, 0.5, float(np.log(2)), 0.25), 1e-12)


@pytest.mark.parametrize("name", TASKS)
def test_shapes_and_types(name):
    task = make(name, 50, random_state=0, pad=3, rotate=True)
    width = 23 if name == "noise_modality" else 4
    assert {key: (value.shape, value.dtype) for key, value in task.inputs.items()} == {
        "x1": ((50, 4), np.float64),
        "x2": ((50, width), np.float64),
    }
    assert task.y.shape == (50,)
    assert set(task.y) == {0, 1}


@pytest.mark.parametrize("name", TASKS)
def test_same_seed_same_data(name):
    one, two, other = (make(name, 40, seed, pad=2, rotate=True) for seed in (3, 3, 4))
    for key in ("x1", "x2"):
        assert one.inputs[key].tobytes() == two.inputs[key].tobytes()
        assert one.inputs[key].tobytes() != other.inputs[key].tobytes()
    assert one.y.tobytes() == two.y.tobytes()


def test_a_generator_gives_new_rows_each_time():
    generator = np.random.default_rng(0)
    one, two = (make("T1", 40, generator) for _ in range(2))
    assert not np.array_equal(one.inputs["x1"], two.inputs["x1"])


@pytest.mark.parametrize("name", TASKS)
def test_padding_only_adds_columns_and_rotation_only_turns_them(name):
    plain, padded, turned = make(name, 60, 5), make(name, 60, 5, pad=4), make(name, 60, 5, pad=4, rotate=True)
    assert plain.truth == padded.truth == turned.truth
    for key, values in plain.inputs.items():
        np.testing.assert_array_equal(padded.inputs[key][:, : values.shape[1]], values)
        gram, turned_gram = (task.inputs[key] @ task.inputs[key].T for task in (padded, turned))
        np.testing.assert_allclose(turned_gram, gram, atol=1e-10)
        assert not np.allclose(turned.inputs[key], padded.inputs[key])
    np.testing.assert_array_equal(plain.y, turned.y)


def test_noise_modality_is_pure_noise():
    task = noise_modality(200_000, 6, p=3)
    x2 = task.inputs["x2"]
    stacked = np.column_stack([x2, task.inputs["x1"], task.y])
    np.testing.assert_allclose(np.corrcoef(stacked.T)[:3], np.eye(3, 5), atol=0.01)
    np.testing.assert_allclose(x2.std(axis=0), 1, atol=0.01)


def test_the_table_holds_id_modalities_and_target():
    task = make("T6", 30, 0, pad=1)
    table = task.to_table()
    assert table.schema == pa.schema(
        {"id": pa.int64(), "x1": pa.list_(pa.float64(), 2), "x2": pa.list_(pa.float64(), 21), "y": pa.int64()}
    )
    assert table["id"].to_pylist() == list(range(30))
    back = table["x2"].combine_chunks().flatten().to_numpy().reshape(30, -1)
    np.testing.assert_array_equal(back, task.inputs["x2"])


@pytest.mark.parametrize("given", ["complementary", "T1", "t1", 1])
def test_a_task_goes_by_name_or_number(given):
    assert make(given, 1).name == "complementary"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: make("complementry", 5), "the nearest is 'complementary'"),
        (lambda: make(9, 5), "9 came"),
        (lambda: make("T1", 0), "n must be at least 1"),
        (lambda: make("T1", 5, pad=-1), "pad must be at least 0"),
        (lambda: near_duplicate(5, rho=1.0), "rho must lie between -1 and 1"),
        (lambda: conditionally_null(5, b=1.0), "b must lie between 0 and a"),
        (lambda: xor(5, flip=0.7), "flip must lie between 0 and .5"),
        (lambda: noise_modality(5, p=0), "p must be at least 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
