"""Not inferior, inferior, or undecided: by the margin, corrected for the number of candidates, refused on too few rows."""

import numpy as np
import pytest
from evidence_ledgers import ledger_of_losses, plain_folds
from scipy import stats

from fuseworthy.evidence.inferiority import duel_of, inferiority_facts, p_inferior
from fuseworthy.evidence.intervals import Interval
from fuseworthy.folds import Folds

HELD_OUT = Folds("held-out", np.zeros((1, 400), dtype=np.int64))


def ledger_with(folds=HELD_OUT, scatter=0.05, **lost):
    """An original of loss about 1, and candidates that lose so much on average."""
    rng = np.random.default_rng(0)
    n = folds.assignment.shape[1]
    base = np.abs(1 + 0.3 * rng.normal(size=(1, n)))
    return ledger_of_losses(
        folds, {"original": base} | {k: np.abs(base + v + scatter * rng.normal(size=(1, n))) for k, v in lost.items()}
    )


def standings(ledger, names, margin=0.02):
    return {row["name"]: row["standing"] for row in inferiority_facts(ledger, "original", names, margin)}


def test_what_loses_nothing_is_not_inferior_and_what_loses_much_is():
    ledger = ledger_with(same=0.0, worse=0.2, between=0.02)
    assert standings(ledger, ["same", "worse", "between"]) == {
        "same": "not inferior",
        "worse": "inferior",
        "between": "undecided",
    }


def test_p_is_that_of_a_one_sided_t_test_against_the_margin():
    ledger = ledger_with(some=0.005)
    (row,) = inferiority_facts(ledger, "original", ["some"], 0.02)
    losses = ledger.losses()
    difference = (losses["original"] - losses["some"])[0]
    expected = stats.ttest_1samp(difference, -0.02, alternative="greater").pvalue
    assert row["p_inferior"] == pytest.approx(expected, rel=1e-6)


def test_many_candidates_are_corrected_for_their_number():
    alone = inferiority_facts(ledger_with(a=0.012, scatter=0.1), "original", ["a"], 0.02)[0]
    many = ledger_with(scatter=0.1, **({"a": 0.012} | {f"b{i}": 0.2 for i in range(30)}))
    row = next(
        r for r in inferiority_facts(many, "original", ["a", *(f"b{i}" for i in range(30))], 0.02) if r["name"] == "a"
    )
    assert alone["p_inferior"] < row["p_inferior"] <= 31 * alone["p_inferior"] * 1.5


def test_on_few_rows_nothing_is_called_not_inferior_and_the_reason_is_given():
    few = Folds("held-out", np.zeros((1, 40), dtype=np.int64))
    (row,) = inferiority_facts(ledger_with(few, same=0.0), "original", ["same"], 0.05)
    assert row["standing"] == "undecided"
    assert "40 rows are scored; a verdict needs 50" in row["reasons"]


def test_the_rows_that_would_tell_are_told():
    (row,) = inferiority_facts(ledger_with(near=0.012, scatter=0.2), "original", ["near"], 0.02)
    assert row["standing"] == "undecided"
    assert row["rows_needed"] > 400
    (row,) = inferiority_facts(ledger_with(same=0.0), "original", ["same"], 0.02)
    assert row["rows_needed"] is None


def test_who_loses_is_told_the_largest_loss_first():
    ledger = ledger_with(hurt=0.0)
    pattern = np.where(np.arange(400) < 100, "a", "a+b").astype(object)
    losses = ledger.losses()
    hurt = losses["hurt"] + np.where(pattern == "a", 0.3, 0.0)
    made = ledger_of_losses(HELD_OUT, {"original": losses["original"], "hurt": hurt})
    made = type(made)(**{f: getattr(made, f) for f in made.__dataclass_fields__} | {"pattern": pattern})
    (row,) = inferiority_facts(made, "original", ["hurt"], 0.02)
    assert [(own["name"], own["rows"]) for own in row["groups"]] == [("a", 100), ("a+b", 300)]
    assert row["groups"][0]["high"] < 0


def test_a_duel_has_one_of_the_six_outcomes():
    ledger = ledger_with(plain_folds(400, n_repeats=1), better=-0.2, worse=0.2, same=0.0)
    outcomes = {name: duel_of(ledger, name, "original", 0.02)["outcome"] for name in ("better", "worse", "same")}
    assert outcomes == {"better": "FUSE", "worse": "HARMFUL", "same": "EQUIVALENT"}


def test_without_scatter_the_gain_itself_decides():
    sure = Interval(-0.01, 0.0, -0.01, -0.01, 10, 1.0)
    assert p_inferior(sure, 0.02) == 0.0
    assert p_inferior(sure, 0.005) == 1.0
