"""Canonical tasks T7 to T19: every announced number against a million rows scored by Bayes' rule from the densities."""

from __future__ import annotations

import numpy as np
import pytest
from rows_scored import (
    ROWS,
    assert_close,
    explained,
    gaussian_log_odds,
    scored,
    scored_classes,
    slope_of,
)
from scipy.integrate import quad
from scipy.special import expit, logit, ndtr, softmax

from fuseworthy.datasets.synthetic import (
    dominance,
    drift,
    group_fingerprint,
    informative_missing,
    lagged,
    miscalibrated,
    multilabel,
    near_duplicate,
    pointer,
    pools,
    regression,
    row_quality,
    slice_rescue,
    two_bits,
)
from fuseworthy.datasets.synthetic.truth import COIN


def raw(task):
    """Give x1, x2 and y of a task whose modalities are one column each."""
    return task.inputs["x1"][:, 0], task.inputs["x2"][:, 0], task.y


def log_density(x, mean):
    """Log of the standard normal density around a mean, but for its constant."""
    return -((x - mean) ** 2) / 2


def log_odds_of(x, strength):
    return log_density(x, strength) - log_density(x, -strength)


def sometimes_log_odds(x, strength, share):
    """Bayes' rule for strength·s + e in a share of the rows and e in the others."""

    def density(sign):
        informed = np.log(share) + log_density(x, sign * strength)
        return np.logaddexp(informed, np.log1p(-share) + log_density(x, 0.0))

    return density(1) - density(-1)


def check(truth, y, log_odds, checked_elsewhere=(), tolerance=0.002):
    """Score each named rule's log-odds on the rows and compare; no rule of the truth may go unchecked."""
    announced = {"single1": truth.single1, "single2": truth.single2, "fused": truth.fused} | truth.rules
    assert {*log_odds, *checked_elsewhere} == set(announced)
    for name, values in log_odds.items():
        assert_close(scored(values, y), announced[name], tolerance)
    assert truth.late in (truth.single1, truth.fused)


@pytest.mark.parametrize("options", [{}, {"a": 1.2, "b": 0.5, "miss": (0.15, 0.4)}])
def test_missingness_that_depends_on_the_target(options):
    task = informative_missing(ROWS, 70, **options)
    a, b, (miss1, miss0) = options.get("a", 0.7), options.get("b", 1.0), options.get("miss", (0.6, 0.1))
    x1, x2, y = raw(task)
    present = task.present["x2"]
    np.testing.assert_array_equal(present, ~np.isnan(x2))
    mask = np.where(present, np.log(1 - miss1) - np.log(1 - miss0), np.log(miss1) - np.log(miss0))
    one, two = log_odds_of(x1, a), np.where(present, log_odds_of(x2, b), 0.0)
    rules = {
        "single1": one,
        "single2": two + mask,
        "fused": one + two + mask,
        "mask_blind": one + two,
        "mask_only": mask,
    }
    check(task.truth, y, rules, checked_elsewhere=["complete"])
    x1, x2, y = raw(informative_missing(ROWS, 71, a=a, b=b, miss=(1e-12, 1e-12)))
    assert_close(scored(log_odds_of(x1, a) + log_odds_of(x2, b), y), task.truth.rules["complete"])


@pytest.mark.parametrize(("kappa", "tolerance"), [(6.0, 0.005), (1.0, 0.002), (0.4, 0.002)])
def test_a_miscalibrated_modality(kappa, tolerance):
    """Losses of κ = 6 spread so widely that a million rows give their mean to .002 only: see the integral below."""
    task = miscalibrated(ROWS, 72, kappa=kappa)
    x1, x2, y = raw(task)
    one, two = log_odds_of(x1, 1.0), log_odds_of(x2, 0.5)
    stated1, stated2 = task.columns["logit1"], task.columns["logit2"]
    rules = {"single1": one, "single2": two, "fused": one + two, "product_calibrated": one + two}
    rules |= {"stated2": stated2, "product": stated1 + stated2}
    check(task.truth, y, rules, tolerance=tolerance)
    assert slope_of(stated2, y) == pytest.approx(task.truth.extra["slope"], rel=0.01)
    assert task.truth.extra["temperature"] == pytest.approx(1 / task.truth.extra["slope"])


@pytest.mark.parametrize("kappa", [1.0, 6.0, 20.0])
def test_the_losses_of_an_overconfident_product_are_their_integrals(kappa):
    scores = miscalibrated(1, 0, kappa=kappa).truth.rules["product"]
    mean, sd = 2 + 0.5 * kappa, np.sqrt(4 + kappa**2)

    def integral(loss):
        return quad(
            lambda z: loss(mean + sd * z) * np.exp(-z * z / 2) / np.sqrt(2 * np.pi), -12, 12, points=[-mean / sd]
        )

    assert scores.log_loss == pytest.approx(integral(lambda log_odds: np.logaddexp(0, -log_odds))[0], abs=1e-6)
    assert scores.brier == pytest.approx(integral(lambda log_odds: expit(-log_odds) ** 2)[0], abs=1e-6)


@pytest.mark.parametrize(("a", "b"), [(1.0, 0.7), (0.5, 1.3)])
def test_pools_of_calibrated_posteriors(a, b):
    task = pools(ROWS, 73, a=a, b=b)
    x1, x2, y = raw(task)
    one, two = log_odds_of(x1, a), log_odds_of(x2, b)
    found = {
        "linear_pool": logit((expit(one) + expit(two)) / 2),
        "geometric_pool": (one + two) / 2,
        "stack": one + two,
    }
    check(task.truth, y, {"single1": one, "single2": two, "fused": one + two} | found)
    for name, values in found.items():
        assert slope_of(values, y) == pytest.approx(task.truth.extra[f"slope_{name}"], rel=0.01), name


@pytest.mark.parametrize("mu", [2.0, 0.8])
def test_quality_that_differs_from_row_to_row(mu):
    task = row_quality(ROWS, 74, mu=mu)
    x1, x2, y = raw(task)

    def hidden(sign):
        first_good = log_density(x1, sign * mu) + log_density(x2, 0.0)
        return np.logaddexp(first_good, log_density(x1, 0.0) + log_density(x2, sign * mu))

    both = hidden(1) - hidden(-1)
    rules = {
        "single1": sometimes_log_odds(x1, mu, 0.5),
        "single2": sometimes_log_odds(x2, mu, 0.5),
        "fused": both,
        "hidden": both,
        "static": mu * (x1 + x2),
        "observed": np.where(task.columns["r"] == 1, log_odds_of(x1, mu), log_odds_of(x2, mu)),
    }
    check(task.truth, y, rules)


def test_a_modality_that_rescues_one_slice():
    a, b, share = 0.7, 1.5, 0.2
    task = slice_rescue(ROWS, 75, a=a, b=b, share=share)
    x1, x2, y = raw(task)
    inside = task.columns["g"] == 1
    one, hidden = log_odds_of(x1, a), sometimes_log_odds(x2, b, share)
    observed = one + np.where(inside, log_odds_of(x2, b), 0.0)
    check(task.truth, y, {"single1": one, "single2": hidden, "fused": one + hidden, "observed": observed})
    gain = {
        name: ((values > 0) == (y == 1)).astype(float) - ((one > 0) == (y == 1))
        for name, values in {"observed": observed, "hidden": one + hidden}.items()
    }
    measured = {
        "slice_gain": gain["observed"][inside].mean(),
        "overall_gain": gain["observed"].mean(),
        "elsewhere_gain": gain["observed"][~inside].mean(),
        "hidden_slice_gain": gain["hidden"][inside].mean(),
        "hidden_elsewhere_gain": gain["hidden"][~inside].mean(),
    }
    assert task.truth.extra == pytest.approx(measured, abs=0.002)


@pytest.mark.parametrize("strengths", [((1.0, 0.7), 0.8, 1.0), ((0.3, -1.1), 0.0, 0.5)])
def test_a_numeric_target_with_an_interaction(strengths):
    (w1, w2), beta, sigma = strengths
    task = regression(ROWS, 76, weights=(w1, w2), beta=beta, sigma=sigma)
    (x1, x2, y), truth = raw(task), task.truth
    best = {
        "single1": explained(w1 * x1, y),
        "single2": explained(w2 * x2, y),
        "additive": explained(w1 * x1 + w2 * x2, y),
        "fused": explained(w1 * x1 + w2 * x2 + beta * x1 * x2, y),
    }
    for name, found in best.items():
        assert_close(found, truth.rules["additive"] if name == "additive" else getattr(truth, name))
    measured = best["fused"].r2 - best["additive"].r2
    assert truth.extra == pytest.approx({"interaction_value": measured}, abs=0.002)


def test_without_a_signal_of_its_own_a_modality_is_invisible_to_late_regression():
    truth = regression(1, 0, weights=(1.0, 0.0)).truth
    assert truth.late == truth.single1
    assert truth.fused.r2 > truth.single1.r2


@pytest.mark.parametrize("mu", [1.5, 0.6])
def test_four_classes_of_two_bits(mu):
    task = two_bits(ROWS, 77, mu=mu)
    x1, x2, y = raw(task)
    bits = [(first, second) for first in (-1, 1) for second in (-1, 1)]
    one = np.column_stack([log_density(x1, mu * first) for first, _ in bits])
    two = np.column_stack([log_density(x2, mu * second) for _, second in bits])
    for logits, announced in ((one, "single1"), (two, "single2"), (one + two, "fused")):
        found = scored_classes(softmax(logits, axis=1), y)
        assert_close(found, getattr(task.truth, announced))


@pytest.mark.parametrize(("phi", "sigma", "lag"), [(0.9, (1.0, 0.5), 15), (0.8, (0.7, 0.6), 2)])
def test_a_modality_that_comes_late(phi, sigma, lag):
    """Best linear predictions are fitted on the rows: for jointly normal rows they are Bayes' rule."""
    task = lagged(2 * ROWS, 78, phi=phi, sigma=sigma, lag=lag)
    (x1, x2, y), truth = raw(task), task.truth

    def fitted(target, *inputs):
        x = np.column_stack(inputs)
        return explained(x @ np.linalg.solve(x.T @ x, x.T @ target), target)

    found = {"single1": fitted(y, x1), "single2": fitted(y, x2), "fused": fitted(y, x1, x2)}
    aligned = fitted(y[:-lag], x1[:-lag], x2[lag:])
    for name, scores in found.items():
        assert_close(scores, getattr(truth, name))
    assert_close(aligned, truth.rules["aligned"])
    measured = {"unaligned_mse": 1 - found["fused"].r2, "aligned_mse": 1 - aligned.r2, "lag": lag}
    assert truth.extra == pytest.approx(measured, abs=0.002)
    assert np.var(y) == pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(task.time, np.arange(2 * ROWS))


@pytest.mark.parametrize(("scale", "dims"), [(1e4, 1), (1.0, 12)])
def test_units_and_width_change_no_score(scale, dims):
    task = dominance(ROWS, 79, scale=scale, dims=dims)
    x1, x2 = task.inputs["x1"][:, 0], task.inputs["x2"] / scale
    one = log_odds_of(x1, 1.0)
    two = sum(log_odds_of(column, 0.7 / np.sqrt(dims)) for column in x2.T)
    check(task.truth, task.y, {"single1": one, "single2": two, "fused": one + two})


def test_a_fingerprint_says_nothing_of_new_groups():
    task = group_fingerprint(ROWS, 80)
    one = log_odds_of(task.inputs["x1"][:, 0], 1.0)
    assert_close(scored(one, task.y), task.truth.single1)
    assert scored(one, task.y).accuracy == pytest.approx(task.truth.extra["new_groups_accuracy"], abs=0.002)
    assert task.truth.fused == task.truth.late == task.truth.single1
    assert task.truth.single2 == COIN
    means = [task.inputs["x2"][task.y == label].mean(axis=0) for label in (0, 1)]
    assert np.abs(means[1] - means[0]).max() < 0.1
    assert all(len(set(labels)) == 1 for labels in np.split(task.y[:1000], 100))


@pytest.mark.parametrize(("dims", "spread"), [(10, 3.0), (4, 1.5)])
def test_the_bound_for_groups_already_seen_counts_pairs_of_groups(dims, spread):
    """Half of all pairs have different targets, and the nearer of two vectors is the wrong one with Φ(−distance/2)."""
    task = group_fingerprint(ROWS, 81, rows_per_group=ROWS // 2, dims=dims, spread=spread)
    rng = np.random.default_rng(0)
    difference = spread * (rng.standard_normal((ROWS, dims)) - rng.standard_normal((ROWS, dims)))
    mistaken = ndtr(-np.linalg.norm(difference, axis=1) / 2).mean()
    assert task.truth.extra["seen_groups_accuracy_at_least"] == pytest.approx(1 - mistaken / 2, abs=0.0005)


def test_the_nearest_group_already_seen_gives_the_target_away():
    task = group_fingerprint(40_000, 82, rows_per_group=200, spread=2.0)
    x2, half = task.inputs["x2"], np.arange(40_000) % 2 == 0
    centres = np.array([x2[half & (task.group == group)].mean(axis=0) for group in range(200)])
    targets = task.y[::200]
    distance = (centres**2).sum(axis=1) - 2 * x2[~half] @ centres.T
    accuracy = (targets[distance.argmin(axis=1)] == task.y[~half]).mean()
    assert accuracy >= task.truth.extra["seen_groups_accuracy_at_least"] > 0.9


@pytest.mark.parametrize("mu", [(1.0, 1.0), (0.8, 1.2)])
def test_a_modality_that_dies_or_turns_round(mu):
    found = {}
    for after in ("dead", "flipped"):
        task = drift(2 * ROWS, 83, mu=mu, after=after)
        x1, x2, y = raw(task)
        changed = task.columns["changed"] == 1
        np.testing.assert_array_equal(changed, task.time >= ROWS)
        one, two = log_odds_of(x1, mu[0]), log_odds_of(x2, mu[1])
        found[after] = scored((one + two)[changed], y[changed])
    found["router"] = scored(one[changed], y[changed])
    truth = task.truth
    for name, scores in found.items():
        assert_close(scores, truth.rules[name])
    before = {"single1": one, "single2": two, "fused": one + two, "before": one + two}
    harm = {
        "harm_accuracy": found["router"].accuracy - found["dead"].accuracy,
        "harm_log_loss": found["dead"].log_loss - found["router"].log_loss,
        "harm_brier": found["dead"].brier - found["router"].brier,
    }
    assert truth.extra == pytest.approx(harm, abs=0.002)
    check(truth, y[~changed], {name: values[~changed] for name, values in before.items()}, checked_elsewhere=found)


def test_every_label_has_the_truth_of_its_own_task():
    task = multilabel(ROWS, 84, p=1)
    x1, x2 = task.inputs["x1"], task.inputs["x2"]
    strengths = {"label_T1": (0, 1.0, 0.7, 0.0), "label_T2": (1, 1.0, 0.6, 0.6), "label_T6": (3, 1.0, 0.0, 0.0)}
    for name, (j, a, b, rho) in strengths.items():
        y, truth = task.y[:, j], task.truth.labels[name]
        both = gaussian_log_odds(np.column_stack([x1[:, j], x2[:, j]]), [a, b], [[1.0, rho], [rho, 1.0]])
        check(truth, y, {"single1": log_odds_of(x1[:, j], a), "single2": log_odds_of(x2[:, j], b), "fused": both})
    agreement = 0.9 * np.tanh(2 * x1[:, 2]) * np.tanh(2 * x2[:, 2])
    assert_close(scored(logit((1 + agreement) / 2), task.y[:, 2]), task.truth.labels["label_T5"].fused)


def test_the_truth_of_several_labels_is_the_mean_of_theirs():
    truth = multilabel(1, 0).truth
    for side in ("single1", "single2", "fused", "late"):
        of_labels = [getattr(label, side) for label in truth.labels.values()]
        assert getattr(truth, side).log_loss == pytest.approx(np.mean([scores.log_loss for scores in of_labels]))
        assert getattr(truth, side).accuracy == pytest.approx(np.mean([scores.accuracy for scores in of_labels]))
    assert truth.to_dict()["labels"]["label_T1"]["expected"] == ["FUSE"]


def test_the_token_that_is_asked_for_and_its_opposite_say_all_and_nothing_less_says_anything():
    task = pointer(200_000, 86, keys=4, sigma=0.7, flip=0.1)
    tokens, rows = task.inputs["x2"], np.arange(200_000)
    asked = task.inputs["x1"].argmax(axis=1)
    seen = np.zeros((200_000, 4))
    np.put_along_axis(seen, tokens[..., :4].argmax(axis=2), tokens[..., 4], axis=1)
    one, opposite = seen[rows, asked], seen[rows, (asked + 2) % 4]

    def log_odds(z, mu):
        return logit((1 + 0.8 * np.tanh(mu * z)) / 2)

    both = log_odds((one - opposite) / np.sqrt(2) / 0.7, np.sqrt(2) / 0.7)
    assert_close(scored(both, task.y), task.truth.fused, tolerance=0.004)
    assert_close(scored(log_odds(one / 0.7, 1 / 0.7), task.y), task.truth.rules["asked"], tolerance=0.004)
    assert task.truth.single1 == task.truth.single2 == task.truth.late == COIN
    pooled = np.concatenate([tokens.mean(axis=1), tokens.max(axis=1)], axis=1)
    for key in range(4):  # given the question, no pooled column differs between the classes
        here, y = pooled[asked == key], task.y[asked == key]
        assert np.abs(here[y == 1].mean(axis=0) - here[y == 0].mean(axis=0)).max() < 0.03


def test_a_product_of_near_duplicates_is_overconfident():
    task = near_duplicate(ROWS, 85)
    x1, x2, y = raw(task)
    assert_close(scored(log_odds_of(x1, 1.0) + log_odds_of(x2, 1.0), y), task.truth.rules["product_pool"])
    copies = near_duplicate(1, 0, rho=1 - 1e-9).truth
    assert copies.rules["product_pool"].log_loss == pytest.approx(0.432, abs=5e-4)
    assert copies.single1.log_loss == pytest.approx(0.356, abs=5e-4)
