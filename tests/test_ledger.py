"""The ledger: what it refuses, how it names its columns, and that any change of a prediction changes its digest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars
import pytest

from fuseworthy.errors import LedgerError
from fuseworthy.evidence.verdict import decide
from fuseworthy.folds import Folds, make_folds
from fuseworthy.ledger import Ledger, Strategy
from fuseworthy.study.judge import Judgement, run_judgement
from fuseworthy.task import Task

BINARY = Task("binary", ("no", "yes"))
THREE = Task("multiclass", ("x", "y", "z"))
PLAIN = Task("regression", variance=1.0)

STRATEGIES = {
    "a/x": Strategy("a/x", "single", "x on a", "a"),
    "b/x": Strategy("b/x", "single", "x on b", "b"),
    "a/y": Strategy("a/y", "single", "y on a", "a", rank=1),
    "stack": Strategy("stack", "late", "stacking"),
    "concat": Strategy("concat", "early", "concatenation"),
    "given": Strategy("given", "judged", "given predictions"),
    "twin": Strategy("twin", "control", "two seeds"),
    "prior": Strategy("prior", "reference", "class shares"),
}


def make(task=BINARY, n=90, repeats=2, seed=0, time=None, clusters=None) -> Ledger:
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % task.width) if task.is_classification else rng.normal(size=n)
    folds = make_folds(y, task, n_folds=3, n_repeats=repeats, time=time, clusters=clusters, random_state=seed)

    def predictions():
        shape = (folds.repeats, n)
        p = rng.dirichlet(np.ones(task.width), shape) if task.is_classification else rng.normal(size=(*shape, 1))
        return np.where((folds.assignment >= 0)[..., None], p, np.nan)

    return Ledger(
        task=task,
        y=y,
        folds=folds,
        predictions={name: predictions() for name in STRATEGIES},
        strategies=STRATEGIES,
        ids=np.array([f"row {i}" for i in range(n)], dtype=object),
        pattern=np.full(n, "a+b", dtype=object),
        data_hash="data",
    )


def with_prediction(ledger, name, values):
    return replace(ledger, predictions={**ledger.predictions, name: values})


@pytest.mark.parametrize("shape", [(2, 90, 1), (1, 90, 2), (2, 89, 2), (2, 90)])
def test_a_prediction_of_another_shape_is_refused_with_both_shapes(shape):
    with pytest.raises(LedgerError) as caught:
        with_prediction(make(), "stack", np.full(shape, 0.5))
    assert "(2, 90, 2)" in str(caught.value)
    assert f"'stack' has {shape}" in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_scored_row_without_a_finite_prediction_is_refused(value):
    ledger = make()
    broken = ledger.of("stack").copy()
    broken[1, 17, 0] = value
    with pytest.raises(LedgerError, match="'stack' has gaps"):
        with_prediction(ledger, "stack", broken)
    with pytest.raises(LedgerError, match="'stack' has gaps"):
        replace(ledger, raw={"stack": broken})


def test_a_row_that_is_never_scored_needs_no_prediction():
    ledger = make(time=np.arange(90))
    unscored = ~ledger.scored
    assert unscored.any()
    assert np.isnan(ledger.losses(["stack"])["stack"][unscored]).all()
    assert np.isfinite(ledger.losses(["stack"])["stack"][ledger.scored]).all()


def test_rows_folds_ids_and_patterns_must_be_equally_many():
    ledger = make()
    with pytest.raises(LedgerError, match="ids must have one entry for each of 90 rows, but have 89"):
        replace(ledger, ids=ledger.ids[1:])
    with pytest.raises(LedgerError, match="pattern must have one entry"):
        replace(ledger, pattern=ledger.pattern[1:])
    with pytest.raises(LedgerError, match="folds must have one entry for each of 90 rows, but have 89"):
        replace(ledger, folds=Folds("given", ledger.folds.assignment[:, 1:]))


def test_folds_must_be_numbered_alike_in_every_repeat():
    """Numbers that go on counting in the second repeat would leave half the folds of each repeat empty."""
    ledger = make()
    counted_on = ledger.folds.assignment + np.array([[0], [3]])
    with pytest.raises(LedgerError, match=r"repeat 1 has none in fold 4\. Number the folds alike"):
        replace(ledger, folds=Folds("given", counted_on))


def test_strategies_and_predictions_must_have_the_same_names():
    ledger = make()
    with pytest.raises(LedgerError, match="'stack' has one only"):
        replace(ledger, predictions={n: p for n, p in ledger.predictions.items() if n != "stack"})
    with pytest.raises(LedgerError, match="'new' has one only"):
        with_prediction(ledger, "new", ledger.of("stack"))


def test_an_unknown_strategy_is_answered_with_the_nearest_name():
    with pytest.raises(LedgerError, match="no strategy 'stac': the nearest is 'stack'"):
        make().of("stac")
    with pytest.raises(LedgerError, match="the nearest is 'concat'"):
        make().losses(["a/x", "concta"])


def test_names_are_told_by_kind_and_modality():
    ledger = make()
    assert ledger.names() == ["a/x", "b/x", "a/y"]
    assert ledger.names(modality="a") == ["a/x", "a/y"]
    assert ledger.names(kind="fusion") == ["stack", "concat", "given"]
    assert ledger.names(kind="control") == ["twin"]
    assert ledger.names(kind="reference") == ["prior"]
    assert ledger.modalities == ["a", "b"]
    assert [s.name for s in STRATEGIES.values() if s.is_control] == ["twin"]


def test_the_digest_changes_with_one_flipped_bit_of_one_prediction():
    ledger = make()
    digests = {ledger.digest}
    rng = np.random.default_rng(0)
    for _ in range(20):
        flipped = ledger.of("stack").copy()
        bits = flipped.view(np.int64)
        place = tuple(rng.integers(0, size) for size in bits.shape)
        bits[place] ^= 1 << int(rng.integers(0, 52))
        digests.add(with_prediction(ledger, "stack", flipped).digest)
    assert len(digests) == 21


def test_the_digest_changes_with_data_folds_and_names_but_not_with_the_order_of_names():
    ledger = make()
    other_folds = Folds("given", ledger.folds.assignment)
    renamed = {("stack2" if n == "stack" else n): p for n, p in ledger.predictions.items()}
    strategies = {("stack2" if n == "stack" else n): s for n, s in STRATEGIES.items()}
    changed = {
        ledger.digest,
        replace(ledger, data_hash="other").digest,
        replace(ledger, folds=other_folds).digest,
        replace(ledger, predictions=renamed, strategies=strategies).digest,
    }
    assert len(changed) == 4
    turned = dict(reversed(ledger.predictions.items()))
    assert replace(ledger, predictions=turned).digest == ledger.digest == make().digest


@pytest.mark.parametrize("task", [BINARY, THREE, PLAIN], ids=lambda t: t.kind)
def test_arrow_pandas_and_polars_hold_the_same_table(task):
    ledger = make(task)
    table = ledger.to_arrow()
    assert ledger.to_pandas().equals(table.to_pandas())
    assert ledger.to_polars().equals(polars.from_arrow(table))
    assert table.num_rows == 2 * 90
    assert table.column_names[:5] == ["repeat", "fold", "row", "target", "pattern"]


def test_the_table_has_a_row_a_repeat_and_scored_row_only():
    ledger = make(time=np.arange(90), clusters=np.arange(90) // 2)
    frame = ledger.to_pandas()
    assert len(frame) == ledger.scored.sum() < 90
    assert frame["cluster"].tolist() == [int(i) // 2 for i in np.flatnonzero(ledger.scored[0])]
    assert frame["fold"].tolist() == ledger.folds.assignment[ledger.scored].tolist()
    assert frame["row"].tolist() == [f"row {i}" for i in np.flatnonzero(ledger.scored[0])]
    assert frame["target"].tolist() == [BINARY.classes[c] for c in ledger.y[ledger.scored[0]]]
    assert frame["stack"].tolist() == ledger.of("stack")[ledger.scored][:, 1].tolist()


def test_two_columns_of_one_name_are_refused_rather_than_one_lost():
    ledger = make()
    strategies = {**STRATEGIES, "target": Strategy("target", "late", "badly named")}
    clash = replace(ledger, strategies=strategies, predictions={**ledger.predictions, "target": ledger.of("stack")})
    with pytest.raises(LedgerError, match="needs a second 'target'"):
        clash.to_arrow()


@pytest.mark.parametrize("task", [BINARY, THREE, PLAIN], ids=lambda t: t.kind)
def test_judge_reads_the_table_back_by_the_names_the_ledger_gives(task):
    ledger = make(task, n=150)
    kept = [n for n in STRATEGIES if STRATEGIES[n].is_single or STRATEGIES[n].is_fusion]
    ledger = replace(
        ledger,
        strategies={n: STRATEGIES[n] for n in kept},
        predictions={n: ledger.predictions[n] for n in kept},
        task=task if task.is_classification else Task("regression", variance=float(ledger.y.var())),
    )
    ending = "_*" if task is THREE else ""
    ask = Judgement(
        target="target",
        singles={n: n + ending for n in ledger.names()},
        fusions={n: n + ending for n in ledger.names(kind="fusion")},
        row="row",
        repeat="repeat",
        fold="fold",
        task=task.kind,
    )
    judged = run_judgement(ledger.to_arrow(), ask)
    ours = decide(ledger)
    assert judged.ledger.task.classes == task.classes
    assert (judged.verdict.gain, judged.verdict.low, judged.verdict.high) == pytest.approx(
        (ours.gain, ours.low, ours.high), abs=1e-12
    )
    assert judged.verdict.outcome == ours.outcome
