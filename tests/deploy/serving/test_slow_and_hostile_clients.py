"""Clients that are slow, gone, many or hostile: others do not notice."""

import gc
import http.client
import json
import socket
import threading
import time
from contextlib import ExitStack, suppress

import pytest
from live_servers import serving

from fuseworthy.deploy.serving import connections

GOOD = json.dumps({"rows": [{"voice": [0.5] * 5}]}).encode()
HEAD = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"


@pytest.fixture
def impatient(vectors, monkeypatch):
    """A server that waits half a second."""
    for name in ("HEAD", "BODY", "ANSWER"):
        monkeypatch.setattr(connections, name, 0.5)
    with serving(vectors[2]) as client:
        yield client


def dial(client, sent=b""):
    found = socket.create_connection(("127.0.0.1", client.port), timeout=20)
    found.sendall(sent)
    return found


def heard(connection):
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /pre",
        HEAD,
        HEAD + b"content-length: 100\r\n\r\n{",
        HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\n{",
    ],
    ids=["nothing", "half a line", "half a head", "half a body", "half a chunk"],
)
def test_half_a_request_gets_408_at_its_deadline(impatient, sent):
    with dial(impatient, sent) as connection:
        start = time.monotonic()
        answer = heard(connection)
    assert answer.startswith(b"HTTP/1.1 408")
    assert 0.4 < time.monotonic() - start < 3
    assert impatient.post(GOOD)[0] == 200


def test_a_byte_now_and_then_does_not_move_the_deadline(impatient):
    with dial(impatient, HEAD + b"content-length: 100\r\n\r\n") as connection:
        start = time.monotonic()
        try:
            while time.monotonic() - start < 5:
                connection.sendall(b"{")
                time.sleep(0.1)
        except OSError:
            pass
    assert time.monotonic() - start < 3


def test_a_hundred_silent_connections_do_not_slow_others(vectors):
    def slowest(client):
        times = []
        for _ in range(300):
            start = time.perf_counter()
            assert client.post(GOOD)[0] == 200
            times.append(time.perf_counter() - start)
        return sorted(times)[285]

    with serving(vectors[2]) as client:
        before = slowest(client)
        silent = [dial(client, HEAD) for _ in range(100)]
        beside = slowest(client)
        for own in silent:
            own.close()
    print(f"p95 {before * 1e3:.2f} ms alone, {beside * 1e3:.2f} ms beside 100 silent connections")
    assert beside < max(3 * before, before + 0.01)


def test_where_there_are_too_many_the_one_that_waits_longest_is_closed(vectors, monkeypatch):
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 20)
    with serving(vectors[2]) as client, ExitStack() as open_ones:
        first = [open_ones.enter_context(dial(client, HEAD)) for _ in range(20)]
        time.sleep(0.2)
        then = [open_ones.enter_context(dial(client, HEAD)) for _ in range(15)]
        assert client.post(GOOD)[0] == 200
        assert len(client.server.server_state.connections) <= 21
        assert 15 <= sum(is_closed(own) for own in first) <= 17
        assert not any(is_closed(own) for own in then)


def is_closed(connection):
    connection.settimeout(0.05)
    try:
        return connection.recv(10) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_work_of_a_client_that_went_is_dropped(vectors):
    with serving(vectors[2]) as client:
        client.post(GOOD)
        engine, held = client.service.engine, threading.Event()
        work = engine.batcher.work

        def slow(items):
            held.wait(0.05)
            return work(items)

        engine.batcher.work = slow
        gone = [dial(client, HEAD + b"content-length: %d\r\n\r\n" % len(GOOD) + GOOD) for _ in range(50)]
        for own in gone:
            own.close()
        start = time.monotonic()
        assert client.post(GOOD)[0] == 200
        while engine.waiting and time.monotonic() < start + 5:
            time.sleep(0.005)
        took = time.monotonic() - start
        assert engine.waiting == 0
    assert took < 2  # fifty by themselves would take two and a half seconds, two batches a tenth


@pytest.mark.parametrize(
    "lines",
    [
        b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /live HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"content-length: 5\r\ncontent-length: 6\r\n\r\n{}{}{}",
        b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"content-length: -1\r\n\r\n",
        b"content-length: 5 \x00\r\n\r\n{}{}{",
        b"host: localhost\r\ncontent-length: 2\r\n\r\n{}",
        b" folded: 1\r\ncontent-length: 2\r\n\r\n{}",
    ],
    ids=["length and chunks", "two lengths", "unknown coding", "negative", "NUL", "two hosts", "folded"],
)
def test_heads_that_two_servers_may_read_differently_are_refused(client, lines):
    with dial(client, HEAD + lines) as connection:
        connection.settimeout(5)
        answer = connection.recv(65536)
    assert answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 415")
    assert client.post(GOOD)[0] == 200


def test_other_hosts_are_refused_and_cross_origin_is_never_allowed(client):
    for host, status in (("evil.example", 400), ("localhost", 200), ("127.0.0.1:8000", 200), ("", 400)):
        assert client.post(GOOD, headers={"host": host})[0] == status
    headers = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    status, told, _ = client.raw("OPTIONS", "/predict", None, headers)
    assert status == 405
    assert not [name for name in told if name.lower().startswith("access-control")]


def test_paths_that_climb_reach_nothing(client):
    for path in (
        "/../../etc/passwd",
        "/..%2f..%2fetc/passwd",
        "//etc/passwd",
        "/%00",
        "/predict/../spec",
        "/v2/models/..%2f",
    ):
        status, _, answer = client.raw("GET", path)
        assert status == 404
        assert b"root:" not in answer


def test_a_token_is_asked_for_where_it_is_set(vectors):
    token = "a-token-of-twenty-letters"
    with serving(vectors[2], token=token) as client:
        for path in ("/", "/live", "/ready", "/v2/health/ready"):
            assert client.raw("GET", path)[0] == 200
        for path in ("/spec", "/metrics", "/openapi.json", "/v2"):
            assert client.raw("GET", path)[0] == 401
        for given in (None, "Bearer", "Bearer wrong", f"Basic {token}", f"Bearer {token}x", token):
            headers = {} if given is None else {"authorization": given}
            status, told = client.post(GOOD, headers=headers)
            assert (status, told["title"]) == (401, "not allowed")
        assert client.post(GOOD, headers={"authorization": f"Bearer {token}"})[0] == 200
        assert (
            client.raw("POST", "/predict", GOOD, {"content-type": "application/json"})[1]["www-authenticate"]
            == "Bearer"
        )


def test_a_token_s_scheme_may_be_written_in_any_case(vectors):
    token = "a-token-of-twenty-letters"
    with serving(vectors[2], token=token) as client:
        for scheme in ("bearer", "BEARER", "Bearer"):
            assert client.post(GOOD, headers={"authorization": f"{scheme} {token}"})[0] == 200


@pytest.mark.parametrize("pieces", [1, 7], ids=["at once", "in pieces"])
@pytest.mark.parametrize("size", [60_000, 70_000, 3_000_000])
def test_a_head_has_an_end(client, size, pieces):
    lines = b"".join(b"x-%d: %b\r\n" % (i, b"a" * 990) for i in range(size // 1000))
    sent = b"GET /live HTTP/1.1\r\nhost: localhost\r\n" + lines + b"connection: close\r\n\r\n"
    step = -(-len(sent) // pieces)
    with dial(client) as connection:
        with suppress(OSError):
            for start in range(0, len(sent), step):
                connection.sendall(sent[start : start + step])
                time.sleep(0.02)
        answer = b""
        with suppress(OSError):
            answer = heard(connection)
    assert answer.startswith(b"HTTP/1.1 200") == (size < connections.MOST_HEAD)
    assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 431")) or not answer  # or it ended before all was sent
    assert client.post(GOOD)[0] == 200


@pytest.mark.parametrize("apart", [False, True], ids=["one packet", "two"])
def test_a_client_that_offers_another_protocol_is_answered_in_this_one(client, apart):
    head = (
        b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nConnection: Upgrade, close\r\n"
    )
    head += (
        b"Upgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\ncontent-length: %d\r\n\r\n"
        % len(GOOD)
    )
    with dial(client, head if apart else head + GOOD) as connection:
        if apart:
            time.sleep(0.1)
            connection.sendall(GOOD)
        assert heard(connection).startswith(b"HTTP/1.1 200")


def test_connections_that_were_refused_before_their_body_came_make_room(vectors, monkeypatch):
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 10)
    with serving(vectors[2], token="a-token-of-twenty-letters") as client, ExitStack() as open_ones:
        for _ in range(20):
            one = open_ones.enter_context(dial(client, HEAD + b"content-length: 1\r\n\r\n"))
            one.settimeout(2)
            with suppress(OSError):
                assert one.recv(4096).startswith(b"HTTP/1.1 401")
                one.sendall(b"{")
        time.sleep(0.1)
        assert client.get("/live")[0] == 200


def test_an_answer_that_is_not_read_holds_nobody_up(impatient):
    many = json.dumps({"rows": [{"voice": [0.5] * 5}] * 256}).encode()
    request = HEAD + b"content-length: %d\r\n\r\n" % len(many) + many
    with dial(impatient) as held:
        held.settimeout(0.2)
        with suppress(OSError):  # the server reads no more of it, or has closed it
            for _ in range(400):
                held.sendall(request)
        assert impatient.post(GOOD)[0] == 200


def test_an_unexpected_failure_is_500_once_and_told_in_the_log(vectors, caplog):
    with serving(vectors[2]) as client:
        client.post(GOOD)
        right = client.service.engine.loaded.served.session

        class Broken:
            def run(self, *given):
                raise RuntimeError("out of order")

        object.__setattr__(client.service.engine.loaded.served, "session", Broken())
        assert [client.post(GOOD)[0] for _ in range(3)] == [500, 500, 500]
        assert client.get("/ready")[0] == 503
        object.__setattr__(client.service.engine.loaded.served, "session", right)
        assert client.post(GOOD)[0] == 200
        assert client.get("/ready")[0] == 200
    assert "out of order" in caplog.text


def test_a_poisoned_member_of_a_batch_fails_alone(vectors):
    poison = 0.25
    with serving(vectors[2]) as client:
        client.post(GOOD)
        served = client.service.engine.loaded.served
        right, seen = served.session, []

        class Sensitive:
            def run(self, names, feeds):
                seen.append(len(feeds["voice:present"]))
                if (feeds["voice:vectors"] == poison).any():
                    raise RuntimeError("poison")
                time.sleep(0.01)
                return right.run(names, feeds)

        object.__setattr__(served, "session", Sensitive())
        statuses = {}

        def ask(i):
            row = {"voice": [poison if i == 7 else 0.5] * 5}
            own = http.client.HTTPConnection("127.0.0.1", client.port, timeout=20)
            own.request("POST", "/predict", json.dumps({"rows": [row]}), {"content-type": "application/json"})
            statuses[i] = own.getresponse().status
            own.close()

        threads = [threading.Thread(target=ask, args=(i,)) for i in range(24)]
        for own in threads:
            own.start()
        for own in threads:
            own.join()
    print(f"24 requests at once, one of them poisoned: batches {seen}")
    assert [i for i, status in statuses.items() if status != 200] == [7]
    assert statuses[7] == 500


@pytest.mark.parametrize("sent", [GOOD, b"{"], ids=["answered", "refused"])
def test_a_request_leaves_nothing_that_only_a_collection_finds(client, sent):
    client.post(sent)
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            client.post(sent)
        assert gc.collect() < 50  # a body that waits for one would fill the memory under load
    finally:
        gc.enable()
