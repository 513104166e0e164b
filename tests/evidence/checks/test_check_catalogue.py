"""Every rule has a code, a title, an advice, a page and an example that fires; the command line lists them."""

import re
from pathlib import Path

import pytest
from made_evidence import evidence_of as made
from made_evidence import look, two_modalities
from typer.testing import CliRunner

from fuseworthy.cli.app import app
from fuseworthy.cli.checks import explained
from fuseworthy.errors import InputError
from fuseworthy.evidence.checks import CHECKS
from fuseworthy.evidence.checks.rule import DOCS

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "checks"
CODES = [check.code for check in CHECKS]


def test_codes_run_from_one_without_a_gap():
    assert [f"F{i:03d}" for i in range(1, len(CHECKS) + 1)] == CODES
    assert len({check.title for check in CHECKS}) == len(CHECKS) == 23


@pytest.mark.parametrize("check", CHECKS, ids=CODES)
def test_a_rule_says_what_it_is_what_it_measures_and_what_to_do(check):
    assert check.severity in ("error", "warning", "note")
    assert check.title
    assert not check.title.endswith(".")
    assert check.advice.endswith(".")
    assert len(type(check).__doc__.split()) > 12


@pytest.mark.parametrize("check", CHECKS, ids=CODES)
def test_a_rule_has_its_page(check):
    text = (PAGES / f"{check.code}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {check.code}: {check.title}\n\nSeverity: {check.severity}.")
    assert text.count("\n") <= 40
    for heading in ("## What is measured", "## What to do", "## An example that fires"):
        assert heading in text
    index = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    assert f"| [{check.code}](checks/{check.code}.md) | {check.severity} | {check.title} |" in index


def test_there_is_no_page_without_a_rule():
    assert sorted(path.stem for path in PAGES.glob("*.md")) == CODES


@pytest.mark.parametrize("code", CODES)
def test_the_example_of_a_page_fires(code):
    (source,) = re.findall(r"^```python\n(.*?)^```$", (PAGES / f"{code}.md").read_text(encoding="utf-8"), re.M | re.S)
    assert source.endswith(f'assert "{code}" in codes\n')
    names = {"__name__": code}
    exec(compile(source, f"{code}.md", "exec"), names)
    (found,) = [c for c in names["study"].facts["checks"] if c["code"] == code]
    assert found["sentence"].endswith(".")
    assert found["link"] == f"{DOCS}{code}.md"


def test_a_rule_that_does_not_apply_says_why():
    unsure = [found for code in CODES if (found := look(code, made(two_modalities()))).status == "does not apply"]
    assert len(unsure) > 10
    for found in unsure:
        assert len(found.sentence.split()) > 3
        assert not found.sentence.endswith(".")
        assert found.measured == {}


def test_the_command_lists_every_rule():
    found = CliRunner().invoke(app, ["checks"], env={"COLUMNS": "160"})
    assert found.exit_code == 0
    assert re.findall(r"^F\d{3}", found.output, re.M) == CODES


def test_the_command_explains_one():
    found = CliRunner().invoke(app, ["checks", "f009"])
    assert found.exit_code == 0
    check = CHECKS[8]
    assert found.output == explained(check) + "\n"
    for part in (check.title, "Measured: Retrains the fusion", check.advice, f"{DOCS}F009.md"):
        assert part in found.output


def test_the_command_knows_no_other():
    found = CliRunner().invoke(app, ["checks", "F0099"])
    assert isinstance(found.exception, InputError)
    assert "'F009'" in str(found.exception)
