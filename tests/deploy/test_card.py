"""F13: the model card says what a person needs to know, and hostile names stay text in it."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from unicodedata import category

import pytest
from small_models import THREE, model_of

import fuseworthy as fw
from fuseworthy.deploy.card import card_of
from fuseworthy.deploy.router import Choice, Router

sys.path.append(str(Path(__file__).parents[1] / "report"))
from hostile import PAYLOADS

VERSIONS = {"fuseworthy": "1.2.3"}
PLACES = ("class", "modality", "column", "target", "limit", "sentence", "route")


def hostile(model, place, payload):
    """The model with a payload for a name."""
    first = THREE[0]
    if place == "class":
        return replace(model, task=replace(model.task, classes=(payload, "other")))
    if place == "modality":
        payload = payload.translate({ord("/"): None, ord("+"): None})  # no modality may be named with these
        own = {payload if m == first else m: kind for m, kind in model.modalities.items()}
        singles = {f"{payload}/linear" if n.startswith(first) else n: p for n, p in model.singles.items()}
        return replace(model, modalities=own, singles=singles)
    if place == "column":
        return replace(model, modalities=dict(model.modalities) | {first: fw.Text(payload)})
    if place == "route":
        return replace(model, router=Router({payload: Choice(True, payload, (payload,), payload)}, model.router.order))
    if place == "target":
        return replace(model, target=payload)
    return replace(model, about={"limits": [payload]} if place == "limit" else {"sentence": payload})


@pytest.fixture(scope="module")
def model():
    return model_of("mean", singles={"photo": "neighbours"})


def marks(card):
    """What Markdown would make more than text of."""
    bare = re.sub(r"\\.", "", card)
    return {
        "markup": re.findall(r"<\s*[a-zA-Z/!?]", bare),
        "links": re.findall(r"\]\(|\]\[|!\[|(?:https?|ftp):(?=//|\w)|\bwww\.", bare),
        "fences": re.findall(r"`|~~", bare),
        "control": [c for c in card if c != "\n" and category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}],
        "headings": re.findall(r"^#+ .*$", card, flags=re.MULTILINE)[1:],
        "columns": [line.count("|") for line in bare.splitlines() if line.startswith("|")],
        "lines": len(card.splitlines()),
    }


@pytest.mark.parametrize("place", PLACES)
def test_names_stay_text(model, place):
    plain, changed = marks(card_of(hostile(model, place, "name"), VERSIONS)), {}
    for payload in PAYLOADS:
        found = marks(card_of(hostile(model, place, payload), VERSIONS))
        changed |= {payload: {key: found[key] for key in plain if found[key] != plain[key]}} if found != plain else {}
    print(f"\nF13: {len(PAYLOADS)} payloads as {place} of a model card: {len(changed)} changed what it is")
    assert changed == {}


def test_the_card_says_what_a_person_needs_to_know(model):
    card = card_of(replace(model, threshold=0.7, about={"rows": 150, "limits": ["It is small."]}), VERSIONS)
    for said in ("Model card: y by mean", "150 rows", "0.7", "fuseworthy 1.2.3", "title, body", "It is small."):
        assert said in card
    assert "photo/neighbours answers from the training rows themselves" in card
    assert "| note+photo+table | mean | the verdict's rows |" in card
