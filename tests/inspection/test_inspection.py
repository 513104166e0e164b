"""What an inspection shows, on every kind of table and without a target."""

from __future__ import annotations

import json
import time

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fuseworthy.errors import InputError
from fuseworthy.inputs.modality import Embedding, Tabular, Text
from fuseworthy.inspection.inspection import Inspection, inspect
from fuseworthy.study.prepare import load, prepare
from fuseworthy.study.question import Question

WORDS = np.array(
    ["river", "stone", "quiet", "market", "window", "yellow", "engine", "garden", "letter", "winter", "copper"]
)


def columns(n: int = 400, seed: int = 0) -> dict[str, list[object]]:
    rng = np.random.default_rng(seed)
    remark = [" ".join(row) for row in rng.choice(WORDS, (n, 9)).tolist()]
    return {
        "case_id": rng.permutation(n).tolist(),
        "remark": [None if rng.random() < 0.25 else text for text in remark],
        "age": rng.integers(18, 90, n).tolist(),
        "town": rng.choice(["north", "south", "east"], n).tolist(),
        "weight": [None if rng.random() < 0.1 else float(v) for v in rng.normal(70, 9, n)],
        "same": ["x"] * n,
        "outcome": rng.choice(["ill", "well"], n).tolist(),
    }


def titles(seen: Inspection, severity: str) -> list[str]:
    return [p.title for p in seen.problems if p.severity == severity]


def test_every_column_has_a_role_and_a_reason() -> None:
    seen = inspect(pa.table(columns()), "outcome")
    roles = {c.name: (c.role, c.modality) for c in seen.columns}
    assert roles == {
        "case_id": ("left out", None),
        "remark": ("text", "remark"),
        "age": ("numeric", "table"),
        "town": ("categorical", "table"),
        "weight": ("numeric", "table"),
        "same": ("left out", None),
        "outcome": ("target", None),
    }
    assert all(c.reason for c in seen.columns)
    assert seen.ok
    assert titles(seen, "warning") == []


def test_missing_is_counted_by_column_modality_and_pattern() -> None:
    data = columns()
    data["remark"][0] = "  "
    gone = sum(text is None or not text.strip() for text in data["remark"])
    seen = inspect(pa.table(data), "outcome")
    missing = {(item.name, item.is_modality): item.rows for item in seen.missing}
    assert missing["remark", True] == missing["remark", False] == gone
    assert missing["table", True] == 0
    assert {p["pattern"]: p["rows"] for p in seen.patterns} == {"remark+table": 400 - gone, "table": gone}
    assert all(sum(p["target"].values()) == pytest.approx(1) for p in seen.patterns)


def test_missingness_that_goes_with_a_class_is_named_with_its_direction() -> None:
    rng = np.random.default_rng(1)
    data = columns(1000)
    ill = np.array(data["outcome"]) == "ill"
    data["scan"] = [None if rng.random() < (0.6 if i else 0.2) else float(rng.normal()) for i in ill]
    seen = inspect(pa.table(data), "outcome", modalities={"scan": Embedding("scan"), "table": Tabular("age", "town")})
    (item,) = [m for m in seen.missing if m.name == "scan" and m.is_modality]
    assert item.telling
    assert item.label == "well"
    assert item.auc == pytest.approx(0.3, abs=0.05)
    (problem,) = [p for p in seen.problems if p.title == "missingness tells the target"]
    assert "less often for class 'well'" in problem.finding


def test_missingness_that_goes_with_high_values_is_named() -> None:
    rng = np.random.default_rng(1)
    y = rng.normal(size=500)
    lab = [None if v + rng.normal() > 1 else 1.0 * rng.random() for v in y]
    seen = inspect(pa.table({"lab": lab, "x": rng.normal(size=500), "y": y}), "y")
    assert any("more often for high values" in p.finding for p in seen.problems)


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_planted_copies_are_counted_exactly(share: float) -> None:
    data = columns(2000)
    data["remark"] = [f"{text or 'nothing much to say'} {i} times over" for i, text in enumerate(data["remark"])]
    planted = int(2000 * share)
    turned = planted // 4
    for j in range(planted):
        for name in ("remark", "age", "town", "weight", "outcome"):
            data[name][1000 + j] = data[name][j]
        if j < turned:
            data["outcome"][1000 + j] = "ill" if data["outcome"][j] == "well" else "well"
    seen = inspect(pa.table(data), "outcome")
    assert seen.copies.rows == planted
    assert (seen.copies.differing_rows, seen.copies.differing_sets) == (2 * turned, turned)
    assert seen.copies.example == (1, 1001)
    assert seen.split is not None
    assert seen.split.units == 2000 - planted
    assert ("duplicate rows" in titles(seen, "warning")) == (share > 0.01)


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_planted_near_copies_of_texts_are_counted_exactly(share: float) -> None:
    data = columns(1000)
    data["remark"] = [f"{WORDS[i % 11]} and {WORDS[i % 7]} and so it was, case {i}" for i in range(1000)]
    for j in range(int(1000 * share)):
        data["remark"][999 - j] = f"  {data['remark'][j].upper().replace(' ', '  ').replace(',', ' –')}!"
    (found,) = inspect(pa.table(data), "outcome").texts
    assert (found.exact, found.near) == (0, int(1000 * share))
    assert found.example[0] <= int(1000 * share)


def test_the_folds_are_those_of_a_study(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUSEWORTHY_CACHE", str(tmp_path))
    data = columns()
    rng = np.random.default_rng(0)
    data["site"] = rng.integers(0, 60, 400).tolist()
    data["emb"] = rng.normal(size=(400, 4)).round().tolist()
    data["remark"] = [text and text[:11] for text in data["remark"]]
    table = pa.table(data)
    kinds = {"emb": Embedding("emb"), "text": Text("remark"), "table": Tabular("town")}
    for group in (None, "site"):
        question = Question("outcome", kinds, group=group)
        prepared = prepare(load(table, question), question, tmp_path)
        seen = inspect(table, "outcome", modalities=kinds, group=group)
        clusters = prepared.folds.clusters
        assert seen.split is not None
        assert seen.split.units == (400 if clusters is None else len(np.unique(clusters)))
        assert (seen.split.kind, seen.split.folds, seen.split.repeats) == (prepared.folds.kind, 5, 5)


def test_pandas_polars_and_arrow_give_the_same_inspection() -> None:
    data = columns()
    frames = [pa.table(data), pd.DataFrame(data), pl.DataFrame(data)]
    facts = [inspect(frame, "outcome").to_dict() for frame in frames]
    for fact in facts:
        fact.pop("source")
    assert facts[0] == facts[1] == facts[2]
    json.dumps(facts[0])


def test_the_same_seed_gives_the_same_text() -> None:
    table = pa.table(columns())
    assert repr(inspect(table, "outcome")) == repr(inspect(table, "outcome"))


def test_without_a_target_all_that_needs_none_is_shown() -> None:
    seen = inspect(pa.table(columns()))
    assert seen.ok
    assert seen.target is None
    assert seen.split is None
    assert seen.suspects == ()
    assert len(seen.modalities) == 2
    assert len(seen.patterns) == 2
    assert "none given" in repr(seen)


def test_text_stays_within_a_hundred_columns_and_names_its_sections() -> None:
    data = columns()
    data["a_column_whose_name_is_far_longer_than_any_table_on_paper_would_hold_" * 2] = data["age"]
    data["hostile\nname"] = data["weight"]
    shown = repr(inspect(pa.table(data), "outcome"))
    assert max(len(line) for line in shown.splitlines()) <= 100
    for heading in ("Problems", "Target", "Modalities", "Columns", "Present together", "Missing", "Repeated", "Folds"):
        assert f"\n{heading}\n" in shown


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        ({"target": "outcom"}, "'outcome'"),
        ({"target": "outcome", "group": "towm"}, "'town'"),
        ({"target": "outcome", "modalities": {"t": Text("remarks")}}, "'remark'"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(names: dict[str, object], hint: str) -> None:
    with pytest.raises(InputError, match=f"nearest is {hint}"):
        inspect(pa.table(columns()), **names)


def test_rows_without_a_target_are_an_error_unless_they_may_be_dropped() -> None:
    data = columns()
    data["outcome"][7] = None
    seen = inspect(pa.table(data), "outcome")
    assert titles(seen, "error") == ["rows without a target"]
    assert "row 8" in seen.problems[0].finding
    assert (seen.rows, seen.target.missing) == (399, 1)
    assert inspect(pa.table(data), "outcome", drop_unlabelled=True).ok


@pytest.mark.parametrize(
    "cells",
    [
        pa.nulls(400, pa.string()),
        pa.array(["ill"] * 400),
        pa.array([f"name {i} of a person" for i in range(400)]),
        pa.array([{"ill": i % 2} for i in range(400)]),
        pa.array([float("inf"), *range(399)]),
    ],
)
def test_a_target_that_cannot_be_learned_is_an_error_and_the_rest_is_shown(cells: object) -> None:
    seen = inspect(pa.table(columns() | {"outcome": cells}), "outcome")
    assert len(titles(seen, "error")) == 1
    assert len(seen.modalities) == 2


def test_a_rare_class_makes_folds_or_the_verdict_impossible() -> None:
    data = columns()
    data["outcome"] = ["ill"] * 30 + ["well"] * 370
    seen = inspect(pa.table(data), "outcome")
    assert titles(seen, "warning") == ["too little data for a verdict"]
    assert "'ill' has 30 rows" in next(iter(seen.split.refusals))
    data["outcome"] = ["ill"] * 3 + ["well"] * 397
    seen = inspect(pa.table(data), "outcome")
    assert titles(seen, "error") == ["the rows cannot be split"]


def test_the_group_column_is_described() -> None:
    data = columns()
    data["family"] = [i // 4 for i in range(400)]
    seen = inspect(pa.table(data), "outcome", group="family")
    groups = seen.groups
    assert (groups.count, groups.smallest, groups.largest, groups.several) == (100, 4, 4, 100)
    assert 70 < groups.varying < 100
    assert (seen.split.kind, seen.split.units) == ("grouped", 100)


def test_too_few_groups_allow_no_verdict_and_still_fewer_no_folds() -> None:
    data = columns()
    data["family"] = [i % 10 for i in range(400)]
    assert "too little data for a verdict" in titles(inspect(pa.table(data), "outcome", group="family"), "warning")
    data["family"] = [i % 3 for i in range(400)]
    assert "the rows cannot be split" in titles(inspect(pa.table(data), "outcome", group="family"), "error")


def test_a_group_of_one_row_each_and_a_missing_group_are_named() -> None:
    data = columns()
    seen = inspect(pa.table(data), "outcome", group="case_id")
    assert "every row is its own group" in titles(seen, "warning")
    data["family"] = [None, *range(399)]
    assert "rows without a group" in titles(inspect(pa.table(data), "outcome", group="family"), "error")


def test_an_id_that_repeats_and_a_time_that_is_a_word_are_errors() -> None:
    seen = inspect(pa.table(columns()), "outcome", id="age", time="town")
    assert titles(seen, "error") == ["the id cannot be used", "the time cannot be used"]


def test_folds_in_time_are_planned() -> None:
    data = columns()
    data["day"] = list(range(400))
    seen = inspect(pa.table(data), "outcome", time="day")
    assert (seen.split.kind, seen.split.folds, seen.split.repeats) == ("temporal", 6, 1)
    assert seen.split.scored < 400


def test_a_modality_that_cannot_be_read_is_an_error_with_its_row() -> None:
    data = columns()
    data["weight"] = [float("inf") if i == 4 else 1.0 * i for i in range(400)]
    seen = inspect(pa.table(data), "outcome")
    assert titles(seen, "error") == ["a modality cannot be read"]
    assert "row 5" in seen.problems[0].finding


def test_misread_and_lonely_modalities_are_named() -> None:
    kinds = {"all": Tabular("case_id", "remark", "age")}
    seen = inspect(pa.table(columns()), "outcome", modalities=kinds)
    assert titles(seen, "warning") == ["an identifier as a feature", "free text as a category"]
    assert titles(seen, "error") == ["one modality"]


def test_a_constant_that_was_asked_for_is_an_error() -> None:
    seen = inspect(pa.table(columns()), "outcome", modalities={"t": Tabular("same"), "r": Text("remark")})
    assert titles(seen, "error") == ["the modalities cannot be used"]
    assert "'same'" in seen.problems[0].finding


def test_a_joined_table_is_inspected_with_its_pairing() -> None:
    data = columns()
    other = pa.table({"case_id": list(range(0, 400, 2)), "dose": np.arange(200) * 1.5})
    seen = inspect(pa.table(data), "outcome", join={"case_id": other})
    assert any("200 rows matched" in notice for notice in seen.notices)
    assert next(c.missing for c in seen.columns if c.name == "dose") == 200


def test_a_regression_target_is_described() -> None:
    rng = np.random.default_rng(0)
    data = columns() | {"outcome": rng.normal(10, 2, 400).tolist()}
    seen = inspect(pa.table(data), "outcome")
    assert seen.target.kind == "regression"
    assert seen.target.counts == {}
    assert seen.target.quantiles["median"] == pytest.approx(10, abs=0.5)
    assert seen.split.detectable is None


@pytest.mark.parametrize("n", [1, 2, 9])
def test_a_handful_of_rows_is_inspected_without_a_crash(n: int) -> None:
    data = {name: cells[:n] for name, cells in columns().items()}
    seen = inspect(pa.table(data), "outcome")
    assert repr(seen)
    assert not seen.ok or seen.split.refusals


def test_a_hundred_thousand_rows_take_seconds() -> None:
    rng = np.random.default_rng(0)
    n = 100_000
    words = np.array([f"{a}{b}" for a in "bdfgklmnprst" for b in "aeiou"])
    head = [" ".join(row) for row in rng.choice(words, (5000, 20)).tolist()]
    pick = rng.integers(0, 5000, (n, 2))
    table = {
        "text": [f"{head[a]} {head[b]}" for a, b in pick.tolist()],
        **{f"x{'abcdefghij'[i]}": rng.normal(size=n) for i in range(10)},
        **{f"k{'abcde'[i]}": rng.choice([f"v{j}" for j in range(4 + 9 * i)], n) for i in range(5)},
        "row_id": np.arange(n),
        "customer_id": rng.integers(0, 20_000, n),
        "y": rng.integers(0, 2, n),
    }
    frame = pa.table(table)
    start = time.perf_counter()
    seen = inspect(frame, "y", group="customer_id", id="row_id")
    assert time.perf_counter() - start < 10
    assert seen.ok
    assert titles(seen, "warning") == []


def test_one_modality_and_none_are_errors_that_still_show_the_rest() -> None:
    data = columns()
    seen = inspect(pa.table({"age": data["age"], "outcome": data["outcome"]}), "outcome")
    assert titles(seen, "error") == ["one modality"]
    assert seen.split is not None
    seen = inspect(pa.table({"same": data["same"], "outcome": data["outcome"]}), "outcome")
    assert titles(seen, "error") == ["nothing to learn from"]
    assert repr(seen)


def test_an_empty_modality_that_was_asked_for_is_an_error() -> None:
    data = columns() | {"scan": pa.nulls(400, pa.string())}
    seen = inspect(pa.table(data), "outcome", modalities={"s": Text("scan"), "t": Tabular("age")})
    assert "a modality is never there" in titles(seen, "error")


def test_row_numbers_are_those_of_the_table_as_it_came() -> None:
    data = columns()
    data["remark"] = [f"a remark of its own, number {i}" for i in range(400)]
    for name in ("remark", "age", "town", "weight"):
        data[name][20] = data[name][10]
    data["outcome"][3] = data["outcome"][15] = None
    assert inspect(pa.table(data), "outcome", drop_unlabelled=True).copies.example == (11, 21)
