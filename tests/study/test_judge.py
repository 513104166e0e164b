"""Judging: other people's predictions, the same verdict, nothing trained."""

import numpy as np
import pyarrow as pa
import pytest

import fuseworthy as fw
from fuseworthy.errors import FuseworthyError
from mixed_tables import mixed_table


def binary(n=600, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    x = (2 * y - 1) * np.array([[1.0], [0.7]]) + rng.normal(size=(2, n))
    p = 1 / (1 + np.exp(-2 * x * np.array([[1.0], [0.7]])))
    both = 1 / (1 + np.exp(-2 * (x[0] + 0.7 * x[1])))
    return {"y": y, "a": p[0], "b": p[1], "both": both, "row": np.arange(n), "fold": np.arange(n) % 5}


SINGLES, FUSIONS = {"a": "a", "b": "b"}, {"late": "both"}


@pytest.mark.usefixtures("quickly")
def test_a_study_judged_from_its_own_ledger_gets_the_same_verdict():
    study = fw.compare(
        mixed_table(),
        "label",
        modalities={"n": fw.Text("note"), "t": fw.Tabular("size")},
        id="key",
        folds=3,
        repeats=2,
        strategies=["stacking", "mean"],
    )
    ledger = study.ledger
    singles = {name: name for name in ledger.names(kind="single")}
    fusions = {name: name for name in ledger.names(kind="fusion")}
    again = fw.judge(
        ledger.to_arrow(),
        "target",
        singles=singles,
        fusions=fusions,
        row="row",
        repeat="repeat",
        fold="fold",
        metric="auc",
    )
    for name in ("gain", "low", "high", "se", "margin", "best_single"):
        assert getattr(again.verdict, name) == pytest.approx(getattr(study.verdict, name)), name
    assert again.verdict.headline.gain == pytest.approx(study.verdict.headline.gain)


def test_the_order_of_rows_does_not_matter():
    data = binary()
    order = np.random.default_rng(1).permutation(600)
    kwargs = {"singles": SINGLES, "fusions": FUSIONS, "row": "row", "fold": "fold"}
    one = fw.judge(pa.table(data), "y", **kwargs).verdict
    two = fw.judge(pa.table({k: v[order] for k, v in data.items()}), "y", **kwargs).verdict
    assert one.gain == pytest.approx(two.gain, abs=1e-12)
    assert one.low == pytest.approx(two.low, abs=1e-12)
    assert one.outcome == two.outcome == "FUSE"


def test_frames_of_every_library_are_judged_alike(to_frame):
    verdict = fw.judge(to_frame(pa.table(binary())), "y", singles=SINGLES, fusions=FUSIONS).verdict
    assert verdict.outcome == "FUSE"
    assert any("held-out" in flag for flag in verdict.flags)


def test_multiclass_takes_a_column_a_class():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 600)
    labels = np.array(["x", "y", "z"])
    columns = {"truth": labels[y]}
    for name, strength in (("a", 1.0), ("b", 0.7), ("ab", 1.8)):
        logits = rng.normal(size=(600, 3)) + strength * 2 * np.eye(3)[y]
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        columns |= {f"p_{name}_{label}": p[:, c] for c, label in enumerate(labels)}
    study = fw.judge(pa.table(columns), "truth", singles={"a": "p_a_*", "b": "p_b_*"}, fusions={"ab": "p_ab_*"})
    assert study.ledger.task.classes == ("x", "y", "z")
    assert study.verdict.outcome == "FUSE"
    assert "<html" in study.report()


def test_regression_takes_a_column():
    rng = np.random.default_rng(0)
    y = rng.normal(size=500)
    table = pa.table(
        {"y": y, "a": y + rng.normal(size=500), "b": y + rng.normal(size=500), "f": y + 0.3 * rng.normal(size=500)}
    )
    study = fw.judge(table, "y", singles={"a": "a", "b": "b"}, fusions={"f": "f"})
    assert study.verdict.outcome == "FUSE"
    assert study.verdict.headline.metric == "R²"


@pytest.mark.parametrize(
    ("change", "more", "message"),
    [
        ({"a": np.full(600, 1.5)}, {}, "probabilities between 0 and 1"),
        ({"a": np.full(600, np.nan)}, {}, "known and finite"),
        ({"a": np.full(600, "x")}, {}, "must be numbers"),
        ({}, {"fold": "fald"}, "the nearest is 'fold'"),
        ({}, {"singles": {"a": "aa"}}, "the nearest is 'a'"),
        ({}, {"fusions": {"a": "both"}}, "is both"),
        ({"row": np.zeros(600, dtype=int)}, {"row": "row"}, "once a repeat"),
        ({"rep": np.arange(600) % 2}, {"repeat": "rep"}, "which rows are the same"),
        ({"rep": np.arange(600) % 2}, {"repeat": "rep", "row": "row"}, "Same rows, same folds"),
    ],
)
def test_predictions_that_do_not_belong_together_are_refused(change, more, message):
    asked = {"singles": SINGLES, "fusions": FUSIONS} | more
    with pytest.raises(FuseworthyError, match=message):
        fw.judge(pa.table(binary() | change), "y", **asked)


@pytest.mark.parametrize(("column", "what"), [("y", "target"), ("who", "group")])
def test_what_a_row_is_said_to_be_may_not_change_between_repeats(column, what):
    once = binary() | {"who": np.arange(600) // 4}
    twice = {name: np.concatenate([values, values]) for name, values in once.items()}
    twice["rep"] = np.repeat([0, 1], 600)
    asked = {"singles": SINGLES, "fusions": FUSIONS, "row": "row", "repeat": "rep", "fold": "fold", "group": "who"}
    assert fw.judge(pa.table(twice), "y", **asked).ledger.n == 600
    twice[column][600 + 41] = 1 - twice[column][41]
    with pytest.raises(FuseworthyError, match=f"must have one {what}, but row 41 has different {what}s"):
        fw.judge(pa.table(twice), "y", **asked)


def test_groups_widen_the_interval():
    data = binary(400)
    tripled = {k: np.repeat(v, 4) for k, v in data.items()}
    tripled["row"] = np.arange(1600)
    free = fw.judge(pa.table(tripled), "y", singles=SINGLES, fusions=FUSIONS).verdict
    held = fw.judge(
        pa.table(tripled | {"who": np.repeat(np.arange(400), 4)}), "y", singles=SINGLES, fusions=FUSIONS, group="who"
    ).verdict
    assert held.se == pytest.approx(2 * free.se, rel=0.05)
