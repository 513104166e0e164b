"""Our numbers are those of scipy, statsmodels and baycomp."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from evidence_ledgers import BINARY, PLAIN, ledger_of, ledger_of_losses, plain_folds, two_sided
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from fuseworthy.evidence.intervals import fold_means, paired_interval
from fuseworthy.evidence.multiple import holm
from fuseworthy.evidence.refusals import design_effect
from fuseworthy.evidence.rescue import rescue_matrix
from fuseworthy.evidence.verdict import decide
from fuseworthy.folds import Folds, make_folds


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def held_out(n, clusters=None):
    return Folds("held-out", np.zeros((1, n), dtype=np.int64), clusters)


def test_a_held_out_verdict_is_the_paired_t_test_of_scipy(rng):
    """One single and one fusion: there is nothing to choose, so the verdict is the plain paired test."""
    single, fusion = 0.7 + 0.2 * rng.random(150), 0.5 + 0.2 * rng.random(150)
    verdict = decide(ledger_of_losses(held_out(150), {"a/x": single[None], "fusion": fusion[None]}))
    ours = paired_interval((single - fusion)[None], held_out(150))
    test = stats.ttest_rel(single, fusion, alternative="greater")
    assert ours.p_value == pytest.approx(test.pvalue, rel=1e-9)
    assert verdict.guard[0]["p"] == pytest.approx(test.pvalue, rel=1e-9)
    interval = stats.ttest_rel(single, fusion).confidence_interval(0.90)
    assert (verdict.low, verdict.high) == pytest.approx(tuple(interval), rel=1e-9)


def test_rescue_against_harm_is_the_exact_mcnemar_test(rng):
    y = rng.integers(0, 2, 200)
    sign = 2.0 * y - 1
    logits = {"a/x": 0.7 * sign + rng.normal(size=200), "fusion": 1.5 * sign + rng.normal(size=200)}
    ledger = ledger_of(BINARY, y, held_out(200), {name: two_sided(z)[None] for name, z in logits.items()})
    found = rescue_matrix(ledger, "a/x", "fusion")
    right = {name: (z > 0) == (y == 1) for name, z in logits.items()}
    table = [[int(np.sum((right["a/x"] == a) & (right["fusion"] == b))) for b in (True, False)] for a in (True, False)]
    assert found["p_value"] == pytest.approx(mcnemar(table, exact=True).pvalue, rel=1e-9)
    rescued, harmed = table[1][0], table[0][1]
    assert found["p_value"] == pytest.approx(stats.binomtest(rescued, rescued + harmed).pvalue, rel=1e-9)


def test_holm_is_that_of_statsmodels(rng):
    p = rng.random(12) ** 3
    assert holm(p.tolist()) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-12)


@pytest.mark.parametrize("size", [1, 4, 25])
def test_the_cluster_error_is_that_of_a_cluster_robust_intercept(size, rng):
    """statsmodels multiplies by G/(G-1) · (n-1)/(n-k); with the intercept alone (k = 1) that is G/(G-1), as here."""
    groups = np.repeat(np.arange(30), rng.integers(1, size + 1, 30))
    d = rng.normal(size=30)[groups] + rng.normal(size=len(groups))
    fit = sm.OLS(d, np.ones(len(d))).fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": True})
    ours = paired_interval(d[None], held_out(len(d), groups))
    assert ours.se == pytest.approx(fit.bse[0], rel=1e-9)


def test_the_design_effect_is_the_ratio_of_clustered_to_plain_variance(rng):
    groups = np.repeat(np.arange(40), 10)
    hits = (rng.random(40) < 0.5)[groups].astype(float)
    plain = sm.OLS(hits, np.ones(400)).fit()
    clustered = sm.OLS(hits, np.ones(400)).fit(cov_type="cluster", cov_kwds={"groups": groups})
    assert design_effect(hits == 1, groups) == pytest.approx((clustered.bse[0] / plain.bse[0]) ** 2, rel=1e-9)
    assert design_effect(hits == 1, groups) == pytest.approx(10, rel=0.05)
    assert design_effect(np.arange(400) % 2 == 0, groups) == 1


def test_the_error_in_time_is_newey_wests_of_statsmodels(rng):
    n = 600
    d = np.zeros(n)
    for i in range(1, n):
        d[i] = 0.5 * d[i - 1] + rng.normal()
    folds = make_folds(np.zeros(n), PLAIN, n_folds=2, n_repeats=1, time=np.arange(n))
    scored = folds.assignment[0] == 1  # one scored stretch: there is no spread of folds to be wider
    series = d[scored]
    fit = sm.OLS(series, np.ones(len(series))).fit(
        cov_type="HAC", cov_kwds={"maxlags": int(1.5 * len(series) ** (1 / 3)), "use_correction": False}
    )
    ours = paired_interval(np.where(scored, d, np.nan)[None], folds, alpha=0.025)
    assert ours.se == pytest.approx(fit.bse[0], rel=1e-9)
    assert (ours.low, ours.high) == pytest.approx(fit.conf_int(0.05)[0], rel=1e-9)


@pytest.mark.parametrize(("repeats", "groups"), [(5, None), (1, 20)])
def test_the_p_value_is_the_posterior_of_the_correlated_t_test_of_baycomp(repeats, groups, rng):
    """Where the error of Nadeau & Bengio (2003) is the larger one; Corani & Benavoli (2015) give it as a posterior."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from baycomp.single import CorrelatedTTest
    folds = plain_folds(200, n_repeats=repeats, clusters=None if groups is None else np.arange(200) % groups)
    single = 0.9 + 0.5 * rng.normal(size=(repeats, 5))[np.arange(repeats)[:, None], folds.assignment]
    fusion = np.full_like(single, 0.7)
    ours = paired_interval(single - fusion, folds)
    scores = [fold_means(loss, folds) for loss in (fusion, single)]
    left, right = CorrelatedTTest.probs(*scores, runs=repeats)
    assert ours.p_value == pytest.approx(left, rel=1e-9)
    mean, variance, df = CorrelatedTTest.compute_statistics(*scores, runs=repeats)
    assert (ours.gain, ours.se**2, ours.df) == pytest.approx((mean, variance, df), rel=1e-9)
    assert right == pytest.approx(1 - ours.p_value, rel=1e-9)
