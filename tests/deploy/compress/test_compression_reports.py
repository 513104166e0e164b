"""F13: note and page say what each candidate costs and loses, and hostile names stay text in both."""

import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from fuseworthy.report.compressed import render_compressed_lines, render_compressed_note, render_compressed_page
from fuseworthy.report.plots import CompressedDisplay

sys.path.append(str(Path(__file__).parents[2] / "report"))
from hostile import PAYLOADS, mapped

ENUMERATED = frozenset(["standing", "outcome", "by", "kind"])


def row(name, size, loss, standing=None, **more):
    facts = {
        "name": name,
        "title": f"what {name} is",
        "told": f"how {name} was made",
        "needs": ["note", "table"],
        "folder": name,
        "bytes": size,
        "memory": 12_000_000,
        "milliseconds": size / 1e6,
        "latency": [
            {"rows": 1, "median": size / 1e6, "p95": size / 9e5, "times": 400},
            {"rows": 32, "median": size / 1e5, "p95": size / 9e4, "times": 100},
        ],
        "uneven": None,
        "loss": loss,
        "size_front": True,
        "latency_front": False,
    }
    judged = {
        "gain": 0.3 - loss,
        "low": 0.29 - loss,
        "high": 0.31 - loss,
        "standing": standing,
        "rows_needed": None,
        "reasons": [],
        "size_ratio": size / 900_000,
        "latency_ratio": 0.5,
        "lost": f"what {name} lost.",
    }
    return facts | (judged if standing else {}) | more


def facts():
    return {
        "question": {
            **{"source": "visits.parquet", "model": "stacking", "target": "sick", "task": "binary"},
            **{"rows": 900, "seen": 200, "unlabelled": 3, "scored": 697, "clusters": 40, "group": "ward", "folds": 5},
            **{"seed": 0, "data_hash": "ab12", "versions": {"numpy": "2.0"}, "margin": 0.01, "loss": "log-loss"},
            **{"unit": "nats/row", "notices": ["200 rows were learned from by the model, and left out"], "classes": []},
        },
        "original": row("original", 900_000, 0.3),
        "candidates": [
            row("int8", 200_000, 0.302, "not inferior", uneven=0.004),
            row("distilled:note", 20_000, 0.5, "inferior"),
            row("pruned:half", 500_000, 0.306, "undecided", rows_needed=1234, reasons=["40 rows are too few"]),
        ],
        "duels": [
            {
                "name": "distilled:note",
                "against": "alone:note",
                "outcome": "FUSE",
                "gain": 0.02,
                "low": 0.01,
                "high": 0.03,
            }
            | {"rows_needed": None, "sentence": "Distilling to note pays."}
        ],
        "references": [{"name": "alone:note", "loss": 0.52}],
        "left_out": [{"name": "float32", "reason": "nothing of the kind"}],
        "recommended": "int8",
        "sentence": "Take int8: 0.22 of the size.",
    }


def structure(note):
    return [(t.type, t.tag) for t in MarkdownIt("commonmark", {"html": True}).enable("table").parse(note)]


def tags(page):
    from html.parser import HTMLParser

    found = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, tuple(sorted(name for name, _ in attrs))))

    Tags().feed(page)
    return found


@pytest.mark.parametrize("render", [render_compressed_note, render_compressed_page])
def test_everything_that_was_measured_is_said(render):
    text = render(facts())
    for words in ("Take int8: 0.22 of the size.", "697", "Distilling to note pays.", "nothing of the kind", "ward"):
        assert words in text
    for words in ("not inferior", "inferior", "undecided", "1,234 rows", "40 rows are too few", "what int8 lost."):
        assert words in text
    assert "An answer moves by up to 0.004" in text
    assert "200 kB" in text.replace("\u00a0", " ")


def test_the_page_draws_both_fronts_and_names_what_is_on_them():
    page = render_compressed_page(facts())
    assert page.count('class="scatter"') == 2
    assert "kilobytes of the file" in page
    assert "milliseconds for one row" in page
    assert page.count('class="dot front"') == 4  # all four on the front of size, none on that of latency
    assert "take this" in page


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_names_change_no_tag_of_the_page(payload):
    poisoned = mapped(facts(), lambda old: payload + old, ENUMERATED)
    assert [tag for tag, _ in tags(render_compressed_page(poisoned))] == [
        tag for tag, _ in tags(render_compressed_page(facts()))
    ]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_names_change_no_block_of_the_note(payload):
    poisoned = mapped(facts(), lambda old: payload + old, ENUMERATED)
    assert structure(render_compressed_note(poisoned)) == structure(render_compressed_note(facts()))


def test_a_terminal_gets_a_line_a_candidate_the_smallest_first():
    lines = render_compressed_lines(facts())
    assert [line.split()[0] for line in lines[1:5]] == ["distilled:note", "int8", "pruned:half", "original"]
    assert lines[-1] == "Take int8: 0.22 of the size."
    assert "-0.002" in lines[2]


def test_the_display_has_a_frame_and_a_plot():
    plt = pytest.importorskip("matplotlib.pyplot")
    pytest.importorskip("pandas")
    shown = CompressedDisplay(facts())
    frame = shown.frame()
    assert frame["name"].tolist() == ["original", "int8", "distilled:note", "pruned:half"]
    assert {"bytes", "loss", "standing", "milliseconds", "p95_32", "memory"} <= set(frame.columns)
    ax = shown.plot()
    assert [text.get_text() for text in ax.texts] == ["distilled:note", "int8", "pruned:half", "original"]
    assert str(shown) == "Take int8: 0.22 of the size."
    plt.close("all")
