"""Whatever a body holds, the answer is no 5xx, says where it is wrong, and the next request is answered."""

import http.client
import json
import random
import struct

import pytest
from live_servers import serving

GOOD = {"rows": [{"voice": [0.5] * 5, "face": [0.5] * 3}]}
TEXT = json.dumps(GOOD)


def body(**changes):
    return json.dumps(GOOD | changes)


NOT_JSON = {
    "nothing": b"",
    "no JSON": b"voice",
    "half": TEXT[:-2].encode(),
    "NaN": TEXT.replace("0.5", "NaN", 1).encode(),
    "Infinity": TEXT.replace("0.5", "Infinity", 1).encode(),
    "not UTF-8": TEXT.replace("voice", "vo\xefce").encode("latin-1"),
    "a key twice": b'{"rows":[{"voice":[0,0,0,0,0],"voice":[1,1,1,1,1]}]}',
    "a key twice, escaped": b'{"rows":[{"voice":[0,0,0,0,0],"v\\u006fice":[1,1,1,1,1]}]}',
    "a plain key twice": b'{"rows":[{"face":[0.5,0.5,0.5],"face":[0.2,0.2,0.2]}]}',
    "a plain key twice, escaped": b'{"rows":[{"face":[0.5,0.5,0.5],"f\\u0061ce":[0.2,0.2,0.2]}]}',
    "plain rows twice": b'{"rows":[{"face":[0.5,0.5,0.5]}],"rows":[{"face":[0.2,0.2,0.2]}]}',
    "a key twice beside colons": b'{"rows":[{"voice":[0,0,0,0,0]}],"rows":[{"a:b":"c:d"}]}',
    "a key twice in a list of numbers": b'{"rows":[{"voice":[0,{"a":1,"a":2},0,0,0]}]}',
    "half a million levels": b"[" * 500_000 + b"]" * 500_000,
    "nine hundred levels": b'{"rows":' + b"[" * 900 + b"]" * 900 + b"}",
    "two values": TEXT.encode() * 2,
    "a byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
}
WRONG = {
    "a list": ("[]", ""),
    "a number": ("7", ""),
    "null": ("null", ""),
    "no rows": ("{}", "/rows"),
    "rows null": (body(rows=None), "/rows"),
    "0 rows": (body(rows=[]), "/rows"),
    "257 rows": (body(rows=GOOD["rows"] * 257), "/rows"),
    "a row that is a list": (body(rows=[[1]]), "/rows/0"),
    "an empty row": (body(rows=[{}]), "/rows/0"),
    "a row of null": (body(rows=[{"voice": None}]), "/rows/0"),
    "the second row": (body(rows=[GOOD["rows"][0], {"voice": 1}]), "/rows/1/voice"),
    "an unknown option": (body(explane=True), ""),
    "explain no flag": (body(explain=1), "/explain"),
    "a text number": (body(rows=[{"face": [1, "1", 1]}]), "/rows/0/face/1"),
    "a flag": (body(rows=[{"face": [1, 1, True]}]), "/rows/0/face/2"),
    "a null": (body(rows=[{"face": [1, None, 1]}]), "/rows/0/face/1"),
    "nested": (body(rows=[{"face": [[1, 1, 1]]}]), "/rows/0/face"),
    "too short": (body(rows=[{"face": [1, 1]}]), "/rows/0/face"),
    "too long": (body(rows=[{"face": [1] * 4}]), "/rows/0/face"),
    "a string": (body(rows=[{"face": "[1,1,1]"}]), "/rows/0/face"),
    "an object": (body(rows=[{"face": {"face": [1, 1, 1]}}]), "/rows/0/face"),
    "too large": (body(rows=[{"face": [1, 1e16, 1]}]), "/rows/0/face"),
    "far too large": (body(rows=[{"face": [1, 1e300, -1e300]}]), "/rows/0/face"),
    "beyond 64 bits": (TEXT.replace("0.5", "1" + "0" * 400, 1), None),
    "a name with a slash": (body(rows=[{"a/b~": 1}]), "/rows/0/a~1b~0"),
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_what_is_no_json_is_400(client, name):
    status, told = client.post(NOT_JSON[name])
    assert status == 400, told
    assert told["title"] == "not readable"
    assert client.post(GOOD)[0] == 200


@pytest.mark.parametrize("name", WRONG)
def test_what_the_model_does_not_read_is_422_with_a_pointer(client, name):
    sent, place = WRONG[name]
    status, told = client.post(sent.encode())
    assert status in ((422,) if place is not None else (400, 422)), told
    if place is not None:
        assert told["pointer"] == place
    assert client.post(GOOD)[0] == 200


CELLS = {
    "a text number": ({"table": {"size": "1"}}, "/rows/0/table/size"),
    "a flag": ({"table": {"size": True}}, "/rows/0/table/size"),
    "a number as text": ({"note": {"title": 7}}, "/rows/0/note/title"),
    "a text too long": ({"note": {"title": "x" * 100_001}}, "/rows/0/note/title"),
    "no moment": ({"table": {"day": "yesterday"}}, "/rows/0/table/day"),
    "a moment of another zone": ({"table": {"day": "2024-01-01T00:00:00+02:00"}}, "/rows/0/table/day"),
    "a moment out of reach": ({"table": {"day": "0001-01-01"}}, "/rows/0/table/day"),
    "an unknown column": ({"table": {"sise": 1}}, "/rows/0/table/sise"),
    "no object": ({"table": [1]}, "/rows/0/table"),
    "times without vectors": ({"clip": {"seconds": [0.0]}}, None),
    "fewer times than vectors": ({"clip": {"frames": [[1, 1, 1]], "seconds": [0, 1]}}, None),
    "times that fall": ({"clip": {"frames": [[1, 1, 1]] * 2, "seconds": [1, 0]}}, None),
    "too many vectors": ({"clip": {"frames": [[1, 1, 1]] * 513, "seconds": [0] * 513}}, "/rows/0/clip/frames"),
    "no vectors": ({"clip": {"frames": [], "seconds": []}}, "/rows/0/clip/frames"),
}


@pytest.mark.parametrize("name", CELLS)
def test_cells_of_another_type_are_422(mixed_client, name):
    row, place = CELLS[name]
    status, told = mixed_client.post({"rows": [row]})
    assert status == 422, told
    assert place is None or told["pointer"] == place
    assert mixed_client.post({"rows": [{"table": {"size": 1}}]})[0] == 200


def test_who_sends_a_body_that_is_too_large_hears_so_before_the_connection_ends(client):
    for _ in range(6):
        connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)
        connection.request("POST", "/predict", b" " * (3 << 20), {"content-type": "application/json"})
        assert connection.getresponse().status == 413
        connection.close()


def test_bodies_that_are_too_large_are_413_announced_or_not(vectors):
    with serving(vectors[2], most_body=4096) as client:
        assert client.post(b" " * 5000)[0] == 413
        chunks = [b" " * 1000] * 10
        status, _, _ = client.raw("POST", "/predict", iter(chunks), {"content-type": "application/json"})
        assert status == 413
        assert client.post(GOOD)[0] == 200


def test_packed_bodies_and_other_media_types_are_415(client):
    assert client.post(GOOD, headers={"content-encoding": "gzip"})[0] == 415
    for kind in ("text/plain", "", "application/x-www-form-urlencoded"):
        assert client.post(GOOD, headers={"content-type": kind})[0] == 415


def test_bodies_damaged_at_random_never_end_in_a_server_error(client):
    draw, found = random.Random(0), {}
    for _ in range(600):
        sent = bytearray(TEXT.encode())
        for _ in range(draw.randint(1, 4)):
            place = draw.randrange(len(sent))
            sent[place : place + draw.choice((0, 1, 3))] = draw.choice(
                (b"", bytes([draw.randrange(256)]), b"[", b'"', b"1e999", b"null", b"{", struct.pack("<d", 1.0))
            )
        status, _ = client.post(bytes(sent))
        found[status] = found.get(status, 0) + 1
    print(f"600 damaged bodies: {found}")
    assert set(found) <= {200, 400, 422}
    assert found[400] > 100
    assert client.post(GOOD)[0] == 200


def test_plain_rows_are_answered_as_those_that_are_read_place_by_place(client):
    rows = [*GOOD["rows"], {"face": [2, -3, 0.25]}, {"voice": [1e-9, 5, 7, -2, 1e12]}]
    plain, other = (client.post({"rows": rows} | more)[1]["answers"] for more in ({}, {"strict": False}))
    assert plain == other
    assert [own["pattern"] for own in plain] == ["face+voice", "face", "voice"]
