"""What a study says beside its verdict: early stop, several labels, prices, another metric, displays."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

import fuseworthy as fw
from fuseworthy.datasets.synthetic import make
from fuseworthy.errors import InputError, StudyError
from fuseworthy.study.question import Question, price_of_time
from quick_learners import quick_learners

TWO = {"a": fw.Embedding("x1"), "b": fw.Embedding("x2")}
THREE = {"voice": fw.Embedding("x1"), "face": fw.Embedding("x2"), "record": fw.Tabular("g", "age")}
QUICK = {"id": "id", "repeats": 1, "folds": 3, "jobs": 1}


@pytest.fixture(scope="module", autouse=True)
def quickly():
    with quick_learners():
        yield


@pytest.fixture(scope="module")
def study(quickly):
    table = make("T11", 300, 0).to_table()
    table = table.append_column("age", pa.array(np.random.default_rng(0).normal(40, 9, 300)))
    return fw.compare(table, "y", modalities=THREE, slices=["g"], anyway=True, **QUICK)


def test_every_subset_of_the_modalities_ends_in_the_ledger(study):
    subsets = {study.ledger.strategies[name].modalities for name in study.ledger.names(kind="subset")}
    assert subsets == {("face", "record"), ("face", "voice"), ("record", "voice"), ("face", "record", "voice")}
    assert study.ledger.names(kind="permuted") == ["permuted:face", "permuted:record", "permuted:voice"]
    assert study.ledger.names(kind="probe") == ["additive", "emap"]


def test_values_add_up_in_a_real_study(study):
    facts = study.attribution().to_dict()
    assert sum(row["shapley"]["gain"] for row in facts["rows"]) == pytest.approx(facts["total"]["gain"], abs=1e-9)


def test_what_is_no_candidate_is_in_no_table_of_fusions(study):
    shown = repr(study)
    assert "subset:" not in shown
    assert "permuted:" not in shown
    assert "emap" not in shown


DISPLAYS = ["gains", "headroom", "attribution", "rescue", "slices", "calibration", "abstention", "costs", "checks"]


@pytest.mark.parametrize("name", DISPLAYS)
def test_every_part_is_data_a_frame_a_sentence_and_a_plot(study, name):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    display = getattr(study, name)()
    assert json.dumps(display.to_dict(), default=str)
    assert len(display.frame()) == len(display.rows()) > 0
    assert str(display)
    axis = display.plot()
    assert axis.has_data()
    matplotlib.pyplot.close(axis.figure)


def test_a_plot_goes_onto_the_axis_it_is_given(study):
    plt = pytest.importorskip("matplotlib.pyplot")
    figure, axis = plt.subplots()
    assert study.headroom().plot(axis) is axis
    plt.close(figure)


def test_the_rows_turned_are_named_and_as_many_as_counted(study):
    frame = study.rescue().frame()
    matrix = study.facts["rescue"]
    assert (frame["kind"] == "rescued").sum() == matrix["rescued"]
    assert (frame["kind"] == "harmed").sum() == matrix["harmed"]
    assert set(frame["row"]) <= set(study.ledger.ids.tolist())


def test_an_asked_column_is_answered_value_by_value(study):
    assert {row["slice"] for row in study.slices().to_dict()["asked"]} == {"g = 0", "g = 1"}


def test_an_abstention_threshold_can_be_asked_for_any_error(study):
    loose, strict = study.abstention(0.4).to_dict(), study.abstention(0.1).to_dict()
    kept = [facts["curves"][0]["abstain"]["coverage"] for facts in (loose, strict)]
    assert kept[0] >= kept[1]


def test_what_was_not_measured_says_why(study):
    with pytest.raises(StudyError, match="pass decompose=True"):
        study.decomposition()


def test_probes_that_cannot_reach_the_margin_stop_the_study_and_anyway_goes_on(tmp_path):
    table = make("T6", 300, 0).to_table()
    asked = {"modalities": TWO, "margin": 0.3, "out": tmp_path / "run"} | QUICK
    stopped = fw.compare(table, "y", **asked)
    assert stopped.verdict.outcome in ("EQUIVALENT", "NOT_WORTH_IT")
    assert any("stopped early" in flag for flag in stopped.verdict.flags)
    assert "unlikely to pay" in str(stopped.headroom())
    assert not stopped.ledger.names(kind="control")
    assert set(stopped.ledger.names(kind="fusion")) == {"stacking", "early-boosting"}
    with pytest.raises(StudyError, match="stopped early"):
        stopped.attribution()
    whole = fw.compare(table, "y", anyway=True, **asked)
    assert whole.ledger.names(kind="control")
    assert whole.attribution()


@pytest.fixture(scope="module")
def labelled(quickly):
    table = make("T18", 160, 0).to_table().select(["id", "x1", "x2", "label_T1", "label_T6"])
    asked = {"modalities": TWO, "strategies": ["stacking"], "anyway": True, "attribution": False}
    return table, fw.compare(table, "label_T1, label_T6", **asked, **QUICK)


def test_several_targets_get_one_verdict_and_one_each(labelled):
    _, study = labelled
    assert study.ledger.label_names == ["label_T1", "label_T6"]
    assert study.ledger.n == 2 * study.ledger.rows == 320
    assert [row["label"] for row in study.verdict.labels] == ["label_T1", "label_T6"]
    assert study.facts["question"]["rows"] == 160
    assert "Label by label" in study.report()
    assert "label_T6" in study.note()
    assert set(study.ledger.to_pandas()["label"]) == {"label_T1", "label_T6"}


def test_each_label_has_its_own_truth_and_every_strategy(labelled):
    table, study = labelled
    for label in study.ledger.label_names:
        own = study.ledger.of_label(label)
        assert own.y.tolist() == table[label].to_pylist()
        assert own.folds.clusters is None
        assert set(own.predictions) == set(study.ledger.predictions)


@pytest.mark.parametrize(
    ("targets", "message"),
    [("label_T1,none", "none"), (["label_T1", "x1"], "one role"), ("y1,", "y1")],
)
def test_targets_that_cannot_be_are_refused_by_name(targets, message):
    table = make("T18", 60, 0).to_table()
    with pytest.raises(InputError, match=message):
        fw.compare(table, targets, modalities=TWO, **QUICK)


def test_targets_must_each_have_two_values():
    table = make("T18", 60, 0).to_table().append_column("many", pa.array(list(range(60))))
    with pytest.raises(InputError, match=r"'many' is regression.*study of its own"):
        fw.compare(table, ["label_T1", "many"], modalities=TWO, **QUICK)


def test_a_price_of_time_becomes_a_margin():
    table = make("T1", 160, 0).to_table()
    study = fw.compare(
        table, "y", modalities=TWO, worth="1us:0.01", strategies=["early-linear"], attribution=False, **QUICK
    )
    assert study.verdict.margin != 0.01
    assert any("the margin is a price" in line for line in study.facts["notices"])


@pytest.mark.parametrize("worth", ["cheap", "0ms:0.1", "1h:2", "1.2.3ms:1"])
def test_a_price_that_is_none_says_how_to_write_one(worth):
    with pytest.raises(InputError, match=r"such as 0\.5ms:0\.002"):
        Question("y", worth=worth)


def test_prices_are_read_in_milliseconds():
    assert price_of_time("2s:0.1") == (2000.0, 0.1)
    assert price_of_time("500us : 1") == (0.5, 1.0)
    assert price_of_time(None) is None


def test_another_metric_decides_if_asked():
    table = make("T1", 200, 0).to_table()
    study = fw.compare(table, "y", modalities=TWO, decide_on="auc", anyway=True, attribution=False, **QUICK)
    assert study.verdict.loss == "AUC"
    assert study.verdict.gain == pytest.approx(study.verdict.headline.gain, abs=1e-9)


def test_information_is_decomposed_if_asked():
    table = make("T5", 450, 0).to_table()
    study = fw.compare(
        table, "y", modalities=TWO, decompose=True, anyway=True, attribution=False, strategies=["mean"], **QUICK
    )
    parts = {row["part"]: row["nats"] for row in study.decomposition().rows()}
    assert parts["synergy"] > 0.1 > max(parts["unique1"], parts["unique2"])


def test_judged_predictions_of_several_labels_are_decided_on_together():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, (2, 400))
    x = {m: a * (2.0 * y - 1) + rng.normal(size=y.shape) for m, a in (("a", 1.0), ("b", 0.8))}
    p = {"a": 1 / (1 + np.exp(-2 * x["a"])), "b": 1 / (1 + np.exp(-1.6 * x["b"]))}
    p["sum"] = 1 / (1 + np.exp(-2 * x["a"] - 1.6 * x["b"]))
    table = pa.table({f"y{j}": y[j] for j in (0, 1)} | {f"p_{m}_y{j}": p[m][j] for m in p for j in (0, 1)})
    study = fw.judge(table, "y0,y1", singles={"a": "p_a_*", "b": "p_b_*"}, fusions={"sum": ["p_sum_y0", "p_sum_y1"]})
    assert study.verdict.outcome == "FUSE"
    assert [row["outcome"] for row in study.verdict.labels] == ["FUSE", "FUSE"]
    with pytest.raises(InputError, match="need a column each"):
        fw.judge(table, ["y0", "y1"], singles={"a": "p_a_y0"}, fusions={"sum": "p_sum_*"})
