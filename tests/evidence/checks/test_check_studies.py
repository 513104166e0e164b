"""Whole studies: a clean one fires no error, a placebo and a fingerprint are caught."""

import numpy as np
import pyarrow as pa
import pytest
from observed_tables import vectors

import fuseworthy as fw
from fuseworthy.datasets.synthetic import make

QUICK, MANY = range(2), range(2, 40)
PAIR = {"a": fw.Embedding("x1"), "b": fw.Embedding("x2")}
FAST = {"strategies": ["stacking"], "folds": 3, "repeats": 1, "attribution": False, "jobs": 1}


def fired(study):
    return {c["code"]: c for c in study.facts["checks"] if c["status"] == "fired"}


@pytest.fixture(scope="module")
def clean():
    return fw.compare(make("T1", 300, 0).to_table(), "y", modalities=PAIR, id="id", repeats=2, jobs=1)


def test_a_clean_study_fires_no_error_and_few_warnings(clean):
    found = fired(clean)
    assert [code for code, c in found.items() if c["severity"] == "error"] == []
    assert set(found) <= {"F003", "F010", "F011", "F014"}


def test_every_rule_has_its_place_in_the_facts(clean):
    found = clean.facts["checks"]
    assert [c["code"] for c in found] == [f"F{i:03d}" for i in range(1, 24)]
    for c in found:
        assert c["status"] in ("fired", "clear", "does not apply")
        assert bool(c["sentence"]) == (c["status"] != "clear")
        assert c["link"].endswith(f"{c['code']}.md")


def placebo_is_caught(seed):
    """The added modality is noise; the gain is that of flags, which the single cannot use."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, 400)
    absent = rng.random(400) < np.where(y, 0.7, 0.1)
    values = 0.7 * (2 * y - 1) + rng.normal(size=400)
    a = pa.array([None if gone else [v] for gone, v in zip(absent, values, strict=True)], pa.list_(pa.float64()))
    table = pa.table({"y": y, "x1": a, "x2": vectors(rng.normal(size=(400, 1)))})
    study = fw.compare(table, "y", modalities=PAIR, anyway=True, **FAST | {"folds": 5})
    return study.verdict.outcome not in ("FUSE", "SUPERIOR_UNPROVEN") and {"F008", "F009"} <= set(fired(study))


def fingerprint_is_caught(seed):
    """Without a group the rule fires; with it the rule says that it is handled, and no fusion is advised."""
    table = make("T16", 240, seed).to_table()
    blind = fw.compare(table, "y", modalities=PAIR, id="id", **FAST)
    told = fw.compare(table, "y", modalities=PAIR, id="id", group="group", anyway=True, **FAST)
    undeclared, handled = (fired(study)["F020"]["measured"]["handled"] for study in (blind, told))
    return not undeclared and handled and told.verdict.outcome != "FUSE"


@pytest.mark.parametrize("seed", QUICK)
def test_a_gain_that_is_no_modality_s_is_caught(seed):
    assert placebo_is_caught(seed)


@pytest.mark.parametrize("seed", QUICK)
def test_a_fingerprint_is_caught(seed):
    assert fingerprint_is_caught(seed)


@pytest.mark.slow
@pytest.mark.parametrize("caught", [placebo_is_caught, fingerprint_is_caught])
def test_both_are_caught_in_all_forty_seeds(caught):
    assert [seed for seed in [*QUICK, *MANY] if not caught(seed)] == []
