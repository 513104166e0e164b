"""The right verdict where the truth is known (canonical tasks T1 to T6); tests of one task stand together."""

from functools import cache

import pytest

import fuseworthy as fw
from fuseworthy.datasets.synthetic import make

VECTORS = {"x1": fw.Embedding("x1"), "x2": fw.Embedding("x2")}
POSSIBLE = {
    "T1": {"FUSE", "SUPERIOR_UNPROVEN"},
    "T2": {"EQUIVALENT", "NOT_WORTH_IT", "INCONCLUSIVE", "HARMFUL"},
    "T3": {"EQUIVALENT", "NOT_WORTH_IT", "INCONCLUSIVE", "HARMFUL", "SUPERIOR_UNPROVEN"},
    "T4": {"FUSE"},
    "T5": {"FUSE"},
    "T6": {"EQUIVALENT", "NOT_WORTH_IT", "INCONCLUSIVE", "HARMFUL"},
}


@cache
def study_of(task: str) -> fw.Study:
    """A study, made once in each process that asks for it."""
    return fw.compare(
        make(task, 400, 0).to_table(),
        "y",
        id="id",
        modalities=VECTORS,
        repeats=2,
        jobs=1,
        attribution=False,
        strategies=["stacking", "early-linear", "early-boosting"],
    )


def test_singles_reach_their_closed_form_optimum():
    """Excess log-loss of a well-specified single stays within twice the price of its parameters plus 3 errors."""
    assert study_of("T1").verdict.outcome in POSSIBLE["T1"], study_of("T1")
    truth = make("T1", 10, 0).truth
    loss = study_of("T1").ledger.losses(["x1/linear"])["x1/linear"]
    excess = loss.mean() - truth.single1.log_loss
    assert excess < 2 * 2 / (2 * 320) + 3 * loss.mean(axis=0).std() / 20


def test_late_and_early_agree_on_conditionally_independent_modalities():
    rows = {row["name"]: row for row in study_of("T1").facts["strategies"]}
    assert rows["stacking"]["loss"] == pytest.approx(rows["early-linear"]["loss"], abs=0.02)


def test_what_cancels_noise_needs_early_fusion():
    """T4: no function of the two single posteriors can beat the first; a joint linear model can."""
    assert study_of("T4").verdict.outcome in POSSIBLE["T4"], study_of("T4")
    rows = {row["name"]: row for row in study_of("T4").facts["strategies"]}
    assert rows["early-linear"]["metric"] > 0.97
    assert abs(rows["stacking"]["gain"]) < 0.03
    assert study_of("T4").verdict.deploy.startswith("early")


def test_what_interacts_needs_more_than_a_linear_model():
    """T5 (exclusive or): linear and late fusion stay at chance, boosting on both does not."""
    assert study_of("T5").verdict.outcome in POSSIBLE["T5"], study_of("T5")
    rows = {row["name"]: row for row in study_of("T5").facts["strategies"]}
    assert rows["early-boosting"]["metric"] > 0.85
    assert rows["early-linear"]["metric"] < 0.65
    assert rows["stacking"]["metric"] < 0.65


@pytest.mark.parametrize("task", ["T2", "T3", "T6"])
def test_the_verdict_is_one_that_the_truth_allows(task):
    assert study_of(task).verdict.outcome in POSSIBLE[task], study_of(task)
