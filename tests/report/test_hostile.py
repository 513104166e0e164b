from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pytest
from markdown_it import MarkdownIt

from fuseworthy.report import render_fragment, render_note, render_page

from .cases import ALL, binary_fuse
from .hostile import ENUMERATIONS, PAYLOADS, mapped

DOCS = re.compile(r"https://github\.com/fuseworthy/[\w./-]+\.md")
TAGS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "main",
        "section",
        "article",
        "div",
        "p",
        "span",
        "bdi",
        "a",
        "details",
        "summary",
        "h1",
        "h2",
        "h3",
        "dl",
        "dt",
        "dd",
        "ul",
        "ol",
        "li",
        "table",
        "caption",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "th",
        "td",
        "br",
        "strong",
        "figure",
        "figcaption",
        "pre",
        "code",
        "svg",
        "rect",
        "line",
        "circle",
        "path",
        "text",
    ]
)
ATTRIBUTES = frozenset(
    [
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "id",
        "aria-labelledby",
        "aria-hidden",
        "aria-label",
        "role",
        "scope",
        "colspan",
        "title",
        "data-label",
        "x",
        "y",
        "x1",
        "x2",
        "y1",
        "y2",
        "cx",
        "cy",
        "r",
        "rx",
        "d",
        "width",
        "height",
        "viewbox",
        "overflow",
        "text-anchor",
    ]
)


class Audit(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.metas: list[tuple[str | None, str | None]] = []
        self.text: list[str] = []
        self.style: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes.update(name for name, _ in attrs)
        given = dict(attrs)
        if tag == "meta" and "http-equiv" in given:
            self.metas.append((given["http-equiv"], given.get("content")))

    def handle_data(self, data: str) -> None:
        (self.style if self.cdata_elem == "style" else self.text).append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def audit(page: str) -> Audit:
    parser = Audit()
    parser.feed(page)
    parser.close()
    return parser


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("skip", [frozenset(), ENUMERATIONS], ids=["all strings", "all but enumerations"])
def test_hostile_strings_are_inert_in_the_page(payload: str, skip: frozenset[str]) -> None:
    for case in ALL.values():
        page = render_page(mapped(case(), lambda old: payload + old, skip))
        found = audit(page)
        assert set(found.tags) <= TAGS
        assert set(found.attributes) - {"href"} <= ATTRIBUTES
        assert all(DOCS.fullmatch(link) for link in re.findall(r'href="([^"]*)"', page))
        assert [kind for kind, _ in found.metas] == ["Content-Security-Policy"]
        assert (
            "".join(found.style).strip()
            == files("fuseworthy.report").joinpath("templates/style.css").read_text(encoding="utf-8").strip()
        )
        page.encode()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_strings_change_no_tag_of_the_page(payload: str) -> None:
    clean = audit(render_page(binary_fuse()))
    poisoned = audit(render_page(mapped(binary_fuse(), lambda old: payload + old, ENUMERATIONS)))
    assert poisoned.tags == clean.tags


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_strings_are_inert_in_the_fragment(payload: str) -> None:
    found = audit(render_fragment(mapped(binary_fuse(), lambda old: payload + old)))
    assert set(found.tags) <= TAGS
    assert set(found.attributes) <= ATTRIBUTES


def test_the_style_asks_for_nothing_outside() -> None:
    css = files("fuseworthy.report").joinpath("templates/style.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|@font-face|expression|://", css)


def test_hostile_strings_are_still_readable() -> None:
    page = "".join(audit(render_page(mapped(binary_fuse(), lambda old: "<b>&amp;|" + old))).text)
    assert "<b>&amp;|review/linear" in page
    assert "<b>&amp;|Column 'Age'" in page


def structure(note: str) -> list[Any]:
    return [
        (token.type, token.tag)
        for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(note)
    ]


def inline(note: str) -> set[str]:
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(note)
    return {child.type for token in tokens for child in token.children or []}


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("case", ALL)
def test_hostile_strings_change_no_block_of_the_note(payload: str, case: str) -> None:
    clean, poisoned = ALL[case](), mapped(ALL[case](), lambda old: payload + old, ENUMERATIONS)
    assert structure(render_note(poisoned)) == structure(render_note(clean))
    assert inline(render_note(poisoned)) <= {"text", "text_special", "strong_open", "strong_close", "softbreak"}
    assert not re.search(r"<[a-zA-Z/!?]", render_note(poisoned))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_enumerations_are_inert_in_the_note(payload: str) -> None:
    note = render_note(mapped(binary_fuse(), lambda old: payload + old), timings=True)
    assert inline(note) <= {"text", "text_special", "strong_open", "strong_close", "softbreak"}
    assert not {kind for kind, _ in structure(note)} & {"html_block", "fence", "code_block", "blockquote_open", "hr"}
