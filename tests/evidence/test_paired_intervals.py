"""Paired intervals against statsmodels, scipy and the formulas as printed."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from evidence_ledgers import PLAIN, plain_folds
from scipy import stats

from fuseworthy.evidence.intervals import fold_means, paired_interval, row_means
from fuseworthy.folds import Folds, make_folds


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def held_out(n, clusters=None):
    return Folds("held-out", np.zeros((1, n), dtype=np.int64), clusters)


def test_one_held_out_set_gives_the_plain_t_interval_of_scipy(rng):
    d = rng.normal(0.1, 1, 80)
    ours = paired_interval(d[None], held_out(80))
    test = stats.ttest_1samp(d, 0, alternative="greater")
    assert ours.se == pytest.approx(stats.sem(d), rel=1e-12)
    assert ours.p_value == pytest.approx(test.pvalue, rel=1e-10)
    assert (ours.low, ours.high) == pytest.approx(stats.t.interval(0.90, 79, d.mean(), stats.sem(d)), rel=1e-12)


def test_alpha_is_the_error_on_each_side(rng):
    d = rng.normal(size=50)
    ours = paired_interval(d[None], held_out(50), alpha=0.025)
    assert (ours.low, ours.high) == pytest.approx(stats.t.interval(0.95, 49, d.mean(), stats.sem(d)), rel=1e-12)


def test_groups_give_the_cluster_robust_error_of_statsmodels(rng):
    groups = np.repeat(np.arange(25), rng.integers(1, 9, 25))
    rng.shuffle(groups)
    d = rng.normal(size=25)[groups] + rng.normal(size=len(groups))
    fit = sm.OLS(d, np.ones(len(d))).fit(cov_type="cluster", cov_kwds={"groups": groups})  # G/(G-1) · (n-1)/(n-k)
    ours = paired_interval(d[None], held_out(len(d), groups))
    assert ours.se == pytest.approx(fit.bse[0], rel=1e-10)
    assert ours.df == 24
    assert ours.se > 1.2 * stats.sem(d)


def test_names_of_groups_do_not_matter_only_which_rows_share_one(rng):
    groups = rng.integers(0, 12, 90)
    d = rng.normal(size=90)
    renamed = rng.permutation(12)[groups] * 1000 - 7
    assert paired_interval(d[None], held_out(90, groups)).se == pytest.approx(
        paired_interval(d[None], held_out(90, renamed)).se, rel=1e-12
    )


def test_time_gives_the_newey_west_error_of_statsmodels(rng):
    n = 400
    noise = rng.normal(size=n + 1)
    d = 0.05 + noise[1:] + 0.6 * noise[:-1]
    time = np.arange(n)
    folds = make_folds(np.zeros(n), PLAIN, n_folds=19, n_repeats=1, time=time)
    for k in range(19):  # folds that hardly differ leave the word to Newey and West
        d[folds.assignment[0] == k] -= 0.5 * d[folds.assignment[0] == k].mean()
    difference = np.where(folds.assignment >= 0, d, np.nan)
    series = d[folds.assignment[0] >= 0]
    fit = sm.OLS(series, np.ones(len(series))).fit(
        cov_type="HAC", cov_kwds={"maxlags": int(1.5 * len(series) ** (1 / 3)), "use_correction": False}
    )
    ours = paired_interval(difference, folds, alpha=0.025)
    means = fold_means(difference, folds)
    by_fold = stats.t.ppf(0.975, 18) * means.std(ddof=1) / np.sqrt(19)
    by_time = stats.norm.ppf(0.975) * fit.bse[0]
    assert by_time > by_fold, "this case must exercise Newey-West"
    assert ours.se == pytest.approx(fit.bse[0], rel=1e-10)
    assert ours.high - ours.gain == pytest.approx(by_time, rel=1e-10)


def test_time_takes_the_t_over_folds_where_that_is_wider(rng):
    n = 300
    folds = make_folds(np.zeros(n), PLAIN, n_folds=5, n_repeats=1, time=np.arange(n))
    difference = np.where(
        folds.assignment >= 0, rng.normal(size=5)[folds.assignment] + 0.01 * rng.normal(size=n), np.nan
    )
    means = fold_means(difference, folds)
    ours = paired_interval(difference, folds, alpha=0.025)
    assert ours.df == 4
    assert ours.se == pytest.approx(means.std(ddof=1) / np.sqrt(5), rel=1e-12)
    assert (ours.low, ours.high) == pytest.approx(stats.t.interval(0.95, 4, ours.gain, ours.se), rel=1e-12)


def test_rows_of_a_temporal_study_may_come_in_any_order(rng):
    n = 200
    folds = make_folds(np.zeros(n), PLAIN, n_folds=4, n_repeats=1, time=np.arange(n))
    d = np.where(folds.assignment >= 0, np.cumsum(rng.normal(size=n)), np.nan)
    shuffle = rng.permutation(n)
    mixed = Folds("temporal", folds.assignment[:, shuffle], None, folds.order[shuffle])
    assert paired_interval(d[:, shuffle], mixed).se == pytest.approx(paired_interval(d, folds).se, rel=1e-10)


def test_one_scored_stretch_of_time_still_has_an_interval_over_time(rng):
    folds = make_folds(np.zeros(90), PLAIN, n_folds=2, n_repeats=1, time=np.arange(90))
    only_last = np.where(folds.assignment == 1, rng.normal(size=90), np.nan)
    interval = paired_interval(only_last, folds, alpha=0.025)
    assert np.isfinite([interval.low, interval.high, interval.se]).all()
    assert interval.low < interval.gain < interval.high


def by_hand(difference, folds):
    """Nadeau & Bengio (2003), d̄ / √(s²(1/J + n_test/n_train)), as docs/verdict.md has it."""
    scores = [difference[r, folds.assignment[r] == k].mean() for r in range(folds.repeats) for k in range(folds.count)]
    j, k = len(scores), folds.count
    return float(np.mean(scores)), float(np.sqrt(np.var(scores, ddof=1) * (1 / j + 1 / (k - 1)))), j - 1


def fold_noise(rng, folds):
    return 0.3 + rng.normal(size=(folds.repeats, folds.count))[np.arange(folds.repeats)[:, None], folds.assignment]


def test_where_folds_differ_the_error_is_the_corrected_one_of_nadeau_and_bengio(rng):
    folds = plain_folds(200)
    d = fold_noise(rng, folds)
    ours, (gain, se, df) = paired_interval(d, folds), by_hand(d, folds)
    assert (ours.gain, ours.se, ours.df) == pytest.approx((gain, se, df), rel=1e-12)
    assert ours.p_value == pytest.approx(stats.t.sf(gain / se, df), rel=1e-10)


def test_the_p_value_is_the_bayesian_correlated_t_test_of_baycomp(rng):
    """baycomp.single.CorrelatedTTest: a t posterior with mean d̄, scale √(var·(1/J + rho/(1-rho))), rho = 1/K."""
    folds = plain_folds(200)
    d = fold_noise(rng, folds)
    scores, rho = fold_means(d, folds), 1 / folds.count
    scale = np.sqrt(np.var(scores, ddof=1) * (1 / len(scores) + rho / (1 - rho)))
    p_left = stats.t.cdf(0, len(scores) - 1, loc=scores.mean(), scale=scale)
    assert paired_interval(d, folds).p_value == pytest.approx(p_left, rel=1e-10)


def test_where_rows_differ_more_than_folds_the_error_is_that_of_rows(rng):
    folds = plain_folds(200)
    row = rng.normal(size=200)
    row -= np.array([row[folds.assignment[0] == k].mean() for k in range(5)])[folds.assignment[0]]
    once = Folds("shuffled", folds.assignment[:1])
    assert paired_interval(row[None], once).se == pytest.approx(stats.sem(row), rel=1e-12)


def test_the_error_is_never_below_either_of_the_two(rng):
    folds = plain_folds(120, n_repeats=3)
    for _ in range(20):
        d = rng.normal(size=(3, 120)) + rng.normal() * fold_noise(rng, folds)
        ours = paired_interval(d, folds)
        assert ours.se >= by_hand(d, folds)[1] - 1e-12
        assert ours.se >= stats.sem(d.mean(axis=0)) - 1e-12


@pytest.mark.parametrize(
    ("repeats", "groups", "df"), [(1, None, 199), (1, 30, 4), (1, 160, 159), (5, None, 24), (5, 20, 19)], ids=str
)
def test_degrees_of_freedom_are_those_of_the_scarcer_unit(repeats, groups, df, rng):
    clusters = None if groups is None else np.arange(200) % groups
    folds = plain_folds(200, n_repeats=repeats, clusters=clusters)
    assert paired_interval(rng.normal(size=(repeats, 200)), folds).df == df


def test_an_error_of_choosing_widens_the_interval_and_optimism_lowers_it(rng):
    folds = plain_folds(200)
    d = rng.normal(0.2, 1, (5, 200))
    plain, chosen = paired_interval(d, folds), paired_interval(d, folds, choice=0.1)
    flattered = paired_interval(d, folds, optimism=0.1)
    assert chosen.se == pytest.approx(np.hypot(plain.se, 0.1), rel=1e-12)
    assert flattered.low == pytest.approx(chosen.low, rel=1e-12)
    assert flattered.p_value == pytest.approx(chosen.p_value, rel=1e-12)
    assert (flattered.high, flattered.se) == pytest.approx((plain.high, plain.se), rel=1e-12)


def test_a_difference_without_spread_is_certain_and_a_zero_one_is_no_gain():
    folds = plain_folds(50)
    sure = paired_interval(np.full((5, 50), 0.25), folds)
    assert (sure.gain, sure.low, sure.high, sure.p_value) == (0.25, 0.25, 0.25, 0.0)
    none = paired_interval(np.zeros((5, 50)), folds)
    assert (none.gain, none.low, none.high, none.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_turning_the_difference_round_turns_the_interval_round(rng):
    folds = plain_folds(100)
    d = rng.normal(0.2, 1, (5, 100))
    one, other = paired_interval(d, folds), paired_interval(-d, folds)
    assert (one.gain, one.low, one.high) == pytest.approx((-other.gain, -other.high, -other.low), rel=1e-12)
    assert one.p_value == pytest.approx(1 - other.p_value, rel=1e-9)


def test_rows_that_are_never_scored_take_no_part(rng):
    d = rng.normal(size=(2, 6))
    d[:, 0] = np.nan
    d[0, 1] = np.nan
    means = row_means(d)
    assert np.isnan(means[0])
    assert means[1] == d[1, 1]
    np.testing.assert_allclose(means[2:], d[:, 2:].mean(axis=0))


def test_a_fold_mean_needs_every_row_of_the_fold(rng):
    folds = Folds("shuffled", np.array([[0, 0, 1, 1]]))
    d = np.array([[1.0, np.nan, 2.0, 4.0]])
    assert fold_means(d, folds).tolist() == [3.0]
