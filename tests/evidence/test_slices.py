"""Slices: planted ones are found and named, and nothing is found where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fuseworthy.evidence.conditions import conditions_of
from fuseworthy.evidence.slices import slice_facts


def rows(seed, n=4000, slice_gain=0.19, elsewhere=0.0, noise=0.6):
    """canonical task T11 as gains: only rows with g = 1 (a fifth) gain, amid columns that say nothing."""
    rng = np.random.default_rng(seed)
    g = rng.random(n) < 0.2
    gain = np.where(g, slice_gain, elsewhere) + noise * rng.normal(size=n)
    columns = {
        "g": g.astype(int).astype(str).astype(object),
        "age": rng.normal(40, 10, n),
        "region": rng.choice(["north", "south", "east"], n).astype(object),
    }
    return gain, columns


def test_a_planted_slice_is_named_and_confirmed():
    hits = 0
    for seed in range(20):
        gain, columns = rows(seed)
        found = slice_facts(gain, None, columns)["found"]
        hits += any(row["slice"] == "g = 1" and row["kind"] == "rescued" for row in found)
    assert hits >= 18


def test_a_harmed_slice_is_named_as_harmed():
    gain, columns = rows(0, slice_gain=-0.3, elsewhere=0.05)
    assert ("g = 1", "harmed") in {(r["slice"], r["kind"]) for r in slice_facts(gain, None, columns)["found"]}


def test_hardly_anything_is_found_where_the_gain_is_the_same_everywhere():
    false = 0
    for seed in range(120):
        gain, columns = rows(seed, n=1000, slice_gain=0.05, elsewhere=0.05)
        facts = slice_facts(gain, None, columns)
        false += bool(facts["found"])
        if not facts["found"]:
            assert "No slice was confirmed" in facts["sentence"]
    assert false <= stats.binom.ppf(0.99, 120, 0.05)


def test_groups_not_rows_are_the_evidence():
    """Thirty rows copied a hundred times are thirty rows."""
    rng = np.random.default_rng(0)
    false = 0
    for _ in range(40):
        gain, g = rng.normal(size=60), rng.random(60) < 0.4
        copies = np.repeat(np.arange(60), 40)
        columns = {"g": g[copies].astype(int).astype(str).astype(object)}
        false += bool(slice_facts(gain[copies], copies, columns)["found"])
    assert false <= 3


def test_columns_asked_for_are_answered_value_by_value_and_small_ones_are_said_to_be_small():
    gain, columns = rows(1)
    columns["site"] = np.array(["big"] * 3980 + ["tiny"] * 20, dtype=object)
    asked = {row["slice"]: row for row in slice_facts(gain, None, columns, ("g", "site"))["asked"]}
    assert asked["g = 1"]["kind"] == "rescued"
    assert asked["g = 0"]["kind"] == "unclear"
    assert asked["site = tiny"] == {
        "slice": "site = tiny", "kind": "too small", "rows": 20, "clusters": 20,
        "gain": None, "low": None, "high": None, "outside": None,
    }  # fmt: skip


def test_a_confirmed_interval_is_wider_than_that_of_one_test_alone():
    gain, columns = rows(2)
    row = next(r for r in slice_facts(gain, None, columns, ("region",))["asked"] if r["slice"] == "region = east")
    inside = columns["region"] == "east"
    alone = 1.645 * gain[inside].std(ddof=1) / np.sqrt(inside.sum())
    assert (row["high"] - row["low"]) / 2 > 1.1 * alone


def test_missing_values_are_a_condition_and_never_fall_into_another():
    age = np.array([1.0, 2, 3, 4, 5, 6, 7, np.nan] * 10)
    masks = {c.text: c.mask for c in conditions_of("age", age)}
    assert masks["age is missing"].sum() == 10
    assert not (masks["age is missing"] & np.any([m for t, m in masks.items() if t != "age is missing"], axis=0)).any()
    assert {c.text for c in conditions_of("sex", np.array(["f", "m", ""], dtype=object))} == {
        "sex = f", "sex = m", "sex is missing",
    }  # fmt: skip


def test_ranges_of_a_column_asked_for_do_not_overlap():
    ranges = conditions_of("age", np.arange(100.0), levels=True)
    assert np.sum([c.mask for c in ranges], axis=0) == pytest.approx(np.ones(100))
