"""Damaged and nonsensical tables: each is read or refused in a sentence; none crashes, hangs or ends the process."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from bad_inputs import answer_to

from fuseworthy.inputs.tables import read_table
from fuseworthy.inspection.inspection import inspect

DEFAULT, FULL = 2_000, 10_000
HERE = Path(__file__).parent
CELLS = (
    *(
        "",
        " ",
        "1",
        "-0",
        "+7",
        "007",
        "1e400",
        "-inf",
        "NaN",
        "NA",
        "null",
        "9007199254740993",
        "99999999999999999999",
    ),
    *(
        "1,5",
        "0x1F",
        "TRUE",
        "no",
        "=1+1",
        "@SUM(A1)",
        "2024-02-30",
        "2024-01-31",
        "2024-01-31T10:00:00Z",
        "0001-01-01",
    ),
    *(
        "[1, 2]",
        "[1, 2, 3]",
        "[nan]",
        "[]",
        "é",
        "e\u0301",
        "\u202eabc",
        "😀",
        "a" * 300,
        "x y z",
        'say ""hi""',
        "a\0b",
    ),
    *("\ufeff", "\r", "\u2028", "C:\\a.png", "photo.png", "http://a/b", "{}", "<b>", "p17", "2024", "1.", ".5", "١٢"),
)
NAMES = ("id", "text", "y", "x", "x", "", " ", "y ", "a/b", "a|b", "x1", "x2", "x3", "é", "name,with", "target", "date")


def nonsense(rng):
    """A CSV of columns that are of one sort, mixed, ragged or wrongly quoted."""
    width, n = int(rng.integers(1, 9)), int(rng.integers(0, 60))
    sign = str(rng.choice([",", ";", "\t", "|"], p=[0.7, 0.1, 0.1, 0.1]))
    names = [str(rng.choice(NAMES)) for _ in range(width)]
    if rng.random() < 0.8:
        names = [f"{name}{k}" for k, name in enumerate(names)]
    pools = [rng.choice(len(CELLS), rng.integers(1, 5)) for _ in range(width)]
    lines = [sign.join(names)]
    for _ in range(n):
        cells = [CELLS[rng.choice(pool)] for pool in pools]
        cells = [f'"{cell}"' if sign in cell or rng.random() < 0.1 else cell for cell in cells]
        if rng.random() < 0.003:
            cells = cells[:-1] if rng.random() < 0.5 else [*cells, '"']
        lines.append(sign.join(cells))
    end = str(rng.choice(["\n", "\r\n", "\r"], p=[0.8, 0.17, 0.03]))
    content = end.join(lines).encode(str(rng.choice(["utf-8", "utf-8-sig", "utf-16"], p=[0.94, 0.04, 0.02])))
    return content[: rng.integers(len(content) + 1)] if rng.random() < 0.05 else content


def look_at(path, whole):
    table, _ = read_table(path)
    if whole:
        inspect(path, table.column_names[-1])


def fuzz_csv(folder, count, inspected):
    """Answers to ``count`` files, of which every ``count // inspected``-th is inspected as well."""
    answers, path = Counter(), folder / "t.csv"
    for seed in range(count):
        path.write_bytes(nonsense(np.random.default_rng([18, seed])))
        whole = seed % (count // inspected) == 0
        answer = answer_to(lambda whole=whole: look_at(path, whole))
        answers[answer.split(":")[0]] += 1
        if answer not in ("read", "refused"):
            answers[f"seed {seed}: {answer}"] += 1
    print(f"\nD18: {count:,} CSVs, {inspected} of them inspected: {dict(answers)}")
    return answers


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nonsensical_csv_files_are_read_or_refused(tmp_path):
    assert set(fuzz_csv(tmp_path, DEFAULT, 100)) <= {"read", "refused"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_very_many_nonsensical_csv_files_are_read_or_refused(tmp_path):
    assert set(fuzz_csv(tmp_path, FULL, 1_000)) <= {"read", "refused"}


def fuzz_binary(count):
    """Answers by kind of file, of a process of its own, since a damaged file may end one without a word."""
    command = [sys.executable, str(HERE / "read_damaged.py"), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    print(f"\nD20: {count:,} damaged files, exit code {done.returncode}\n{done.stdout}")
    return done


def test_damaged_binary_tables_are_read_or_refused():
    done = fuzz_binary(DEFAULT)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 6), done.stderr
    assert "crash" not in done.stdout
    assert "hang" not in done.stdout


@pytest.mark.slow
def test_very_many_damaged_binary_tables_are_read_or_refused():
    done = fuzz_binary(FULL)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 6), done.stderr
    assert "crash" not in done.stdout
    assert "hang" not in done.stdout


@pytest.mark.parametrize("columns", [100, 10_000])
def test_a_very_wide_csv_is_answered_in_time(tmp_path, columns):
    path = tmp_path / "wide.csv"
    head = ",".join(f"c{i}" for i in range(columns))
    path.write_text("\n".join([head, *[",".join(["1"] * columns)] * 3]), encoding="utf-8")
    assert answer_to(lambda: read_table(path), seconds=20) == "read"
