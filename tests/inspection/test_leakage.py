"""Planted leaks are found, one by one; clean tables raise no alarm."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from fuseworthy.inputs.modality import Tabular, Text
from fuseworthy.inspection.inspection import Inspection, inspect

WORDS = np.array(
    ["river", "stone", "quiet", "market", "window", "yellow", "engine", "garden", "letter", "winter", "copper"]
)


def notes(rng: np.random.Generator, n: int) -> list[str]:
    return [" ".join(row) for row in rng.choice(WORDS, (n, 12)).tolist()]


def clean(n: int = 600, classes: int = 2, seed: int = 0) -> tuple[dict[str, object], np.ndarray, np.random.Generator]:
    """An honest table: a weak number, a weak category, noise, a text and an identifier."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    columns = {
        "weak": rng.normal(size=n) + 0.7 * y,
        "noise": rng.normal(size=n),
        "age": rng.integers(18, 90, n),
        "town": rng.choice([f"town {i}" for i in range(12)], n),
        "colour": np.where(rng.random(n) < 0.3, np.array(["red", "blue", "green", "grey"])[y % 4], "white"),
        "remark": notes(rng, n),
        "case_id": rng.permutation(n),
        "outcome": y,
    }
    return columns, y, rng


def alarms(seen: Inspection) -> list[str]:
    return [f"{p.title}: {p.finding}" for p in seen.problems if p.severity != "note"]


def suspect(seen: Inspection, column: str) -> object:
    return next((s for s in seen.suspects if s.column == column), None)


def test_a_copy_of_the_target_is_an_error() -> None:
    columns, y, _ = clean()
    seen = inspect(pa.table(columns | {"copy": y}), "outcome")
    assert suspect(seen, "copy").level == "equal"
    assert not seen.ok
    assert "'copy'" in seen.problems[0].finding


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_a_copy_under_other_names_is_an_error(classes: int) -> None:
    columns, y, _ = clean(classes=classes)
    names = np.array([f"kind {chr(97 + i)}" for i in range(classes)])
    seen = inspect(pa.table(columns | {"copy": names[y]}), "outcome")
    assert suspect(seen, "copy").level == "equal"
    assert not seen.ok


def test_a_copy_with_missing_cells_is_still_a_copy() -> None:
    columns, y, rng = clean()
    cells = [None if rng.random() < 0.2 else f"value {v}" for v in y]
    assert suspect(inspect(pa.table(columns | {"copy": cells}), "outcome"), "copy").level == "equal"


def test_a_noisy_copy_is_suspicious_and_not_called_certain() -> None:
    columns, y, rng = clean(2000)
    seen = inspect(pa.table(columns | {"later": y * 3.4 + rng.normal(size=2000)}), "outcome")
    found = suspect(seen, "later")
    assert found.level == "suspicious"
    assert 0.98 < found.score < 0.999
    (problem,) = [p for p in seen.problems if "'later'" in p.finding]
    assert problem.severity == "warning"
    assert "no proof" in problem.finding
    assert seen.ok


def test_a_column_between_the_two_thresholds_gets_a_milder_word() -> None:
    columns, y, rng = clean(3000)
    seen = inspect(pa.table(columns | {"mark": y * 2.6 + rng.normal(size=3000)}), "outcome")
    assert suspect(seen, "mark").level == "high"
    (problem,) = [p for p in seen.problems if "'mark'" in p.finding]
    assert problem.severity == "warning"
    assert "honest" in problem.finding


def test_several_very_good_columns_are_usual_where_the_target_is_easy() -> None:
    columns, y, rng = clean(3000)
    marks = {f"mark {i}": y * 2.6 + rng.normal(size=3000) for i in "abcdefg"}
    seen = inspect(pa.table(columns | marks), "outcome")
    assert len(seen.suspects) == 7
    assert alarms(seen) == []
    assert "and others" in next(p.finding for p in seen.problems if p.title == "very good columns")


def test_a_range_in_the_middle_that_is_one_class_is_found() -> None:
    columns, y, rng = clean()
    middle = np.where(y == 1, rng.uniform(4, 6, 600), np.where(rng.random(600) < 0.5, 1, 8) + rng.random(600))
    assert suspect(inspect(pa.table(columns | {"range": middle}), "outcome"), "range").level == "suspicious"


def test_one_numeric_range_for_each_of_several_classes_is_found() -> None:
    columns, y, rng = clean(1500, classes=5)
    order = np.array([3, 0, 4, 1, 2])
    seen = inspect(pa.table(columns | {"range": 10 * order[y] + rng.uniform(0, 9, 1500)}), "outcome")
    assert suspect(seen, "range").level == "suspicious"
    assert suspect(seen, "range").measure == "mean AUC over classes"


def test_a_category_that_determines_the_target_is_found() -> None:
    columns, y, rng = clean(classes=3)
    codes = np.array([f"ward {v}" for v in y * 5 + rng.integers(0, 5, 600)])
    assert suspect(inspect(pa.table(columns | {"ward": codes}), "outcome"), "ward").level == "suspicious"


def test_a_column_that_tells_one_of_several_classes_is_a_note() -> None:
    columns, y, _ = clean(900, classes=4)
    seen = inspect(pa.table(columns | {"flag": np.where(y == 2, "yes", "no")}), "outcome")
    found = suspect(seen, "flag")
    assert (found.level, found.label) == ("one class", "2")
    assert alarms(seen) == []


@pytest.mark.parametrize("form", ["{:d}", "case_{:06d}", "c{:d}"])
def test_an_identifier_sorted_by_class_is_found_although_left_out(form: str) -> None:
    columns, y, rng = clean()
    rank = np.argsort(np.argsort(y + rng.random(600) * 0.5))
    names = [form.format(i) for i in rank]
    columns["case_id"] = rank if form == "{:d}" else names
    seen = inspect(pa.table(columns), "outcome")
    found = suspect(seen, "case_id")
    assert (found.use, found.level) == ("left out", "suspicious")
    assert any("'case_id'" in p.finding and p.severity == "warning" for p in seen.problems)


def test_a_folder_in_a_path_that_names_the_class_is_found() -> None:
    columns, y, rng = clean()
    folders = np.array(["healthy", "ill"])
    paths = [f"scans/{folders[v]}/{i:05d}.png" for i, v in zip(rng.permutation(600), y, strict=True)]
    found = suspect(inspect(pa.table(columns | {"path": paths}), "outcome"), "path")
    assert found.level == "suspicious"


@pytest.mark.parametrize("classes", [2, 3])
def test_the_label_as_a_word_in_the_text_is_found(classes: int) -> None:
    columns, y, rng = clean(classes=classes)
    labels = ["Benign", "malignant", "unclear"]
    columns["remark"] = [f"{a} diagnosis:{labels[v]}." for a, v in zip(notes(rng, 600), y, strict=True)]
    found = suspect(inspect(pa.table(columns), "outcome"), "remark")
    assert found.level == "suspicious"
    assert "the word" in found.through


def test_the_number_to_predict_in_the_text_is_found() -> None:
    rng = np.random.default_rng(0)
    price = rng.integers(100, 9000, 500) / 4
    text = [f"{a} sold for {b:g} in all" for a, b in zip(notes(rng, 500), price, strict=True)]
    found = suspect(inspect(pa.table({"note": text, "x": rng.normal(size=500), "price": price}), "price"), "note")
    assert found.level == "suspicious"


def test_missingness_that_is_the_label_is_found() -> None:
    columns, y, rng = clean()
    cells = [v if label else None for v, label in zip(rng.normal(size=600).tolist(), y, strict=True)]
    seen = inspect(pa.table(columns | {"lab": cells}), "outcome")
    (found,) = [item for item in seen.missing if item.name == "lab"]
    assert found.telling
    assert found.auc == pytest.approx(0.0)
    assert any(p.title == "missingness tells the target" and "'lab'" in p.finding for p in seen.problems)


def test_a_vector_with_the_target_in_one_entry_is_found() -> None:
    columns, y, rng = clean()
    vectors = rng.normal(size=(600, 16))
    vectors[:, 5] = y + 0.1 * rng.normal(size=600)
    found = suspect(inspect(pa.table(columns | {"emb": vectors.tolist()}), "outcome"), "emb")
    assert (found.level, found.through) == ("suspicious", "entry 5 of the vector")


def test_leaks_of_a_number_are_found() -> None:
    rng = np.random.default_rng(3)
    y = rng.gamma(2.0, size=800)
    table = pa.table(
        {
            "weak": y + 2 * rng.normal(size=800),
            "same": y,
            "written": [f"{v!r}" for v in y.tolist()],
            "logged": np.log(y) + 0.02 * rng.normal(size=800),
            "bent": np.abs(np.argsort(np.argsort(y)) - 400.0),
            "folded": (np.argsort(np.argsort(y)) * 3) % 800 + 0.0,
            "y": y,
        }
    )
    seen = inspect(table, "y", modalities={"all": Tabular("weak", "same", "written", "logged", "bent", "folded")})
    levels = {s.column: s.level for s in seen.suspects}
    assert levels == {"same": "equal", "written": "equal", "logged": "suspicious"}


def test_a_column_the_user_left_out_is_not_accused() -> None:
    columns, y, _ = clean()
    table = pa.table(columns | {"copy": y})
    seen = inspect(table, "outcome", modalities={"r": Text("remark"), "t": Tabular("weak", "town")})
    assert seen.suspects == ()
    assert seen.ok


@pytest.mark.parametrize("seed", range(20))
def test_clean_tables_raise_no_alarm(seed: int) -> None:
    n = [60, 150, 400, 1500][seed % 4]
    columns, _, rng = clean(n, classes=[2, 3, 6][seed % 3] if n > 150 else 2, seed=seed + 100)
    columns |= {f"x{'abcdefghijklmnopqrst'[i]}": rng.normal(size=n) for i in range(20)}
    columns["customer_id"] = rng.integers(0, n // 3, n)
    columns["gappy"] = [None if rng.random() < 0.3 else float(v) for v in rng.normal(size=n)]
    columns["many"] = [f"m{v}" for v in rng.integers(0, n // 2, n)]
    columns["emb"] = rng.normal(size=(n, 12)).tolist()
    if seed % 5 == 4:
        columns["outcome"] = columns["weak"] + rng.normal(size=n)
    seen = inspect(pa.table(columns), "outcome")
    assert [a for a in alarms(seen) if "too little data" not in a] == []
    assert seen.suspects == ()
    assert not any(hint.strong for hint in seen.hints)


def test_a_strong_smooth_trend_in_whole_numbers_is_no_group() -> None:
    rng = np.random.default_rng(5)
    age = rng.integers(0, 120, 4000)
    y = (age + 6 * rng.normal(size=4000) > 60).astype(int)
    seen = inspect(pa.table({"age": age, "x": rng.normal(size=4000), "y": y}), "y")
    assert seen.hints == ()


@pytest.mark.parametrize(("column", "form"), [("patient_id", "{}"), ("patient", "p{}"), ("patient", "{}")])
def test_fingerprints_of_groups_are_suggested(column: str, form: str) -> None:
    columns, _, rng = clean(1200)
    patient = rng.integers(0, 150, 1200)
    names = [form.format(v) for v in patient * 7919 % 1511]
    columns |= {column: [int(v) for v in names] if form == "{}" else names, "outcome": rng.integers(0, 2, 150)[patient]}
    seen = inspect(pa.table(columns), "outcome")
    (hint,) = [h for h in seen.hints if h.strong]
    assert hint.column == column
    assert hint.likeness == pytest.approx(1.0)
    assert any(f"--group {column}" in p.advice for p in seen.problems)


def test_a_fingerprint_of_a_number_is_suggested_and_silent_once_used() -> None:
    rng = np.random.default_rng(2)
    site = rng.integers(0, 80, 1600)
    y = rng.normal(size=80)[site] + 0.4 * rng.normal(size=1600)
    table = pa.table({"x": rng.normal(size=1600), "z": rng.normal(size=1600), "site_id": site, "y": y})
    (hint,) = inspect(table, "y").hints
    assert hint.strong
    assert hint.likeness > 0.7
    assert inspect(table, "y", group="site_id").hints == ()
