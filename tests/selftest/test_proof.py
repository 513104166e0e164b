"""The tables of docs/proof.md are those of the recorded runs, and these are of the settings that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from fuseworthy.selftest.catalogue import settings
from fuseworthy.selftest.table import closing, markdown, worst

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
PROOF = (ROOT / "docs" / "proof.md").read_text(encoding="utf-8")


def recorded(name):
    return pq.read_table(RESULTS / f"{name}.parquet").to_pylist()


def between(marker):
    return re.search(f"<!-- {marker} -->\n(.*?)\n?<!-- /{marker} -->", PROOF, re.DOTALL)[1].strip()


@pytest.mark.parametrize(
    ("marker", "name", "table"),
    [
        ("selftest", "selftest", markdown),
        ("selftest-after", "selftest", worst),
        ("selftest-before", "selftest_before", worst),
    ],
)
def test_a_table_of_the_proof_is_that_of_the_recorded_run(marker, name, table):
    assert between(marker) == table(recorded(name))


def test_the_proof_says_what_the_recorded_run_says():
    assert closing(recorded("selftest")) in PROOF


def test_the_recorded_run_is_of_the_settings_that_there_are():
    assert [(r["setting"], r["rows"]) for r in recorded("selftest")] == [(s.name, s.design.rows) for s in settings()]
