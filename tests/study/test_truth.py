"""The right verdict where the truth is known (canonical tasks T1 to T6)."""

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


def study_of(task: str, n: int = 400, seed: int = 0) -> fw.Study:
    return fw.compare(
        make(task, n, seed).to_table(),
        "y",
        id="id",
        modalities=VECTORS,
        repeats=2,
        jobs=1,
        strategies=["stacking", "early-linear", "early-boosting"],
    )


@pytest.fixture(scope="module")
def studies():
    return {task: study_of(task) for task in POSSIBLE}


@pytest.mark.parametrize("task", list(POSSIBLE))
def test_the_verdict_is_one_that_the_truth_allows(studies, task):
    assert studies[task].verdict.outcome in POSSIBLE[task], studies[task]


def test_what_cancels_noise_needs_early_fusion(studies):
    """T4: no function of the two single posteriors can beat the first; a joint linear model can."""
    rows = {row["name"]: row for row in studies["T4"].facts["strategies"]}
    assert rows["early-linear"]["metric"] > 0.97
    assert abs(rows["stacking"]["gain"]) < 0.03
    assert studies["T4"].verdict.deploy.startswith("early")


def test_what_interacts_needs_more_than_a_linear_model(studies):
    """T5 (exclusive or): linear and late fusion stay at chance, boosting on both does not."""
    rows = {row["name"]: row for row in studies["T5"].facts["strategies"]}
    assert rows["early-boosting"]["metric"] > 0.85
    assert rows["early-linear"]["metric"] < 0.65
    assert rows["stacking"]["metric"] < 0.65


def test_singles_reach_their_closed_form_optimum(studies):
    """Excess log-loss of a well-specified single stays within twice the price of its parameters plus 3 errors."""
    truth = make("T1", 10, 0).truth
    loss = studies["T1"].ledger.losses(["x1/linear"])["x1/linear"]
    excess = loss.mean() - truth.single1.log_loss
    assert excess < 2 * 2 / (2 * 320) + 3 * loss.mean(axis=0).std() / 20


def test_late_and_early_agree_on_conditionally_independent_modalities(studies):
    rows = {row["name"]: row for row in studies["T1"].facts["strategies"]}
    assert rows["stacking"]["loss"] == pytest.approx(rows["early-linear"]["loss"], abs=0.02)
