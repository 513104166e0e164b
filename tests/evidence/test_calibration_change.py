"""Calibration lost, recoverable or kept; scales; abstention."""

from __future__ import annotations

import numpy as np
import pytest
from evidence_ledgers import BINARY, ledger_of, two_sided
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss

from fuseworthy.datasets.synthetic import make
from fuseworthy.evidence.abstention import Ranked, abstention_facts, abstention_threshold, area, risk_coverage
from fuseworthy.evidence.corp import comparable_scales, decompose, pool_calibrations
from fuseworthy.folds import Folds
from fuseworthy.ledger import Ledger
from fuseworthy.task import Task


def held_out(y, logits, raw=None):
    folds = Folds("held-out", np.zeros((1, len(y)), dtype=int))
    made = ledger_of(BINARY, y, folds, {name: two_sided(z)[None] for name, z in logits.items()})
    return Ledger(**{**made.__dict__, "raw": {name: two_sided(z)[None] for name, z in (raw or {}).items()}})


def miscalibrated(seed, n=4000):
    """canonical task T8: the second modality overstates its evidence sixfold, and the product believes it."""
    task = make("T8", n, seed)
    one, two = task.columns["logit1"], task.columns["logit2"]
    return held_out(task.y, {"a/x": one, "b/x": two, "product": one + two}), task


def test_the_decomposition_adds_up_and_is_that_of_scikit_learns_isotonic_regression():
    rng = np.random.default_rng(0)
    p = np.round(rng.random(500), 2)
    y = (rng.random(500) < p**2).astype(float)
    found = decompose(p, y)
    assert found.score == pytest.approx(brier_score_loss(y, p), abs=1e-12)
    fitted = IsotonicRegression().fit(p, y).predict(p)
    assert found.miscalibration == pytest.approx(found.score - ((fitted - y) ** 2).mean(), abs=1e-12)
    assert found.score == pytest.approx(found.miscalibration - found.discrimination + found.uncertainty, abs=1e-12)


def test_overstated_evidence_loses_calibration_and_the_temperature_is_found():
    """canonical task T8, forty draws: "lost" and 1/6 within a tenth in nine of ten."""
    said = near = 0
    for seed in range(40):
        ledger, task = miscalibrated(seed)
        (product,) = pool_calibrations(ledger, "a/x", ["product"])
        scales = comparable_scales(ledger)
        said += product["answer"] == "lost" and not scales["comparable"]
        slope = next(row["slope"] for row in scales["rows"] if row["modality"] == "b")
        near += abs(slope * task.truth.extra["temperature"] - 1) <= 0.1
    assert said >= 36
    assert near >= 36


def test_a_mean_of_probabilities_loses_calibration_recoverably():
    """canonical task T9, forty draws: slope 2.6 before recalibration, right after it."""
    said = 0
    for seed in range(40):
        task = make("T9", 2000, seed)
        one, two = 2 * task.inputs["x1"][:, 0], 1.4 * task.inputs["x2"][:, 0]
        mean = (expit(one) + expit(two)) / 2
        raw = np.log(mean / (1 - mean))
        ledger = held_out(task.y, {"a/x": one, "b/x": two, "mean": 2.56 * raw, "stack": one + two}, raw={"mean": raw})
        pools = {row["name"]: row for row in pool_calibrations(ledger, "a/x", ["mean", "stack"])}
        said += pools["mean"]["answer"] == "recoverable" and pools["stack"]["answer"] == "kept"
        assert pools["mean"]["temperature"] == pytest.approx(1 / 2.56, rel=0.15)
    assert said >= 36


def test_what_fusing_brings_splits_into_sharper_evidence_less_what_calibration_costs():
    ledger, _ = miscalibrated(0)
    (product,) = pool_calibrations(ledger, "a/x", ["product"])
    change = product["before"]
    assert change["gain"] == pytest.approx(change["single"]["score"] - change["fusion"]["score"], abs=1e-12)
    assert change["miscalibration"]["low"] > 0.002


def test_calibration_of_values_is_decomposed_too():
    rng = np.random.default_rng(1)
    y = rng.normal(size=800)
    task = Task("regression", variance=float(y.var()))
    folds = Folds("held-out", np.zeros((1, 800), dtype=int))
    noisy = y + 0.5 * rng.normal(size=800)
    predictions = {"a/x": noisy[None, :, None] * 0.8, "steep": 2 * noisy[None, :, None]}
    (steep,) = pool_calibrations(ledger_of(task, y, folds, predictions), "a/x", ["steep"])
    assert steep["answer"] == "lost"
    assert abstention_facts(ledger_of(task, y, folds, predictions), "a/x", "steep") is None


@pytest.fixture(scope="module")
def fused():
    task = make("T1", 3000, 0)
    one, two = 2 * task.inputs["x1"][:, 0], 1.4 * task.inputs["x2"][:, 0]
    return held_out(task.y, {"a/x": one, "b/x": two, "both": one + two})


def test_the_error_rises_with_coverage_and_the_fusion_errs_less_everywhere(fused):
    single, both = risk_coverage(Ranked.of(fused, "a/x")), risk_coverage(Ranked.of(fused, "both"))
    assert both[-1]["coverage"] == 1.0
    assert both[-1]["error"] == pytest.approx(1 - 0.8889, abs=0.02)
    assert area(Ranked.of(fused, "both")) < area(Ranked.of(fused, "a/x"))
    assert single[5]["error"] < single[-1]["error"]


def test_above_the_threshold_new_rows_err_no_more_than_stated():
    """The promise is for nine draws of ten; forty draws."""
    broken = 0
    for seed in range(40):
        task = make("T1", 1500, seed)
        fresh = make("T1", 20_000, 1000 + seed)
        logit = 2 * task.inputs["x1"][:, 0] + 1.4 * task.inputs["x2"][:, 0]
        found = abstention_threshold(Ranked.of(held_out(task.y, {"a/x": logit, "both": logit}), "both"), 0.05)
        p = expit(2 * fresh.inputs["x1"][:, 0] + 1.4 * fresh.inputs["x2"][:, 0])
        kept = np.maximum(p, 1 - p) >= found["threshold"]
        broken += ((p > 0.5) != fresh.y)[kept].mean() > 0.05
        assert found["coverage"] > 0.4
    assert broken <= 8


def test_an_error_that_no_certainty_reaches_gives_no_threshold(fused):
    rng = np.random.default_rng(0)
    guess = held_out(rng.integers(0, 2, 500), {"a/x": rng.normal(size=500), "both": rng.normal(size=500)})
    assert abstention_threshold(Ranked.of(guess, "both"), 0.05)["threshold"] is None
