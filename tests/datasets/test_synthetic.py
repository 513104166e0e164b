"""Canonical tasks: the announced optimum against a million rows scored by Bayes' rule from the densities themselves."""

from __future__ import annotations

import numpy as np
import pytest
from rows_scored import ROWS, assert_close, gaussian_log_odds, scored
from scipy.special import logsumexp
from scipy.stats import norm

from fuseworthy.datasets.synthetic import (
    TASKS,
    Scores,
    complementary,
    conditionally_null,
    dominance,
    drift,
    group_fingerprint,
    informative_missing,
    lagged,
    make,
    miscalibrated,
    multilabel,
    near_duplicate,
    noise_cancelling,
    noise_modality,
    pools,
    regression,
    slice_rescue,
    xor,
)
from fuseworthy.datasets.synthetic.optimum import gaussian_scores
from fuseworthy.errors import InputError


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
        (7, 0.7580, None, 0.8924),
        (8, 0.8413, None, 0.8682),
        (9, 0.8413, 0.7580, 0.8889),
        (10, 0.7386, 0.7386, 0.9214),
        (13, 0.4666, 0.4666, 0.8708),
        (15, 0.8413, 0.7580, 0.8889),
        (16, 0.8413, 0.5, 0.8413),
        (17, 0.8413, 0.8413, 0.9214),
        (19, 0.5, 0.5, 0.9479),
    ],
)
def test_accuracies_are_those_of_the_method(number, single1, single2, fused):
    truth = make(number, 1).truth
    asked = {"single1": single1, "single2": single2, "fused": fused}
    for name, accuracy in asked.items():
        if accuracy is not None:
            assert round(getattr(truth, name).accuracy, 4) == pytest.approx(accuracy, abs=5.1e-5), name


@pytest.mark.parametrize(
    ("number", "rule", "accuracy"),
    [
        (7, "mask_blind", 0.8431),
        (7, "complete", 0.8889),
        (8, "product_calibrated", 0.8682),
        (8, "product", 0.7854),
        (9, "linear_pool", 0.8889),
        (9, "geometric_pool", 0.8889),
        (9, "stack", 0.8889),
        (10, "observed", 0.9772),
        (10, "static", 0.9214),
        (17, "before", 0.9214),
        (17, "dead", 0.7602),
        (17, "flipped", 0.5),
        (17, "router", 0.8413),
        (19, "asked", 0.9295),
    ],
)
def test_accuracies_of_further_rules_are_those_of_the_method(number, rule, accuracy):
    assert make(number, 1).truth.rules[rule].accuracy == pytest.approx(accuracy, abs=5.1e-5)


@pytest.mark.parametrize(
    ("number", "rule", "log_loss"),
    [
        (8, "product_calibrated", 0.305),
        (8, "product", 0.848),
        (9, "linear_pool", 0.359),
        (9, "geometric_pool", 0.315),
        (9, "stack", 0.263),
    ],
)
def test_log_losses_of_further_rules_are_those_of_the_method(number, rule, log_loss):
    assert make(number, 1).truth.rules[rule].log_loss == pytest.approx(log_loss, abs=5.1e-4)


@pytest.mark.parametrize(
    ("number", "name", "value", "tolerance"),
    [
        (9, "slope_linear_pool", 2.6, 0.05),
        (9, "slope_geometric_pool", 2.0, 1e-9),
        (9, "slope_stack", 1.0, 1e-9),
        (11, "slice_gain", 0.1930, 5.1e-5),
        (11, "overall_gain", 0.0386, 5.1e-5),
        (11, "elsewhere_gain", 0.0, 1e-12),
        (12, "interaction_value", 0.64 / 3.13, 1e-12),
        (14, "unaligned_mse", 0.491, 5.1e-4),
        (14, "aligned_mse", 0.167, 5.1e-4),
        (17, "harm_accuracy", 0.081, 5.1e-4),
    ],
)
def test_further_numbers_are_those_of_the_method(number, name, value, tolerance):
    assert make(number, 1).truth.extra[name] == pytest.approx(value, abs=tolerance)


def test_shares_of_variance_are_those_of_the_method():
    t12, t14 = make(12, 1).truth, make(14, 1).truth
    found = [t12.single1.r2, t12.single2.r2, t12.rules["additive"].r2, t12.fused.r2, t14.single1.r2]
    assert found == pytest.approx([0.3195, 0.1565, 0.476, 0.6805, 0.500], abs=5.1e-5)


def test_log_losses_are_those_of_the_method():
    t1, t5 = make(1, 1).truth, make(5, 1).truth
    found = [t1.single1.log_loss, t1.single2.log_loss, t1.fused.log_loss, t5.fused.log_loss]
    assert found == pytest.approx([0.3563, 0.4951, 0.2628, 0.271], abs=2.1e-4)
    assert t1.gain == pytest.approx(0.0935, abs=1e-4)


def test_late_fusion_reaches_the_optimum_only_where_single_posteriors_tell_all():
    reached = {name: make(name, 1).truth.late == make(name, 1).truth.fused for name in TASKS}
    assert [name for name, yes in reached.items() if not yes] == ["noise_cancelling", "xor", "multilabel", "pointer"]


def test_right_verdicts_are_those_of_the_method():
    expected = {name: make(name, 1).truth.to_dict()["expected"] for name in TASKS}
    nothing, never = ["EQUIVALENT", "NOT_WORTH_IT"], ["EQUIVALENT", "HARMFUL", "INCONCLUSIVE", "NOT_WORTH_IT"]
    others = {
        "conditionally_null": nothing,
        "near_duplicate": nothing,
        "noise_modality": never,
        "lagged": nothing,
        "group_fingerprint": never,
    }
    assert expected == {name: others.get(name, ["FUSE"]) for name in TASKS}
    assert "FUSE" not in make("xor", 1).truth.expected_late


def test_aligning_in_time_turns_the_verdict():
    assert make("lagged", 1).truth.expected == {"EQUIVALENT", "NOT_WORTH_IT"}
    assert lagged(1, lag=0).truth.expected == {"FUSE"}
    assert lagged(1, lag=0).truth.fused == make("lagged", 1).truth.rules["aligned"]


def test_a_gain_below_the_margin_is_not_worth_fusing():
    assert complementary(1, 0, b=0.1).truth.expected == {"EQUIVALENT", "NOT_WORTH_IT"}


def test_without_separation_everything_is_a_coin():
    assert_close(gaussian_scores(0.0), Scores(0.5, 0.5, float(np.log(2)), 0.25), 1e-12)


@pytest.mark.parametrize("name", TASKS)
def test_same_seed_same_data(name):
    one, two, other = (make(name, 40, seed, pad=2, rotate=True) for seed in (3, 3, 4))
    for key in ("x1", "x2"):
        assert one.inputs[key].tobytes() == two.inputs[key].tobytes()
        assert one.inputs[key].tobytes() != other.inputs[key].tobytes()
    assert one.y.tobytes() == two.y.tobytes()
    assert one.to_table().equals(two.to_table()) or name == "informative_missing"  # where an absent cell holds NaN
    assert one.truth == two.truth


def test_a_generator_gives_new_rows_each_time():
    generator = np.random.default_rng(0)
    one, two = (make("T1", 40, generator) for _ in range(2))
    assert not np.array_equal(one.inputs["x1"], two.inputs["x1"])


@pytest.mark.parametrize("name", TASKS)
def test_padding_only_adds_columns_and_rotation_only_turns_them(name):
    plain, padded, turned = make(name, 60, 5), make(name, 60, 5, pad=4), make(name, 60, 5, pad=4, rotate=True)
    assert plain.truth == padded.truth == turned.truth
    for key, values in plain.inputs.items():
        np.testing.assert_array_equal(padded.inputs[key][..., : values.shape[-1]], values)
        flat = (task.inputs[key].reshape(-1, task.inputs[key].shape[-1]) for task in (padded, turned))
        gram, turned_gram = (rows @ rows.T for rows in flat)
        np.testing.assert_allclose(turned_gram, gram, atol=1e-12 * np.nanmax(gram))
        assert not np.allclose(turned.inputs[key], padded.inputs[key])
    np.testing.assert_array_equal(plain.y, turned.y)
    for key, values in plain.columns.items():
        np.testing.assert_array_equal(values, turned.columns[key])


def test_noise_modality_is_pure_noise():
    task = noise_modality(200_000, 6, p=3)
    x2 = task.inputs["x2"]
    stacked = np.column_stack([x2, task.inputs["x1"], task.y])
    np.testing.assert_allclose(np.corrcoef(stacked.T)[:3], np.eye(3, 5), atol=0.01)
    np.testing.assert_allclose(x2.std(axis=0), 1, atol=0.01)


@pytest.mark.parametrize("given", ["complementary", "T1", "t1", 1])
def test_a_task_goes_by_name_or_number(given):
    assert make(given, 1).name == "complementary"


@pytest.mark.parametrize("number", range(1, 20))
def test_the_number_of_a_task_is_its_place_in_the_list(number):
    assert make(f"T{number}", 5).name == make(number, 5).name == list(TASKS)[number - 1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: make("complementry", 5), "the nearest is 'complementary'"),
        (lambda: make(20, 5), "20 came"),
        (lambda: make("T1", 0), "n must be at least 1"),
        (lambda: make("T18", 0), "n must be at least 1"),
        (lambda: make("T1", 5, pad=-1), "pad must be at least 0"),
        (lambda: near_duplicate(5, rho=1.0), "rho must lie between -1 and 1"),
        (lambda: conditionally_null(5, b=1.0), "b must lie between 0 and a"),
        (lambda: xor(5, flip=0.7), "flip must lie between 0 and .5"),
        (lambda: noise_modality(5, p=0), "p must be at least 1"),
        (lambda: informative_missing(5, miss=(0.5, 1.0)), "miss must hold two chances between 0 and 1"),
        (lambda: miscalibrated(5, kappa=0.0), "kappa must be positive"),
        (lambda: pools(5, a=0.0, b=0.0), "a and b must not both be 0"),
        (lambda: slice_rescue(5, share=0.0), "share must lie between 0 and 1"),
        (lambda: regression(5, weights=(0.0, 0.0), beta=0.0, sigma=0.0), "weights, beta and sigma must not all be 0"),
        (lambda: lagged(5, phi=1.0), "phi must lie between -1 and 1"),
        (lambda: lagged(5, lag=-1), "lag must be at least 0"),
        (lambda: lagged(5, sigma=(1.0, 0.0)), "sigma must hold two positive numbers"),
        (lambda: dominance(5, scale=0.0), "scale must be positive"),
        (lambda: dominance(5, dims=0), "dims must be at least 1"),
        (lambda: group_fingerprint(5, rows_per_group=0), "rows_per_group must be at least 1"),
        (lambda: group_fingerprint(5, dims=0), "dims must be at least 1"),
        (lambda: group_fingerprint(5, spread=0.0), "spread must be positive"),
        (lambda: drift(5, change=1.0), "change must lie between 0 and 1"),
        (lambda: drift(5, after="fliped"), "the nearest is 'flipped'"),
        (lambda: multilabel(5, p=0), "p must be at least 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
