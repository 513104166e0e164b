from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from fuseworthy.report import render_note, render_page
from fuseworthy.report.explained import SHAPES

from .cases import ALL, binary_fuse, explained, multiclass_not_worth


class Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.headings: dict[str, str] = {}
        self.pictures: list[str] = []
        self.open: list[str] = []
        self._id = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.open.append(tag)
        if tag in ("h1", "h2"):
            self._id = given.get("id") or ""
        if tag == "svg" and given.get("role") == "img":
            self.pictures.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("h1", "h2") and self._id:
            self.headings[self._id] = data
        if self.open[-2:] == ["svg", "title"]:
            self.pictures[-1] += data


def outline(case: str) -> Outline:
    parser = Outline()
    parser.feed(render_page(ALL[case]()))
    return parser


def test_every_section_is_there_with_the_verdict_first() -> None:
    assert list(outline("fuse").headings) == [
        "verdict",
        "singles",
        "strategies",
        "checks",
        "rescue",
        "calibration",
        "costs",
        "inputs",
        "repeat",
    ]


def test_what_explains_the_verdict_has_sections_of_its_own() -> None:
    found = list(outline("explained").headings)
    assert found == [
        "verdict", "singles", "headroom", "strategies", "labels", "checks", "pitfalls", "value", "networks", "missing", "rescue",
        "slices", "calibration", "abstention", "costs", "inputs", "repeat",
    ]  # fmt: skip


def test_every_plot_of_the_explanation_tells_what_it_shows() -> None:
    pictures = outline("explained").pictures
    assert "error against the share of rows kept" in pictures
    assert "loss against the time to predict" in pictures
    assert all(pictures)


@pytest.mark.parametrize("part", SHAPES)
def test_any_part_of_the_explanation_may_be_missing_or_empty(part: str) -> None:
    facts = explained()
    shape = SHAPES[part]
    for value in (None, [] if isinstance(shape, list) else {}):
        facts[part] = value
        assert render_page(facts)
        assert render_note(facts)
    if isinstance(shape, dict):
        for key in shape:
            facts = explained()
            facts[part] = {**facts[part], key: None}
            assert "None" not in render_note(facts)
            assert render_page(facts)


def test_sections_without_facts_are_left_out() -> None:
    assert list(outline("bare").headings) == ["verdict", "singles", "strategies", "inputs", "repeat"]


@pytest.mark.parametrize("case", ALL)
def test_every_picture_has_a_title(case: str) -> None:
    pictures = outline(case).pictures
    assert pictures
    assert all(pictures)


@pytest.mark.parametrize("case", ALL)
def test_every_header_cell_has_a_scope(case: str) -> None:
    assert re.findall(r"<th(?![^>]*scope=)[ >]", render_page(ALL[case]())) == []


@pytest.mark.parametrize("case", ALL)
def test_ids_are_unique(case: str) -> None:
    ids = re.findall(r'\bid="([^"]*)"', render_page(ALL[case]()))
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("case", ALL)
def test_numbers_in_pictures_are_finite(case: str) -> None:
    for picture in re.findall(r"<svg.*?</svg>", render_page(ALL[case]()), re.DOTALL):
        for name, value in re.findall(r'\b(x|y|x1|x2|y1|y2|cx|cy|r|rx|width|height)="([^"]*)"', picture):
            assert re.fullmatch(r"-?\d+(\.\d+)?%?", value), (name, value)


def test_a_policy_forbids_whatever_is_not_in_the_file() -> None:
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in render_page(binary_fuse())


def test_rows_of_a_regression_are_closer_not_right() -> None:
    page = render_page(ALL["harmful"]())
    assert "both right" not in page
    assert "fusion closer" in page


def test_a_control_that_fails_is_said_to_fail() -> None:
    assert "not as it should be" in render_page(multiclass_not_worth())


def test_what_lies_beyond_the_axis_is_an_arrow_and_says_so() -> None:
    assert 'class="arrow"' in render_page(binary_fuse())
    assert "beyond the axis" in render_page(binary_fuse())
    assert "beyond the axis" not in render_page(ALL["bare"]())


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_text_contrasts_enough_with_its_ground(dark: bool) -> None:
    css = files("fuseworthy.report").joinpath("templates/style.css").read_text(encoding="utf-8")
    light, night = css.split("@media (prefers-color-scheme: dark)", 1)
    rules = night.split("\n}\n", 1)[0] if dark else light
    themes = re.findall(r"([.:][a-z]+) \{([^}]*--tone[^}]*)\}", rules)
    root = dict(re.findall(r"--(\w+): (#\w{6})", dict(themes)[":root"]))
    assert len(themes) == 6
    for _, body in themes:
        colours = root | dict(re.findall(r"--(\w+): (#\w{6})", body))
        for text, ground in [
            ("ink", "paper"),
            ("soft", "paper"),
            ("soft", "faint"),
            ("tone", "paper"),
            ("tone", "tint"),
            ("good", "faint"),
            ("bad", "faint"),
        ]:
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground, body)
