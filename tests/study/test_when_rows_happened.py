"""Times as numbers: epochs in several units are refused by row, and all other numbers are left in peace."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuseworthy.errors import InputError
from fuseworthy.study.moments import EARLIEST, LATEST, UNITS, require_one_unit

SIZES = list(UNITS.values())


@pytest.mark.parametrize(("usual", "odd"), list(itertools.permutations(UNITS, 2)))
def test_epochs_of_two_units_are_refused_at_the_first_row_of_the_rarer(usual, odd):
    rng = np.random.default_rng(0)
    times = rng.uniform(EARLIEST, LATEST, 200).round() * UNITS[usual]
    rows = np.sort(rng.choice(200, 5, replace=False))
    times[rows] *= UNITS[odd] / UNITS[usual]
    with pytest.raises(InputError, match=f"195 rows look like {usual} since 1970 and 5 like {odd}") as refused:
        require_one_unit(times, "t")
    assert f"first: row {rows[0] + 1}, {times[rows[0]]:.0f}" in str(refused.value)


def test_three_units_and_a_few_unknown_moments_are_refused_too():
    rng = np.random.default_rng(1)
    times = rng.uniform(EARLIEST, LATEST, 200) * rng.choice(SIZES[:3], 200, p=[0.7, 0.2, 0.1])
    times[:10] = 0
    with pytest.raises(InputError, match=r"must be in one unit.*like microseconds"):
        require_one_unit(times, "t")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SIZES), st.lists(st.integers(EARLIEST, LATEST - 1), min_size=2, max_size=60))
def test_epochs_of_one_unit_are_left_in_peace(size, seconds):
    require_one_unit(np.array(seconds) * size, "t")


def counters(n, start, step):
    return start + step * np.arange(n, dtype=np.float64)


@settings(max_examples=500, deadline=None)
@given(st.integers(2, 500), st.integers(-(10**6), 10**12), st.integers(1, 10**9))
def test_counters_of_any_length_start_and_step_are_left_in_peace(n, start, step):
    require_one_unit(counters(n, start, step), "t")


@settings(max_examples=200, deadline=None)
@given(st.integers(20, 300), st.integers(0, 2**31), st.floats(0.1, 20), st.floats(-5, 45))
def test_measurements_of_any_size_and_spread_are_left_in_peace(n, seed, spread, middle):
    rng = np.random.default_rng(seed)
    for times in (rng.normal(size=n), np.exp(middle + spread * rng.normal(size=n)), np.exp(rng.uniform(0, 45, n))):
        require_one_unit(times, "t")


@pytest.mark.parametrize(
    "times",
    [
        np.arange(1900, 2101),
        np.arange(1, 10_001),
        20_000_101 + np.arange(9_999),
        10.0 ** np.arange(20),
        np.zeros(5),
        np.full(5, np.nan),
        np.array([1.7e9]),
        np.array([]),
    ],
    ids=["years", "row numbers", "dates as digits", "powers of ten", "zeros", "nothing", "one", "none"],
)
def test_numbers_that_are_no_epochs_are_left_in_peace(times):
    require_one_unit(np.asarray(times, dtype=np.float64), "t")
