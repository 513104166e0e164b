"""Files come in base64 or as a form; a path is never read; what cannot be read is said, and the encoders may die."""

import asyncio
import base64
import os
import random
import signal
import time

import numpy as np
import pytest
from live_servers import serving

from fuseworthy.deploy.serving.encoder import EncoderProcess
from fuseworthy.deploy.serving.problem import Problem

BOUNDARY = "-----a-boundary"


def form(*parts):
    """A form of (name, content) or (name, content, filename)."""
    pieces = []
    for name, content, *filename in parts:
        file = f'; filename="{filename[0]}"\r\ncontent-type: application/octet-stream' if filename else ""
        pieces.append(f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"{file}\r\n\r\n'.encode())
        pieces.append((content if isinstance(content, bytes) else content.encode()) + b"\r\n")
    return b"".join(pieces) + f"--{BOUNDARY}--\r\n".encode()


HEADERS = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


@pytest.fixture(scope="module")
def client(pictured):
    with serving(pictured[2]) as found:
        yield found


def in_base64(content):
    return {"base64": base64.b64encode(content).decode()}


def test_a_picture_in_base64_and_as_a_form_is_answered_as_offline(client, pictured):
    model, table, _ = pictured
    photo, words = table["photo"][0].as_py(), table["words"][0].as_py()
    wanted = model.answer(table.slice(0, 1).select(["photo", "words"])).prediction[0]
    status, body = client.post({"rows": [{"photo": in_base64(photo), "words": words}]})
    assert status == 200, body
    assert np.abs(np.array(list(body["answers"][0]["probabilities"].values())) - wanted).max() <= 1e-6
    sent = form(("photo", photo, "a.png"), ("words", words), ("explain", "true"))
    status, told = client.post(sent, headers=HEADERS)
    assert status == 200, told
    assert told["answers"][0]["probabilities"] == body["answers"][0]["probabilities"]
    assert sum(told["answers"][0]["contributions"].values()) == pytest.approx(
        max(told["answers"][0]["probabilities"].values()) - 0.5, abs=1e-9
    )


def test_any_part_of_a_form_may_be_missing_or_empty(client):
    status, told = client.post(form(("words", "a light hat"), ("photo", b"", "")), headers=HEADERS)
    assert (status, told["answers"][0]["pattern"]) == (200, "words")


def test_a_picture_that_cannot_be_read_is_said_with_its_place(client, pictured):
    photo = pictured[1]["photo"][0].as_py()
    for wrong, why in ((b"no picture", "it is no picture"), (photo[:60], ""), (b"", "")):
        rows = [{"words": "a hat"}, {"words": "a hat", "photo": in_base64(wrong)}]
        status, told = client.post({"rows": rows})
        assert (status, told["pointer"]) == (422, "/rows/1/photo"), told
        assert why in told["detail"]
    assert client.post({"rows": [{"photo": in_base64(photo)}]})[0] == 200


REFUSED = {
    "a path": {"photo": "/etc/passwd"},
    "a path in an object": {"photo": {"path": "/etc/passwd"}},
    "both": {"photo": {"base64": "", "path": "/etc/passwd"}},
    "no base64": {"photo": {"base64": "§"}},
    "base64 cut short": {"photo": {"base64": "abc"}},
    "base64 of a number": {"photo": {"base64": 7}},
    "numbers": {"photo": [1, 2, 3]},
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_given_otherwise_is_refused(client, name):
    status, told = client.post({"rows": [REFUSED[name]]})
    assert (status, told["pointer"].startswith("/rows/0/photo")) == (422, True)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"no form",
        form(("photo", b"x", "a.png"))[:-30],
        form(("voice", "x")),
        form(("words", "x"), ("words", "y")),
        form(("words", b"x", "a.txt")),
        form(("photo", "/etc/passwd")),
        form(("words", "x"), ("explain", "maybe")),
        form(*[("words", "x")] * 300),
        form(("words", b"\xff\xfe")),
    ],
    ids=["nothing", "text", "half", "unknown", "twice", "file for text", "text for file", "flag", "many", "bytes"],
)
def test_other_forms_are_refused(client, sent):
    status, _ = client.post(sent, headers=HEADERS)
    assert status in (400, 422)
    assert client.post(form(("words", "a hat")), headers=HEADERS)[0] == 200


def test_a_form_without_a_boundary_is_refused(client):
    assert client.post(form(("words", "x")), headers={"content-type": "multipart/form-data"})[0] == 400


@pytest.mark.parametrize("count", [150, pytest.param(2000, marks=pytest.mark.slow)])
def test_uploads_damaged_at_random_never_end_in_a_server_error(client, pictured, count):
    photo, draw, found = pictured[1]["photo"][0].as_py(), random.Random(count), {}
    for _ in range(count):
        sent = bytearray(form(("photo", photo, "a.png"), ("words", "a light hat")))
        for _ in range(draw.randint(1, 5)):
            place = draw.randrange(len(sent))
            sent[place : place + draw.choice((1, 2, 8))] = bytes(
                draw.randrange(256) for _ in range(draw.choice((0, 1, 2)))
            )
        status, _ = client.post(bytes(sent), headers=HEADERS)
        found[status] = found.get(status, 0) + 1
    print(f"{count:,} damaged uploads: {found}")
    assert set(found) <= {200, 400, 422}
    assert found.get(422, 0) > 20


def killed(client):
    os.kill(client.service.engine.loaded.encoder._process.pid, signal.SIGKILL)


def readied(client):
    until = time.monotonic() + 60
    while client.get("/ready")[0] != 200 and time.monotonic() < until:
        time.sleep(0.1)


def test_encoders_that_die_are_started_again_and_counted(pictured):
    photo = pictured[1]["photo"][0].as_py()
    with serving(pictured[2]) as client:
        assert client.post({"rows": [{"photo": in_base64(photo)}]})[0] == 200
        killed(client)
        status, told = client.post({"rows": [{"photo": in_base64(photo)}]})
        assert (status, told["title"]) == (503, "busy")
        assert client.get("/ready")[0] == 503
        readied(client)
        assert client.post({"rows": [{"photo": in_base64(photo)}]})[0] == 200
        assert "fuseworthy_encoder_deaths_total 1.0" in client.raw("GET", "/metrics")[2].decode()


def test_encoders_that_die_while_nothing_is_asked_are_missed_and_started_again(pictured):
    photo = pictured[1]["photo"][0].as_py()
    with serving(pictured[2]) as client:
        killed(client)
        until = time.monotonic() + 10
        while client.get("/ready")[0] == 200 and time.monotonic() < until:
            time.sleep(0.02)
        assert client.get("/ready")[0] == 503
        readied(client)
        assert client.post({"rows": [{"photo": in_base64(photo)}]})[0] == 200


@pytest.mark.parametrize("pause", [0.0, 0.001, 0.01, 0.05])
def test_a_death_at_any_moment_is_no_error_of_the_server(pictured, pause):
    photo = pictured[1]["photo"][0].as_py()
    with serving(pictured[2]) as client:
        killed(client)
        time.sleep(pause)
        assert client.post({"rows": [{"photo": in_base64(photo)}]})[0] == 503


def test_what_is_sent_to_all_processes_at_once_does_not_end_the_encoders(pictured):
    with serving(pictured[2]) as client:
        encoder = client.service.engine.loaded.encoder
        for sent in (signal.SIGINT, signal.SIGTERM):
            os.kill(encoder._process.pid, sent)
        time.sleep(0.2)
        assert client.post({"rows": [{"words": "a light hat"}]})[0] == 200
        assert encoder.deaths == 0


def test_encoders_that_read_nothing_more_are_given_up(pictured, monkeypatch):
    monkeypatch.setattr("fuseworthy.deploy.serving.encoder.LONGEST", 0.5)
    with serving(pictured[2]) as client:
        os.kill(client.service.engine.loaded.encoder._process.pid, signal.SIGSTOP)
        assert client.post({"rows": [{"words": "hat " * 20_000}] * 40})[0] == 503
        monkeypatch.undo()
        readied(client)
        assert client.post({"rows": [{"words": "a light hat"}]})[0] == 200


def test_forms_in_other_letters_are_refused(client):
    for charset, value in (("unicode_escape", b"\\ud800"), ("utf-7", b"+2AA-")):
        sent = form(("words", "x")).replace(
            b"\r\n\r\nx", b"\r\ncontent-type: text/plain; charset=%b\r\n\r\n%b" % (charset.encode(), value)
        )
        status, _ = client.post(
            sent, headers=HEADERS | {"content-type": HEADERS["content-type"] + f"; charset={charset}"}
        )
        assert status in (200, 400, 422)


def test_what_was_cut_is_told_to_whom_it_belongs(pictured):
    rows = [[{"words": "hat " * 30_000}], [{"words": "a light hat"}]]

    async def encoded():
        encoder = EncoderProcess(pictured[2])
        await encoder.start()
        try:
            with pytest.raises(Problem, match="was cut"):  # so that each is asked by itself
                await encoder.encode(rows)
            return [(await encoder.encode([own]))[0][1] for own in rows]
        finally:
            await encoder.stop()

    assert asyncio.run(encoded()) == [["words"], []]


def test_a_text_that_was_cut_is_said(client):
    status, told = client.post({"rows": [{"words": "hat " * 25_000}]})
    assert (status, told.get("cut")) == (200, None)
