"""Rows joined wrongly, rows that belong together, columns that know the answer: on tables as a study sees them."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from made_evidence import clear, does_not_apply, evidence_of, fired, look, two_modalities
from observed_tables import PAIR, observations_of, vectors

from fuseworthy.datasets.synthetic import make
from fuseworthy.inputs.modality import Embedding, Tabular, Text

LEDGER = two_modalities()


def seen(observations):
    return evidence_of(LEDGER, observations=observations)


def paired(task, moved, n=400, seed=0):
    made = make(task, n, seed)
    second = np.roll(made.inputs["x2"], moved, axis=0)
    return observations_of(pa.table({"y": made.y, "x1": vectors(made.inputs["x1"]), "x2": vectors(second)}))


@pytest.mark.parametrize("moved", [1, -2, 3])
def test_a_join_that_is_some_rows_off_is_seen(moved):
    assert f"moved by {moved:+d} rows" in fired("F019", seen(paired("T3", moved)))


def test_a_join_that_is_one_row_off_is_seen_through_the_target_alone():
    found = [look("F019", seen(paired("T1", 1, 1000, seed))).status for seed in range(5)]
    assert found == ["fired"] * 5


@pytest.mark.parametrize("task", ["T1", "T2", "T3"])
def test_rows_joined_rightly_are_clear_in_ten_of_ten(task):
    for seed in range(10):
        clear("F019", seen(paired(task, 0, seed=seed)))


def test_rows_in_the_order_of_the_target_are_joined_rightly():
    made = make("T1", 400, 0)
    order = np.argsort(made.y, kind="stable")
    table = pa.table(
        {"y": made.y[order], "x1": vectors(made.inputs["x1"][order]), "x2": vectors(made.inputs["x2"][order])}
    )
    clear("F019", seen(observations_of(table)))


def test_modalities_without_a_link_and_too_few_rows_cannot_be_looked_at():
    assert "no modality tells enough" in does_not_apply("F019", seen(paired("T6", 0)))
    assert "no modality tells enough" in does_not_apply("F019", seen(paired("T3", 0, n=40)))
    assert "elsewhere" in does_not_apply("F019", evidence_of(LEDGER))


def test_a_text_and_a_table_are_paired_too():
    rng = np.random.default_rng(0)
    topic = rng.integers(0, 3, 300)
    words = [f"{['sea boat sail', 'hill rock climb', 'road wheel drive'][t]} day {rng.integers(50)}" for t in topic]
    numbers = topic * 2.0 + rng.normal(size=300)
    for moved, look_ in ((0, clear), (1, fired)):
        table = pa.table({"y": rng.integers(0, 2, 300), "text": words, "size": np.roll(numbers, moved)})
        look_("F019", seen(observations_of(table, modalities={"a": Text("text"), "b": Tabular("size")})))


def test_a_fingerprint_of_an_undeclared_group_is_caught_in_forty_of_forty_seeds():
    said = [look("F020", seen(observations_of(make("T16", 200, seed).to_table(), id="id"))) for seed in range(40)]
    assert [s.status for s in said].count("fired") == 40
    assert not said[0].measured["handled"]
    assert "'b' tells which 'group'" in said[0].sentence


def test_a_group_that_is_also_a_feature_is_caught():
    table = make("T16", 200, 0).to_table()
    found = observations_of(table, id="id", modalities=None)
    assert [row["column"] for row in found["groups"]] == ["group"]


def test_a_group_that_was_passed_is_said_to_be_handled():
    found = look("F020", seen(observations_of(make("T16", 200, 0).to_table(), id="id", group="group")))
    assert found.status == "fired"
    assert found.measured["handled"]
    assert "groups are kept whole here" in found.sentence


def test_dates_along_which_the_target_is_alike_are_caught_unless_passed():
    table = make("T14", 300, 0).to_table()
    assert "follow each other in 'time'" in fired("F020", seen(observations_of(table, id="id")))
    clear("F020", seen(observations_of(table, id="id", time="time")))


@pytest.mark.parametrize("task", ["T1", "T6", "T7", "T11", "T12"])
def test_ordinary_tables_have_no_groups_and_no_leaks(task):
    for seed in range(4):
        found = observations_of(make(task, 300, seed).to_table(), id="id")
        clear("F020", seen(found))
        assert found["leaks"] == []


def test_a_shop_that_no_modality_tells_and_an_age_are_no_groups():
    rng = np.random.default_rng(0)
    shop, age = rng.integers(0, 30, 600), rng.integers(20, 80, 600)
    y = (rng.random(30) < 0.5)[shop]
    table = pa.table(
        {"y": y, "x1": vectors(rng.normal(size=(600, 2))), "x2": vectors(rng.normal(size=(600, 2))), "shop": shop}
    )
    clear("F020", seen(observations_of(table)))
    x = (age - 50)[:, None] + rng.normal(size=(600, 2))
    table = pa.table({"y": age > 50, "x1": vectors(x), "x2": vectors(rng.normal(size=(600, 2))), "age": age})
    clear("F020", seen(observations_of(table)))


def with_column(values, kind="tabular", y=None, **more):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200) if y is None else y
    table = pa.table(
        {"y": y, "x1": vectors(rng.normal(size=(200, 2))), "age": rng.normal(size=200), "odd": values(y, rng)}
    )
    modalities = {"a": Embedding("x1"), "b": Tabular("age", "odd")}
    if kind == "vectors":
        modalities = {"a": Embedding("x1"), "b": Embedding("odd")}
    return seen(observations_of(table, modalities=modalities, **more))


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (lambda y, rng: np.where(y == 1, "paid", "none"), "one class a value"),
        (lambda y, rng: y * 10 + rng.integers(0, 3, 200), "one class a value"),
        (lambda y, rng: y + 1e-4 * rng.normal(size=200), "correlation"),
        (lambda y, rng: np.arange(200), "whole numbers, all different"),
        (lambda y, rng: [f"{v:08x}" for v in rng.permutation(10**6)[:200]], "single words, all different"),
    ],
)
def test_columns_that_know_the_answer_or_the_row_are_caught(values, why):
    said = fired("F021", with_column(values))
    assert "'odd'" in said
    assert why in said


def test_a_vector_that_holds_a_number_to_be_predicted_is_caught():
    y = np.random.default_rng(1).normal(size=200)
    column = lambda y, rng: vectors(np.column_stack([rng.normal(size=200), y]))  # noqa: E731
    assert "entry 1 has correlation 1.0000" in fired("F021", with_column(column, "vectors", y))


@pytest.mark.parametrize(
    "values",
    [
        lambda y, rng: np.where((y == 1) ^ (rng.random(200) < 0.1), "paid", "none"),
        lambda y, rng: rng.integers(0, 1000, 200),
        lambda y, rng: y + 0.3 * rng.normal(size=200),
        lambda y, rng: rng.normal(size=200),
    ],
)
def test_good_and_plain_columns_are_clear(values):
    clear("F021", with_column(values))


def test_a_single_that_leaves_nothing_of_the_loss_is_too_good():
    def extra(rng, y, a, b):
        return {"b/x": 9.0 * (2 * y - 1) + 0 * a, "dummy": 0.0 * a}

    said = fired("F021", evidence_of(two_modalities(extra=extra)))
    assert "'b/x' leaves less than 2% of the prior's loss" in said
    clear("F021", evidence_of(two_modalities(extra=lambda rng, y, a, b: {"dummy": 0.0 * a})))
    assert "elsewhere" in does_not_apply("F021", evidence_of(LEDGER))


def test_observations_are_plain_and_the_same_every_time():
    for task, asked in (("T16", {}), ("T14", {"time": "time"}), ("T7", {}), ("T13", {})):
        table = make(task, 150, 0).to_table()
        found = observations_of(table, id="id", **asked)
        assert json.loads(json.dumps(found, allow_nan=False)) == found
        assert found == observations_of(table, id="id", **asked)
        assert set(found) == {"modalities", "pairing", "groups", "leaks", "rates", "lags"}


def test_several_labels_are_looked_at():
    table = make("T18", 200, 0).to_table()
    labels = [c for c in table.column_names if c.startswith("label_")]
    clear("F021", seen(observations_of(table, labels, id="id")))
    copied = table.append_column("odd", table[labels[2]])
    found = observations_of(copied, labels, id="id", modalities=PAIR | {"c": Tabular("odd")})
    assert "'odd'" in fired("F021", seen(found))


def test_a_ledger_of_several_labels_passes_every_rule():
    from fuseworthy.evidence.checks import run_checks

    ledger = two_modalities(n=300)
    long = replace(
        ledger,
        y=np.tile(ledger.y, 2),
        folds=replace(
            ledger.folds, assignment=np.tile(ledger.folds.assignment, 2), clusters=np.tile(np.arange(300), 2)
        ),
        predictions={k: np.tile(v, (1, 2, 1)) for k, v in ledger.predictions.items()},
        ids=np.tile(ledger.ids, 2),
        pattern=np.tile(ledger.pattern, 2),
        labels=np.repeat(["p", "q"], 300),
    )
    found = run_checks(evidence_of(long))
    assert {r.status for r in found} <= {"clear", "does not apply", "fired"}
    assert all(r.sentence for r in found if r.status != "clear")
