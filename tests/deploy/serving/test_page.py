"""The page: what is served, and what a person gets who clicks, types, drops files and switches modalities off in a real browser."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from chromium_by_pipe import CHROMIUM, Browser
from live_servers import row_of, serving
from small_models import MODALITIES, rows_of
from stacked_models import stacked

import fuseworthy as fw
from fuseworthy.deploy.serving.page import FILES, content_of

TOKEN = "a-token-of-enough-letters"
AXE = os.environ.get("AXE_JS")
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome on the path")
with_axe = pytest.mark.skipif(AXE is None, reason="AXE_JS does not say where axe.min.js is (npm pack axe-core)")

BIG = "document.querySelector('.big')?.textContent"
BAD = "<img src=x onerror=alert(1)>"
NAMES = {
    "face": f"{BAD}\"'><script>alert(2);<script>",
    "voice": "\u202eevil\u202c שלום مرحبا \u2066x",
    "table": "__proto__",
}
TARGET = "</title><svg onload=alert(3)>"
CLASSES = ["constructor", f"{BAD}'\"`${{1}}"]


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    found = Browser(tmp_path_factory.mktemp("profile"))
    found.look(1280, 900)
    yield found
    found.close()


def examples_of(table, modalities, target=None, rows=range(3)):
    return [
        {"row": row_of(table, i, modalities), "truth": None if target is None else table[target][i].as_py()}
        for i in rows
    ]


@pytest.fixture(scope="session")
def vectors_page(vectors):
    """A server of two ready vectors with three examples."""
    model, table, folder = vectors
    with serving(folder, examples_of(table, dict(model.modalities), "sick")) as found:
        yield found


@pytest.fixture(scope="session")
def mixed_page(mixed):
    """A server of texts, cells, a vector and a sequence."""
    with serving(
        mixed[1], examples_of(rows_of(missing=False)[0], {m: MODALITIES[m] for m in mixed[0].modalities})
    ) as found:
        yield found


@pytest.fixture(scope="session")
def pictured_page(pictured):
    """A server of a picture and a text, without examples."""
    with serving(pictured[2]) as found:
        yield found


@pytest.fixture(scope="session")
def hostile_page(tmp_path_factory):
    """A server of a model whose every name tries to be more than text."""
    rng = np.random.default_rng(0)
    label = np.arange(80) % 2
    column, shop = f"{BAD}\u0000.", "';alert(4)//"
    table = pa.table(
        {
            "face": (label[:, None] + rng.normal(size=(80, 3))).tolist(),
            "voice": [f"{['dark', 'light'][c]} {rng.choice(['shirt', 'shoe'])} {BAD}" for c in label],
            column: label + rng.normal(size=80),
            shop: rng.choice([BAD, "toString", "</option></select><script>alert(5)</script>"], 80),
            TARGET: [CLASSES[c] for c in label],
        }
    )
    modalities = {
        NAMES["face"]: fw.Embedding("face"),
        NAMES["voice"]: fw.Text("voice"),
        NAMES["table"]: fw.Tabular(column, shop),
    }
    _, folder = stacked(table, TARGET, modalities, tmp_path_factory.mktemp("hostile") / "export")
    with serving(folder, examples_of(table, modalities, TARGET)) as found:
        yield found


def opened(browser, client, *, shows=BIG):
    browser.open(f"http://127.0.0.1:{client.port}/")
    browser.wait(shows)


def switch_of(name):
    """The selector of a modality's switch, by the order of the cards."""
    return f"#cards > .card:nth-child({name}) [role=switch]"


def said(browser):
    return browser.text(".by") + browser.text(".chips")


# Without a browser


def test_every_file_of_the_page_is_served_as_what_it_is_and_nothing_inline_may_run(vectors_page):
    for path, (name, kind) in FILES.items():
        status, headers, body = vectors_page.raw("GET", path)
        assert (status, headers["content-type"]) == (200, f"{kind}; charset=utf-8"), name
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert body == content_of(path)[0]


def test_the_page_has_no_address_of_another_server_and_makes_no_markup_of_text():
    for path in FILES:
        text = content_of(path)[0].decode().replace("http://www.w3.org/2000/svg", "").replace("http://127.0.0.1", "")
        assert not re.search(r"https?:|//[a-z0-9-]+\.[a-z]", text), path
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc", text
        ), path
        assert not re.search(r"<script(?! type=\"module\" src)|<style| on[a-z]+=|style=", text), path


def test_every_file_beside_the_page_is_one_that_is_served():
    folder = Path(content_of.__code__.co_filename).parent
    assert {own.name for own in folder.iterdir() if own.suffix in (".html", ".css", ".js")} == {
        name for name, _ in FILES.values()
    }
    for path, (_, kind) in FILES.items():
        if kind == "text/javascript":
            imported = re.findall(r'from "\./([a-z]+\.js)"', content_of(path)[0].decode())
            assert {f"/page/{own}" for own in imported} <= set(FILES)


def test_the_page_needs_no_token_but_the_spec_does(vectors):
    with serving(vectors[2], token=TOKEN) as client:
        assert all(client.raw("GET", path)[0] == 200 for path in FILES)
        assert client.get("/spec")[0] == 401
        assert client.get("/spec", {"authorization": f"Bearer {TOKEN}"})[1]["token"] is True


def test_the_spec_has_all_that_the_page_is_made_from(mixed_page):
    _, spec = mixed_page.get("/spec")
    wanted = {
        "model",
        "version",
        "target",
        "classes",
        "prior",
        "threshold",
        "modalities",
        "sets",
        "explains",
        "sentence",
        "limits",
        "rows",
        "examples",
        "most_body",
        "token",
    }
    assert wanted <= set(spec)
    assert len(spec["sets"]) == 2 ** len(spec["modalities"])
    for modality in spec["modalities"]:
        assert set(modality) == {"name", "kind", "single", "fields"}
        assert all(set(field) == {"column", "holds", "width", "levels", "zoned"} for field in modality["fields"])


# In a browser


@in_a_browser
def test_a_person_sees_the_first_example_answered(browser, vectors_page):
    opened(browser, vectors_page)
    assert browser.text("#target") == "sick"
    assert browser.text("#sentence").endswith(vectors_page.get("/spec")[1]["sentence"])
    assert browser.run("document.title") == "sick · Fuseworthy"
    assert "The example's truth is no" in browser.text(".said")
    assert browser.run("document.querySelector('#live').textContent").startswith("\u2068")
    assert browser.complaints == []


@in_a_browser
def test_a_model_that_the_study_does_not_recommend_says_so_first(browser, vectors, tmp_path):
    model, table, _ = vectors
    examples = examples_of(table, dict(model.modalities), "sick")
    for recommended in ("voice/linear", "stacking"):
        verdict = {**(model.about.get("verdict") or {}), "deploy": recommended}
        replace(model, about={**model.about, "verdict": verdict}).export(tmp_path / recommended[:3])
        with serving(tmp_path / recommended[:3], examples) as client:
            opened(browser, client)
            said = re.sub("[\u2066-\u2069]", "", browser.text("#sentence"))
        against = "The study recommends voice/linear, not the stacking served here."
        assert said.startswith(against) == (recommended != "stacking")


@in_a_browser
def test_what_the_page_shows_is_what_the_server_answers(browser, vectors_page):
    opened(browser, vectors_page)
    row = vectors_page.get("/spec")[1]["examples"][0]["row"]
    answer = vectors_page.post({"rows": [row], "explain": True})[1]["answers"][0]
    shown = json.loads(browser.run("document.querySelector('pre').textContent"))
    assert shown == answer
    prior = dict(zip(("no", "yes"), vectors_page.get("/spec")[1]["prior"], strict=True))[answer["prediction"]]
    total = prior + sum(answer["contributions"].values())
    assert total == pytest.approx(answer["probabilities"][answer["prediction"]], abs=1e-6)
    steps = browser.text(".steps").split("\n")
    assert steps[0] == "prior"
    assert steps[-1] == browser.text(".bars .best .n")


@in_a_browser
def test_a_switch_takes_a_modality_away_and_the_router_answers_otherwise(browser, vectors_page):
    opened(browser, vectors_page)
    browser.click(switch_of(1))
    browser.wait("document.querySelector('.chip.without')")
    assert "face off" in browser.text(".chips")
    assert "Answered by voice alone" in said(browser)
    assert "voice → voice/" in browser.text("#said details summary")
    browser.click(switch_of(1))
    browser.wait("!document.querySelector('.chip.without')")
    row = vectors_page.get("/spec")[1]["examples"][0]["row"]
    assert json.loads(browser.run("document.querySelector('textarea').value")) == row["face"]
    browser.click(switch_of(1))
    browser.click(switch_of(2))
    browser.wait("document.querySelector('#said .empty')")
    assert "Nothing to answer from yet" in browser.text("#said")
    assert browser.complaints == []


@in_a_browser
def test_another_example_is_loaded_by_its_button(browser, vectors_page):
    opened(browser, vectors_page)
    browser.click(".example:nth-child(2)")
    browser.wait("document.querySelector('.said .truth').textContent.includes('yes')")
    assert (
        browser.run("[...document.querySelectorAll('.example')].map(b => b.getAttribute('aria-pressed')).join()")
        == "false,true,false"
    )
    assert "Example 2, truth: yes" in browser.run("document.querySelector('.example:nth-child(2)').textContent")
    browser.type("textarea", "1 2 3")
    browser.wait("document.querySelector('.said .truth').textContent === ''")
    assert browser.run("document.querySelector('.example[aria-pressed=true]')") is None


@in_a_browser
def test_typed_numbers_are_counted_before_they_are_asked_with(browser, vectors_page):
    opened(browser, vectors_page)
    browser.type("textarea", "1, 2")
    browser.wait("!document.querySelector('.wrong').hidden")
    assert browser.text(".wrong") == "A vector must have 3 numbers, but 2 came."
    assert browser.text(".count") == "2 of 3 numbers"
    assert "see what is wrong at face" in browser.text("#trouble")
    asked = browser.requests.count(f"http://127.0.0.1:{vectors_page.port}/predict")
    browser.type("textarea", "1; 2; 3e0")
    browser.wait("document.querySelector('.wrong').hidden && !document.querySelector('.stale')")
    assert browser.requests.count(f"http://127.0.0.1:{vectors_page.port}/predict") == asked + 1
    assert '"face":[1,2,3]' in browser.run("document.querySelectorAll('pre')[1].textContent")


@in_a_browser
def test_a_vector_is_read_from_a_file_that_is_dropped_or_chosen(browser, vectors_page, tmp_path):
    opened(browser, vectors_page)
    (tmp_path / "face.json").write_text("[0.5, 0.25, 1]")
    (tmp_path / "face.csv").write_text("a,b,c\n3,2,1\n")
    browser.choose("#cards input[type=file]", tmp_path / "face.json")
    browser.wait("document.querySelector('textarea').value === '[0.5,0.25,1]'")
    browser.drop("#cards .field", tmp_path / "face.csv")
    browser.wait("document.querySelector('textarea').value === '[3,2,1]'")
    browser.wait("document.querySelectorAll('pre')[1].textContent.includes('[3,2,1]')")


@in_a_browser
def test_what_the_server_refuses_is_said_at_the_modality(browser, vectors_page):
    opened(browser, vectors_page)
    browser.type("textarea", "1 2 3e30")
    browser.wait("!document.querySelector('.wrong').hidden")
    assert "within 1e+15" in browser.text(".wrong")
    assert "No answer, for what stands at face" in browser.text("#trouble")
    browser.click("#clear")
    browser.wait("document.querySelector('#said .empty')")
    assert browser.text("#trouble") == ""


@in_a_browser
def test_every_kind_of_cell_can_be_filled_in(browser, mixed_page):
    opened(browser, mixed_page)
    kinds = browser.run("[...document.querySelectorAll('#cards .kind')].map(own => own.textContent).join()")
    assert kinds == "embedding,text,embedding,tabular"  # clip, note, photo, table
    browser.type("input[type=number]", "1.5")
    browser.run("document.querySelector('select').focus()")
    assert browser.run("document.activeElement.labels[0].textContent") == "shop"
    browser.type("#cards .card:nth-child(2) textarea", "a lovely shirt")
    browser.wait("document.querySelectorAll('pre')[1].textContent.includes('a lovely shirt')")
    body = browser.run("document.querySelectorAll('pre')[1].textContent")
    row = json.loads(body[body.index("{") : body.rindex("}") + 1])["rows"][0]
    given = mixed_page.get("/spec")[1]["examples"][0]["row"]
    assert row["table"] == given["table"] | {"size": 1.5}
    assert row["note"] == given["note"] | {"title": "a lovely shirt"}
    assert (row["clip"], row["photo"]) == (given["clip"], given["photo"])
    assert browser.complaints == []


@in_a_browser
def test_a_number_is_shown_with_its_parts(browser, number):
    table = rows_of("regression", missing=False)[0]
    with serving(number[1], examples_of(table, {m: MODALITIES[m] for m in number[0].modalities})) as client:
        opened(browser, client)
        value = client.post({"rows": [client.get("/spec")[1]["examples"][0]["row"]]})[1]["answers"][0]["prediction"]
        assert float(browser.text(".big")) == pytest.approx(value, abs=0.006)
        assert "y is about" in browser.text(".said")
        assert "Probabilities" not in browser.text("#said")
        assert browser.complaints == []


@in_a_browser
def test_a_picture_is_dropped_seen_and_answered(browser, pictured_page, pictured, tmp_path):
    opened(browser, pictured_page, shows="document.querySelector('#said .empty')")
    assert "--examples TABLE" in browser.text("#examples")
    (tmp_path / "own.png").write_bytes(pictured[1]["photo"][1].as_py())
    browser.drop(".zone", tmp_path / "own.png")
    browser.wait("document.querySelector('img.preview')?.naturalWidth === 16")
    browser.wait(BIG)
    assert "own.png" in browser.text(".zone")
    assert "words missing" in browser.text(".chips")
    (tmp_path / "own.txt").write_text("no picture")
    browser.choose(".zone input[type=file]", tmp_path / "own.txt")
    browser.wait("!document.querySelector('.wrong').hidden")
    assert "must be a file that can be read" in browser.text(".wrong")
    assert browser.run("document.querySelector('img.preview')") is None


@in_a_browser
def test_the_keyboard_alone_is_enough(browser, vectors_page):
    opened(browser, vectors_page)
    browser.run("document.activeElement.blur()")
    seen = []
    for _ in range(40):
        browser.press("Tab")
        seen.append(
            browser.run(
                "(() => { const own = document.activeElement, style = getComputedStyle(own);"
                "return [own.className || own.id || own.getAttribute('role') || own.tagName, style.outlineStyle]; })()"
            )
        )
        if seen[-1][0] == "switch":
            break
    assert seen[0][0] == "skip"
    assert all(outline != "none" for _, outline in seen)
    browser.press(" ")
    browser.wait("document.querySelector('.chip.without')")
    for _ in range(12):
        browser.press("Tab")
        if browser.run("document.activeElement.id") == "ask":
            break
    asked = len([own for own in browser.requests if own.endswith("/predict")])
    browser.press("Enter")
    browser.wait("document.querySelector('#waiting').textContent !== 'asking…'")
    assert len([own for own in browser.requests if own.endswith("/predict")]) == asked + 1


@in_a_browser
def test_a_token_is_asked_for_and_kept_nowhere(browser, vectors):
    with serving(vectors[2], token=TOKEN) as client:
        opened(browser, client, shows="!document.querySelector('#entry').hidden")
        browser.type("#token", "not-the-token-of-it")
        browser.press("Enter")
        browser.wait("document.querySelector('#failed').textContent === \"This is not the server's token.\"")
        browser.type("#token", TOKEN)
        browser.click("#entry button")
        browser.wait("!document.querySelector('#bench').hidden")
        browser.type("textarea", "1 2 3")
        browser.wait(BIG)
        command = browser.run("document.querySelectorAll('pre')[1].textContent")
        assert "$TOKEN" in command
        assert TOKEN not in command
        assert browser.run("localStorage.length + sessionStorage.length + document.cookie.length") == 0
        browser.open(f"http://127.0.0.1:{client.port}/?")
        browser.wait("!document.querySelector('#entry').hidden")


@in_a_browser
def test_the_last_question_wins(browser, vectors_page):
    opened(browser, vectors_page)
    browser.run("for (const own of document.querySelectorAll('.example')) own.click()")
    browser.wait("document.querySelector('#waiting').textContent !== 'asking…'")
    row = vectors_page.get("/spec")[1]["examples"][2]["row"]
    assert json.dumps(row["face"], separators=(",", ":")) in browser.run(
        "document.querySelectorAll('pre')[1].textContent"
    )


@in_a_browser
def test_a_server_that_went_away_is_said(browser, vectors):
    model, table, folder = vectors
    with serving(folder, examples_of(table, dict(model.modalities), "sick")) as client:
        opened(browser, client)
    browser.click(switch_of(1))
    browser.wait("document.querySelector('#trouble').textContent.includes('does not answer')")
    assert browser.run("document.querySelector('.stale') !== null")


@in_a_browser
def test_hostile_names_are_text_and_nothing_else(browser, hostile_page):
    opened(browser, hostile_page)
    port = hostile_page.port
    for place in (1, 2, 3):
        browser.click(switch_of(place))
        browser.wait("document.querySelector('#waiting').textContent !== 'asking…'")
        browser.click(switch_of(place))
    browser.run("document.querySelectorAll('details').forEach(own => { own.open = true })")
    browser.click(".example:nth-child(2)")
    browser.wait("document.querySelector('#waiting').textContent !== 'asking…'")
    headings = browser.run("[...document.querySelectorAll('#cards h3')].map(own => own.textContent)")
    assert sorted(headings) == sorted([*(NAMES[m] for m in ("face", "table")), "evil שלום مرحبا x"])
    assert browser.run("document.querySelector('#target').textContent") == TARGET
    assert browser.run("document.querySelector('.big bdi').textContent") in CLASSES
    assert browser.run("document.querySelectorAll('img, main script, iframe, svg:not(.sketch)').length") == 0
    assert {own for own in browser.requests if not own.startswith((f"http://127.0.0.1:{port}/", "data:"))} == set()
    assert browser.complaints == []


@in_a_browser
def test_the_policy_stops_what_the_page_would_not_do(browser, vectors_page):
    opened(browser, vectors_page)
    tried = "try { document.querySelector('#said').innerHTML = '<img src=x onerror=alert(1)>'; 'done' } catch (e) { e.name }"
    assert browser.run(tried) == "TypeError"
    assert browser.run("fetch('http://127.0.0.2:1/').then(() => 'done', (e) => e.name)") == "TypeError"
    assert browser.complaints  # so the other tests would have noticed


@in_a_browser
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_sticks_out_at_any_width(browser, mixed_page, hostile_page, width):
    browser.look(width, 740)
    try:
        for client in (mixed_page, hostile_page):
            opened(browser, client)
            browser.run("document.querySelectorAll('details').forEach(own => { own.open = true })")
            assert browser.run("document.documentElement.scrollWidth") <= width
    finally:
        browser.look(1280, 900)


@in_a_browser
@with_axe
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", ["vectors_page", "mixed_page", "pictured_page", "hostile_page"])
def test_axe_finds_nothing_serious(browser, request, name, width, dark):
    browser.look(width, 800, dark=dark)
    try:
        client = request.getfixturevalue(name)
        opened(browser, client, shows="document.querySelector('.big, #said .empty')")
        found = [*violations(browser)]
        browser.run("document.querySelectorAll('details').forEach(own => { own.open = true })")
        browser.click(switch_of(1))
        browser.wait("document.querySelector('.chip.without, #said .empty')")
        found += violations(browser)
        browser.run(
            "(() => { const own = document.querySelector('#cards .card:not(.off) textarea'); own.value = '['; own.dispatchEvent(new Event('input')) })()"
        )
        browser.click("#ask")
        browser.wait("document.querySelector('#waiting').textContent !== 'asking…'")
        found += violations(browser)
        print(name, width, dark, found)
        assert [own for own in found if own[1] in ("serious", "critical")] == []
    finally:
        browser.look(1280, 900)


def violations(browser):
    """Rule, impact and places of what axe finds."""
    browser.run(Path(str(AXE)).read_text(encoding="utf-8") + "; 0")
    found = browser.run(
        "axe.run().then((found) => JSON.stringify(found.violations.map((own) => [own.id, own.impact, own.nodes.map((n) => n.target.join(' '))])))"
    )
    return [tuple(own) for own in json.loads(found)]
