"""The docs run: every Python block, every command line, every link, every number, every example."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from contextlib import chdir, redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import pyarrow.parquet as pq
import pytest
import typer

import fuseworthy
from fuseworthy.cli.app import app
from fuseworthy.evidence.outcome import Outcome
from fuseworthy.strategies.catalogue import CATALOGUE
from fuseworthy.strategies.families import FAMILIES

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINKED = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
STUDIES = [example for example in EXAMPLES if example.stem != "run_onnx"]
"""Those that run by themselves; the other needs an export, and runs in tests/deploy/export."""
PROSE = [*LINKED, ROOT / "CITATION.cff", ROOT / ".pre-commit-config.yaml", *EXAMPLES]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FOREIGN = re.compile(
    r"\b(sessions?|workplace|assistant|(METHOD|DESIGN|STYLE|FAULTS|OPERATIONS|DATA)\.md)\b"
    r"|(?<![\w.:/])/(work|root|home|Users|tmp|opt|mnt|var)/",
    re.IGNORECASE,
)


def read(path):
    return path.read_text(encoding="utf-8")


def blocks(page, language):
    return [(read(page)[: m.start()].count("\n") + 2, m[2]) for m in FENCE.finditer(read(page)) if m[1] == language]


def without_fences(text):
    return FENCE.sub("", text)


def command_lines(page):
    """Every ``fuseworthy …`` that a shell block or an inline code span spells out."""
    shells = [text.replace("\\\n", " ").splitlines() for _, text in blocks(page, "sh")]
    spans = re.findall(r"`(fuseworthy [^`]+)`", without_fences(read(page)))
    lines = [line.strip() for shell in shells for line in shell if line.strip().startswith("fuseworthy")]
    return [shlex.split(line, comments=True) for line in lines + spans]


def commands():
    """Options of each command, and of the command line itself under ""."""
    whole = typer.main.get_command(app)
    found = {"": whole} | dict(whole.commands)
    return {
        name: {opt for p in c.params for opt in (*p.opts, *p.secondary_opts) if opt.startswith("-")} | {"--help", "-h"}
        for name, c in found.items()
    }


@cache
def output(page):
    """What a page's Python blocks print, run one after another in a folder of their own."""
    names, said = {"__name__": page.stem}, StringIO()
    with TemporaryDirectory() as folder, chdir(folder), redirect_stdout(said):
        for line, source in blocks(page, "python"):
            exec(compile("\n" * (line - 1) + source, str(page), "exec"), names)
    return said.getvalue()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_python_block_of_a_page_runs(page):
    assert bool(output(page)) == bool(blocks(page, "python"))


def rows_of(text):
    """Numbers of each strategy in a printed study."""
    rows = re.findall(r"^[* ] ([\w/-]+) {2,}(\d.*)$", text, re.MULTILINE)
    return {name: [float(number) for number in re.findall(r"[-+]?\d+\.\d+", cells)] for name, cells in rows}


def test_the_output_shown_in_the_readme_is_that_of_its_example():
    shown, printed = blocks(PAGES[0], "text")[0][1], output(PAGES[0])
    assert set(re.findall(r"[A-Za-z][\w/-]+", shown)) <= set(re.findall(r"[A-Za-z][\w/-]+", printed))
    assert re.search(r"^[A-Z ,]+:", shown, re.MULTILINE)[0] in printed
    found = rows_of(printed)
    assert len(rows_of(shown)) >= 4
    for name, numbers in rows_of(shown).items():
        assert found[name] == pytest.approx(numbers, abs=0.002), (
            f"{name}: run the example again and copy what it prints"
        )


def test_the_example_of_the_readme_has_ten_lines():
    assert blocks(PAGES[0], "python")[0][1].count("\n") == 10


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.name)
def test_every_command_line_names_a_real_command_and_real_options(page):
    known = commands()
    for words in command_lines(page):
        rest = words[1:]
        name = next((word for word in rest if not word.startswith("-")), "")
        assert name in known, f"{page.name}: {shlex.join(words)}"
        for word in rest:
            if word.startswith("-"):
                option = word.partition("=")[0]
                assert option in known[name] | known[""], f"{page.name}: {shlex.join(words)} has {option}"


def test_command_lines_are_found_at_all():
    assert len(command_lines(ROOT / "README.md")) >= 5
    assert {words[1] for words in command_lines(ROOT / "docs" / "command-line.md")} >= set(commands()) - {""}


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_option_of_every_command_is_documented(command):
    text = read(ROOT / "docs" / "command-line.md")
    section = text.split("\n## fuseworthy ")[0] if not command else text.split(f"\n## fuseworthy {command}")[1]
    section = section.split("\n## ")[0]
    lost = {option for option in commands()[command] - {"--help", "-h"} if f"`{option}`" not in section}
    assert not lost


def test_every_option_documented_for_a_command_is_real():
    for section in read(ROOT / "docs" / "command-line.md").split("\n## fuseworthy ")[1:]:
        name = section.split()[0]
        rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `-")]
        assert set(re.findall(r"`(-[^`]+)`", " ".join(rows))) <= commands()[name]


@pytest.mark.parametrize("example", STUDIES, ids=lambda path: path.name)
def test_an_example_is_short_and_runs(example, tmp_path):
    assert read(example).count("\n") < 40
    found = subprocess.run(
        [sys.executable, "-W", "error", str(example)],
        cwd=tmp_path,
        env=os.environ | {"FUSEWORTHY_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    assert "Deploy" in found.stdout


def test_every_number_of_the_results_comes_from_the_ledger_of_benchmarks():
    section = re.search(r"<!-- results -->(.*?)<!-- /results -->", read(ROOT / "README.md"), re.DOTALL)
    assert section, "README.md must keep the markers <!-- results --> and <!-- /results -->"
    if not section[1].strip():
        pytest.skip("no results yet")
    number = re.compile(r"(?<![\w.])\d[\d\u202f\u00a0,]*(?:\.\d+)?")

    def plain(text):
        text = re.sub(r"(?<=\d)[ \u202f\u00a0,](?=\d{3}(?!\d))", "", re.sub(r"\]\([^)]*\)", "]", text))
        return [found.rstrip(",") for found in number.findall(text)]

    known = set(plain(read(ROOT / "benchmarks" / "LEDGER.md")))
    assert [found for found in plain(section[1]) if found not in known] == []


def anchors(page):
    """Anchors of a page's headings, as hosts of Markdown make them."""
    headings = re.findall(r"^#+ (.*)$", without_fences(read(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.name)
def test_every_relative_link_resolves(page):
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", without_fences(read(page))):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        waiting = not path.exists() and path.name == "LEDGER.md" and "<!-- results -->\n<!-- /results -->" in read(page)
        if not waiting and (not path.exists() or (anchor and anchor not in anchors(path))):
            lost.append(target)
    assert lost == []


def test_every_page_is_on_the_map():
    index = read(ROOT / "docs" / "index.md")
    assert [page.name for page in PAGES[1:] if page.name != "index.md" and f"({page.name})" not in index] == []


def test_the_readme_and_the_verdict_page_explain_all_outcomes():
    for page in (ROOT / "README.md", ROOT / "docs" / "verdict.md"):
        assert [outcome for outcome in get_args(Outcome) if f"`{outcome}`" not in read(page)] == []


def test_every_strategy_and_family_has_its_row():
    text = read(ROOT / "docs" / "strategies.md") + read(ROOT / "docs" / "networks.md")
    assert [name for name in CATALOGUE if not re.search(rf"^\| `{name}`( \||,)", text, re.MULTILINE)] == []
    rows = [line for line in text.splitlines() if line.startswith(("| text", "| tabular", "| embedding"))]
    kinds = {"counts": "text", "cells": "tabular", "vectors": "embedding", "tokens": "embedding"}
    for view, families in FAMILIES.items():
        for family in families:
            assert any(row.startswith(f"| {kinds[view]}") and f"| `{family.name}` |" in row for row in rows), family


def test_the_order_of_complexity_is_that_of_the_ranks():
    text = read(ROOT / "docs" / "strategies.md").split("Simple to complex: ")[1].split(".")[0]
    fusions = [s for s in CATALOGUE.values() if s.family in ("late", "early")]
    assert re.findall(r"`([^`]+)`", text) == [s.name for s in sorted(fusions, key=lambda s: s.rank)]


def test_every_section_of_the_note_is_explained():
    template = read(ROOT / "src" / "fuseworthy" / "report" / "templates" / "note.md.j2")
    headings = [h.split("{{")[0].strip() for h in re.findall(r"^##+ (.*)$", template, re.MULTILINE)]
    text = read(ROOT / "docs" / "reading-the-report.md")
    assert [heading for heading in headings if heading != "Seconds" and f"| {heading}" not in text] == []


def test_versions_agree():
    project = tomllib.loads(read(ROOT / "pyproject.toml"))
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["hatch"]["version"]["path"] == "src/fuseworthy/__init__.py"
    assert re.search(r"^version: (\S+)$", read(ROOT / "CITATION.cff"), re.MULTILINE)[1] == fuseworthy.__version__
    assert fuseworthy.__version__ in read(ROOT / "CHANGELOG.md")
    assert project["project"]["license"] in read(ROOT / "CITATION.cff")


def test_hooks_use_the_tools_of_the_environment():
    hooks = read(ROOT / ".pre-commit-config.yaml")
    assert re.findall(r"repo: (\S+)", hooks) == ["local"]
    assert set(re.findall(r"language: (\S+)", hooks)) == {"system"}


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.name)
def test_the_docs_speak_of_the_project_alone(path):
    assert [match[0] for match in FOREIGN.finditer(read(path))] == []


def test_files_and_tests_named_in_contributing_exist():
    text = read(ROOT / "CONTRIBUTING.md")
    paths = set(re.findall(r"`((?:\w+/)+\w+\.py)`", text))
    homes = [ROOT, ROOT / "src" / "fuseworthy"]
    assert [path for path in sorted(paths) if not any((home / path).exists() for home in homes)] == []
    tests = "\n".join(read(path) for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", text))
    assert [name for name in sorted(named) if f"def {name}(" not in tests] == []


def test_the_accuracies_of_networks_are_those_recorded():
    recorded = pq.read_table(ROOT / "benchmarks" / "results" / "networks-learning.parquet").to_pylist()
    table = read(ROOT / "docs" / "networks.md").split("<!-- pointer -->")[1].split("<!-- /pointer -->")[0]
    shown = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", table, re.MULTILINE))
    tasks = list(dict.fromkeys(row["task"] for row in recorded))
    found = {(row["strategy"], row["task"]): row["value"] for row in recorded if row["measure"] == "accuracy"}
    assert set(shown) == {name for name, _ in found}
    for name, cells in shown.items():
        assert cells.split(" | ") == [f"{found[name, task]:.3f}" for task in tasks]


def test_the_figures_of_compressed_models_are_those_recorded():
    results = ROOT / "benchmarks" / "results"
    recorded = [r for p in ("heads", "recipes") for r in pq.read_table(results / f"compress-{p}.parquet").to_pylist()]
    found = {
        f"| {r['part']} | {r['name']} | "
        + " | ".join("" if r.get(c) is None else f"{r[c]:.{n}f}×" for c, n in (("size_ratio", 3), ("latency_ratio", 2)))
        + f" | {r['gain']:+.4f} ({r['low']:+.4f} to {r['high']:+.4f}) | {r['standing']} |"
        for r in recorded
        if r["gain"] is not None
    }
    page = read(ROOT / "docs" / "compress.md").split("<!-- compress -->")[1].split("<!-- /compress -->")[0]
    shown = page.strip().splitlines()[2:]
    assert len(shown) >= 10
    assert [line for line in shown if line not in found] == []


def test_the_gallery_shows_what_was_recorded():
    recorded = pq.read_table(ROOT / "benchmarks" / "results" / "gallery.parquet").to_pylist()
    verdicts = json.loads(read(ROOT / "benchmarks" / "gallery_verdicts.json"))
    page = read(ROOT / "docs" / "gallery.md")
    table = page.split("<!-- gallery -->")[1].split("<!-- /gallery -->")[0]
    shown = {cells[0]: cells for line in table.strip().splitlines()[2:] if (cells := line.strip("| ").split(" | "))}
    assert set(shown) == {row["question"] for row in recorded} == set(verdicts)
    for row in recorded:
        assert shown[row["question"]][1:7] == [
            f"{row['rows']:,}",
            row["metric"],
            f"{row['single']:.3f} {row['best_single']}",
            f"{row['fusion']:.3f} {row['best_fusion']}",
            f"{row['gain']:+.4f} ({row['low']:+.4f} to {row['high']:+.4f})",
            row["outcome"],
        ]
        assert verdicts[row["question"]]["outcome"] == row["outcome"]
        assert f"gallery/{row['set']}.svg" in page
