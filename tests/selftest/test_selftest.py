"""The study keeps its promises where the verdict does, and fails where a procedure is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from fuseworthy.cli.app import app
from fuseworthy.errors import InputError
from fuseworthy.evidence.policies import best_overall
from fuseworthy.evidence.verdict import decide
from fuseworthy.selftest.catalogue import NOISE, TWIN, quick_settings, settings
from fuseworthy.selftest.settings import Design, Setting
from fuseworthy.selftest.study import run_selftest, study
from fuseworthy.selftest.table import cells, closing, markdown, worst
from fuseworthy.selftest.targets import measure
from fuseworthy.selftest.trial import Trial


def test_the_verdict_keeps_every_target_of_the_quick_study():
    quick = run_selftest(quick=True)
    assert quick.passed, closing(quick.records())
    assert {row.family for row in quick.rows} == {s.family for s in quick_settings()}


def test_every_family_has_a_quick_setting():
    assert {s.family for s in settings()} - {s.family for s in quick_settings()} <= {"auc", "accuracy"}


def test_every_kind_of_target_split_and_metric_is_studied():
    found = settings()
    assert {s.population.kind for s in found} == {"binary", "multiclass", "regression"}
    assert {s.design.split for s in found} == {"rows", "groups", "time", "held-out"}
    assert {s.decide_on for s in found} == {None, "auc", "macro-f1", "accuracy"}
    assert {s.population.modalities for s in found} >= {2, 3, 5}
    assert len({(s.name, s.design.rows) for s in found}) == len(found)


def naive(ledger, *, metric=None, decide_on=None):
    """What is usually done: the best fusion against the best single over all rows, and the error of rows alone."""
    losses = ledger.losses()
    best = {kind: best_overall(losses, ledger.names(kind=kind)) for kind in ("single", "fusion")}
    d = (losses[best["single"]] - losses[best["fusion"]]).mean(axis=0)
    gain, se = float(d.mean()), float(d.std(ddof=1) / np.sqrt(len(d)))
    low, high = gain - 1.645 * se, gain + 1.645 * se
    outcome = "FUSE" if low >= 0.01 else "SUPERIOR_UNPROVEN" if low > 0 else "INCONCLUSIVE"
    return SimpleNamespace(outcome=outcome, gain=gain, low=low, high=high, se=se, labels=())


def test_the_usual_best_against_best_is_caught():
    useless = Setting("20 useless fusions", "null", NOISE, Design(100), 20)
    useless = replace(useless, population=replace(NOISE, kind="regression"))
    found = study([useless], [60], procedure=naive)
    assert not found.passed
    assert set(found.rows[0].missed) >= {"coverage", "bias"}
    assert "20 useless fusions" in closing(found.records())
    assert study([useless], [60]).passed


def too_sure(ledger, **asked):
    """The verdict of record with an interval of no width: whatever looks like a gain is claimed."""
    verdict = decide(ledger, **asked)
    outcome = "FUSE" if verdict.gain >= verdict.margin else "SUPERIOR_UNPROVEN" if verdict.gain > 0 else "HARMFUL"
    return replace(verdict, low=verdict.gain, high=verdict.gain, outcome=outcome)


def test_a_verdict_without_an_interval_is_caught_claiming_what_is_not_so():
    twins = Setting("twins", "twins", TWIN, Design(200), 2)
    row = study([twins], [60], procedure=too_sure).rows[0]
    assert {"false_fuse", "coverage"} <= set(row.missed)
    assert row.false_fuse.value > 0.2


def never(ledger, **asked):
    return replace(decide(ledger, **asked), outcome="INCONCLUSIVE")


def test_a_verdict_that_never_says_yes_is_caught_by_its_power():
    gain = next(s for s in settings() if s.name == "gain .05" and s.design.rows == 400)
    assert study([gain], [20], procedure=never).rows[0].missed == ("power",)


def test_numbers_do_not_depend_on_processes_or_company():
    pair = [s for s in quick_settings() if s.family in ("null", "held-out")][-2:]
    alone = study(pair[1:], [25], random_state=3).rows
    assert study(pair, [25, 25], jobs=2, random_state=3).rows[1:] == alone
    assert study(pair[1:], [25], random_state=4).rows != alone


def trial(outcome="INCONCLUSIVE", gain=0.0, low=-0.02, truth=-0.001, **more):
    return Trial(outcome, gain, low, gain + 0.02, truth, 0.01, **({"refused": False} | more))


def one_setting(**more):
    return Setting("made", "null", NOISE, Design(400), **more)


@pytest.mark.parametrize(("wrong", "passed"), [(30, True), (31, False)])
def test_seven_and_a_half_percent_of_false_fuse_is_the_limit_at_four_hundred(wrong, passed):
    row = measure(one_setting(), [trial("FUSE")] * wrong + [trial()] * (400 - wrong))
    assert row.false_fuse.limit == pytest.approx(0.075, abs=1e-3)
    assert row.false_fuse.passed is row.false_claim.passed is passed


@pytest.mark.parametrize(("short", "passed"), [(28, True), (29, False)])
def test_ninety_three_percent_of_coverage_is_the_limit_at_four_hundred(short, passed):
    row = measure(one_setting(), [trial(low=0.001)] * short + [trial()] * (400 - short))
    assert row.coverage.passed is passed


def test_a_true_claim_is_not_a_false_one():
    small = measure(one_setting(), [trial("SUPERIOR_UNPROVEN", truth=0.004)] * 20)
    assert (small.false_fuse.value, small.false_claim) == (0, None)
    large = measure(one_setting(), [trial("FUSE", truth=0.05)] * 20)
    assert large.false_fuse is None


def test_where_the_verdict_is_refused_only_claims_are_judged():
    row = measure(one_setting(), [trial(low=0.5, gain=0.6, refused=True)] * 20)
    assert row.passed
    assert row.coverage.limit is row.bias.limit is None
    assert cells(study_record(row))[7].startswith("(")


def test_labels_are_judged_as_a_family():
    row = measure(one_setting(), [trial(wrong_labels=1, null_labels=3)] * 3 + [trial(null_labels=3)] * 17)
    assert row.false_label.value == pytest.approx(0.15)


def study_record(row):
    from fuseworthy.selftest.study import SelfTest

    return SelfTest((row,), 0).records()[0]


def test_a_bias_is_judged_by_its_size_and_its_error():
    biased = [trial(gain=0.03 + 0.001 * (i % 2), truth=0.0) for i in range(400)]
    assert measure(one_setting(), biased).missed == ("bias",)
    assert measure(one_setting(), [replace(t, se=0.2) for t in biased]).passed


def test_the_result_is_plain_data_and_a_frame():
    quick = study(quick_settings()[:3], [20, 20, 20])
    assert json.loads(json.dumps(quick.to_dict(), allow_nan=False))["passed"] is True
    frame = quick.frame()
    assert len(frame) == len(quick.rows) == 3
    assert set(frame["passed"]) == {True}
    assert markdown(quick.records()).count("\n") == len(quick.rows) + len({r.family for r in quick.rows}) + 1
    assert worst(quick.records()).count("\n") == len({r.family for r in quick.rows}) + 1


def test_the_command_says_what_it_found_and_writes_it(tmp_path, monkeypatch):
    monkeypatch.setattr("fuseworthy.selftest.study.quick_settings", lambda: quick_settings()[:2])
    found = CliRunner().invoke(app, ["selftest", "--quick", "--runs", "20", "--out", str(tmp_path / "s.parquet")])
    assert found.exit_code == 0, found.output
    assert "All 2 settings keep their targets" in found.output
    assert pq.read_table(tmp_path / "s.parquet").num_rows == 2
    CliRunner().invoke(app, ["selftest", "--quick", "--runs", "20", "--out", str(tmp_path / "s.json")])
    assert len(json.loads((tmp_path / "s.json").read_text())["rows"]) == 2


def test_the_command_ends_with_one_if_a_target_is_missed(monkeypatch):
    gain = next(s for s in settings() if s.power and s.design.rows == 400)
    hopeless = replace(gain, design=Design(120))
    monkeypatch.setattr("fuseworthy.selftest.study.quick_settings", lambda: (hopeless,))
    found = CliRunner().invoke(app, ["selftest", "--quick", "--runs", "40"])
    assert found.exit_code == 1
    assert "FAIL" in found.output
    assert "1 of 1 settings miss a target" in found.output


@pytest.mark.parametrize("wrong", [{"runs": 1}, {"jobs": 0}])
def test_numbers_that_make_no_study_are_refused(wrong):
    with pytest.raises(InputError, match="must be at least"):
        run_selftest(quick=True, **wrong)


def test_an_ending_that_is_not_known_is_refused_before_any_work():
    found = CliRunner().invoke(app, ["selftest", "--out", "numbers.csv"])
    assert isinstance(found.exception, InputError)
