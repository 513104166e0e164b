"""Slopes against statsmodels and scipy, reliability bins against Clopper and Pearson."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from evidence_ledgers import BINARY, PLAIN, ledger_of, plain_folds, two_sided
from scipy import optimize, special
from statsmodels.stats.proportion import proportion_confint

from fuseworthy.evidence.calibration import calibration_facts, recalibration_slope, reliability_curve
from fuseworthy.task import Task

THREE = Task("multiclass", ("x", "y", "z"))


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def binary_case(rng, n=600, sharpness=1.0):
    logit = rng.normal(0.3, 1.2, n)
    y = (rng.random(n) < special.expit(logit)).astype(int)
    return y, two_sided(sharpness * logit), sharpness * logit


@pytest.mark.parametrize("sharpness", [0.2, 1.0, 3.0, 8.0])
def test_binary_slope_intercept_and_interval_equal_statsmodels(sharpness, rng):
    y, p, _ = binary_case(rng, sharpness=sharpness)
    logit = np.diff(np.log(np.clip(p, 1e-6, 1)))[:, 0]
    fit = sm.Logit(y, sm.add_constant(logit)).fit(disp=0, tol=1e-12)
    ours = recalibration_slope(BINARY, y, p)
    low, high = fit.conf_int(alpha=0.10)[1]
    assert ours["slope"] == pytest.approx(fit.params[1], rel=1e-6)
    assert ours["intercept"] == pytest.approx(fit.params[0], abs=1e-6)
    assert (ours["slope_low"], ours["slope_high"]) == pytest.approx((low, high), rel=1e-3)


def test_a_slope_below_one_means_overconfident(rng):
    y, p, _ = binary_case(rng, n=4000, sharpness=3.0)
    assert recalibration_slope(BINARY, y, p)["slope_high"] < 0.5
    y, p, _ = binary_case(rng, n=4000, sharpness=1.0)
    calibrated = recalibration_slope(BINARY, y, p)
    assert calibrated["slope_low"] < 1 < calibrated["slope_high"]


def test_multiclass_slope_maximises_the_likelihood_and_its_error_is_the_curvature(rng):
    n = 900
    logits = rng.normal(size=(n, 3))
    y = np.array([rng.choice(3, p=special.softmax(row)) for row in logits])
    p = special.softmax(2.0 * logits, axis=1)

    def negative(slope):
        return -np.log(special.softmax(slope * np.log(p), axis=1)[np.arange(n), y]).sum()

    best = optimize.minimize_scalar(negative, bounds=(0.1, 5), method="bounded", options={"xatol": 1e-10}).x
    h = 1e-3
    curvature = (negative(best + h) - 2 * negative(best) + negative(best - h)) / h**2
    ours = recalibration_slope(THREE, y, p)
    assert ours["slope"] == pytest.approx(best, rel=1e-4)
    assert ours["slope"] == pytest.approx(0.5, abs=0.1)
    assert ours["slope_high"] - ours["slope"] == pytest.approx(1.645 / np.sqrt(curvature), rel=1e-3)


def test_regression_slope_and_error_equal_ordinary_least_squares(rng):
    guess = rng.normal(5, 2, 150)
    y = 1 + 0.8 * guess + rng.normal(size=150)
    fit = sm.OLS(y, sm.add_constant(guess)).fit()
    ours = recalibration_slope(PLAIN, y, guess[:, None])
    assert (ours["intercept"], ours["slope"]) == pytest.approx(tuple(fit.params), rel=1e-10)
    assert ours["slope_high"] - ours["slope"] == pytest.approx(1.645 * fit.bse[1], rel=1e-10)


@pytest.mark.parametrize("value", [0.1, 0.3, 0.5])
def test_a_constant_prediction_has_no_slope(value, rng):
    """0.1 thirty times has a standard deviation of 3e-17, not of zero."""
    y = rng.integers(0, 2, 30)
    assert np.isnan(recalibration_slope(BINARY, y, np.tile([1 - value, value], (30, 1)))["slope"])
    assert np.isnan(recalibration_slope(PLAIN, rng.normal(size=30), np.full((30, 1), value))["slope"])


def test_a_perfect_separation_ends_and_is_finite():
    y = np.array([0, 0, 0, 1, 1, 1])
    slope = recalibration_slope(BINARY, y, two_sided(np.array([-3.0, -2, -1, 1, 2, 3])))
    assert np.isfinite(list(slope.values())).all()
    assert slope["slope"] > 1


def test_binary_bins_hold_equal_mass_and_the_interval_of_clopper_and_pearson(rng):
    y, p, _ = binary_case(rng, n=430)
    bins = reliability_curve(BINARY, y, p)
    assert len(bins) == 10
    assert {b["rows"] for b in bins} == {43}
    for b in bins:
        hits = round(b["observed"] * b["rows"])
        low, high = proportion_confint(hits, b["rows"], alpha=0.10, method="beta")
        assert (b["low"], b["high"]) == pytest.approx((low, high), abs=1e-12)
    stated = [b["predicted"] for b in bins]
    assert stated == sorted(stated)
    assert sum(b["observed"] * b["rows"] for b in bins) == pytest.approx(y.sum())


@pytest.mark.parametrize(("hits", "low", "high"), [(0, 0.0, None), (20, None, 1.0)])
def test_a_bin_of_all_or_none_keeps_an_open_side(hits, low, high):
    y = np.repeat([1, 0], [hits, 20 - hits])
    (only,) = reliability_curve(BINARY, y, np.tile([0.4, 0.6], (20, 1)))
    expected = proportion_confint(hits, 20, alpha=0.10, method="beta")
    assert (only["low"], only["high"]) == pytest.approx(expected, abs=1e-12)
    assert low in (None, only["low"])
    assert high in (None, only["high"])


def test_multiclass_bins_ask_whether_the_predicted_class_was_right(rng):
    y = rng.integers(0, 3, 200)
    p = rng.dirichlet([1, 1, 1], 200)
    bins = reliability_curve(THREE, y, p)
    assert sum(b["observed"] * b["rows"] for b in bins) == pytest.approx((p.argmax(1) == y).sum())
    assert sum(b["predicted"] * b["rows"] for b in bins) == pytest.approx(p.max(1).sum())


def test_regression_bins_carry_the_error_of_a_mean(rng):
    y, guess = rng.normal(size=100), rng.normal(size=100)
    bins = reliability_curve(PLAIN, y, guess[:, None])
    first = np.argsort(guess, kind="stable")[:20]
    assert bins[0]["observed"] == pytest.approx(y[first].mean())
    assert bins[0]["high"] - bins[0]["observed"] == pytest.approx(1.645 * y[first].std(ddof=1) / np.sqrt(20))


def test_few_rows_get_few_bins(rng):
    y, p, _ = binary_case(rng, n=19)
    assert len(reliability_curve(BINARY, y, p)) == 1


def test_facts_speak_of_the_first_repeat(rng):
    y, p, _ = binary_case(rng, n=200)
    folds = plain_folds(200, n_repeats=2)
    ledger = ledger_of(BINARY, y, folds, {"a/x": np.stack([p, p[::-1]])})
    facts = calibration_facts(ledger, "a/x", "single")
    assert facts["slope"] == recalibration_slope(BINARY, y, p)["slope"]
    assert (facts["name"], facts["role"], sum(b["rows"] for b in facts["bins"])) == ("a/x", "single", 200)
