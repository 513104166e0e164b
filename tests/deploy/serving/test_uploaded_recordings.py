"""Sounds, films and series come in base64, as a form or as numbers, and are answered as offline."""

import base64

import numpy as np
import pytest
from live_servers import serving
from test_uploaded_files import HEADERS, form

from made_files import sound_bytes, tone

PLACES = {"call": "a.wav", "clip": "a.mp4"}


@pytest.fixture(scope="module")
def client(recorded):
    with serving(recorded[2]) as found:
        yield found


def cells_of(recorded, i):
    return {name: recorded[1][name][i].as_py() for name in ("call", "clip", "motion")}


def in_base64(content):
    return {"base64": base64.b64encode(content).decode()}


def probabilities(told):
    return np.array(list(told["answers"][0]["probabilities"].values()))


@pytest.mark.parametrize("names", [("call",), ("clip",), ("motion",), ("call", "clip"), ("call", "clip", "motion")])
def test_recordings_are_answered_as_offline(client, recorded, names):
    model, table, _ = recorded
    wanted = model.answer(table.slice(1, 1).select(names)).prediction[0]
    cells = {name: cell for name, cell in cells_of(recorded, 1).items() if name in names}
    row = {name: in_base64(cell) if isinstance(cell, bytes) else cell for name, cell in cells.items()}
    status, told = client.post({"rows": [row]})
    assert status == 200, told
    assert np.abs(probabilities(told) - wanted).max() <= 1e-6
    assert told["answers"][0]["pattern"] == "+".join(names)
    parts = [(n, c, PLACES[n]) if isinstance(c, bytes) else (n, str(c)) for n, c in cells.items()]
    status, uploaded = client.post(form(*parts), headers=HEADERS)
    assert (status, uploaded["answers"]) == (200, told["answers"])


def test_a_series_may_be_uploaded_as_a_file(client, recorded):
    numbers = cells_of(recorded, 2)["motion"]
    status, told = client.post({"rows": [{"motion": numbers}]})
    assert status == 200, told
    sent = "\n".join(["value", *map(repr, numbers)])
    status, uploaded = client.post(form(("motion", sent, "motion.csv")), headers=HEADERS)
    assert (status, uploaded["answers"]) == (200, told["answers"])


@pytest.mark.parametrize("name", PLACES)
def test_recordings_that_cannot_be_read_are_said_with_their_place(client, recorded, name):
    whole = cells_of(recorded, 0)[name]
    for wrong in (b"no recording", whole[:40], b""):
        status, told = client.post({"rows": [{name: in_base64(whole)}, {name: in_base64(wrong)}]})
        assert (status, told["pointer"]) == (422, f"/rows/1/{name}"), told
    assert client.post({"rows": [{name: in_base64(whole)}]})[0] == 200


def test_a_sound_that_is_too_long_is_cut_and_said(client):
    status, told = client.post({"rows": [{"call": in_base64(sound_bytes(tone(rate=8000, seconds=70), rate=8000))}]})
    assert (status, told.get("cut")) == (200, ["call"])
