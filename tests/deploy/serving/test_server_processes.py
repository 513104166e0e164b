"""The command as a process: what it loads, how it ends, and how it takes another model, without losing a request."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from fuseworthy.deploy.serving.prepare import graph_of
from fuseworthy.deploy.serving.served import read_served
from fuseworthy.errors import InputError

ROW = json.dumps({"rows": [{"voice": [0.5] * 5, "face": [0.5] * 3}]})
JSON = {"content-type": "application/json"}


@contextmanager
def started(source, *options, env=None):
    """A server process, its port, and the seconds until it was ready."""
    start = time.monotonic()
    command = [sys.executable, "-m", "fuseworthy", "serve", str(source), "--port", "0", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | (env or {}))
    said = []
    try:
        for line in process.stderr:
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/", line):
                break
        else:
            pytest.fail("".join(said))
        threading.Thread(target=lambda: said.extend(process.stderr), daemon=True).start()
        port = int(found[1])
        while ask(port, "GET", "/ready")[0] != 200:
            assert time.monotonic() - start < 60
            time.sleep(0.02)
        yield process, port, time.monotonic() - start
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stderr.close()


def ask(port, method, path, body=None, connection=None):
    own = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        own.request(method, path, body, JSON if body else {})
        answer = own.getresponse()
        return answer.status, answer.read()
    except ConnectionRefusedError:
        return 0, b""
    finally:
        if connection is None:
            own.close()


def mapped(process):
    """Libraries in a process's memory."""
    return Path(f"/proc/{process.pid}/maps").read_text()


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
def test_the_server_process_is_small_and_loads_no_torch(vectors):
    with started(vectors[2]) as (process, port, seconds):
        for _ in range(200):
            assert ask(port, "POST", "/predict", ROW)[0] == 200
        kilobytes = int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[1])
        libraries = mapped(process)
    print(f"ready after {seconds:.2f} s, {kilobytes / 1000:.0f} MB")
    assert not [name for name in ("torch", "sklearn", "scipy", "pyarrow", "pandas") if f"/{name}" in libraries]
    assert kilobytes < 120_000
    assert seconds < 10


def test_a_model_is_exported_once_and_served(vectors, tmp_path):
    vectors[0].save(tmp_path / "model")
    times = []
    for _ in range(2):
        with started(tmp_path / "model", env={"FUSEWORTHY_CACHE": str(tmp_path / "cache")}) as (_, port, seconds):
            assert ask(port, "POST", "/predict", ROW)[0] == 200
            times.append(seconds)
    assert times[1] < times[0]
    assert len(list((tmp_path / "cache" / "served").iterdir())) == 1


class Askers:
    """Threads that ask without pause until they are told to stop or find nobody."""

    def __init__(self, port, count):
        self.port, self.stop = port, threading.Event()
        self.statuses, self.versions, self.lost = [], set(), []
        self.threads = [threading.Thread(target=self._ask) for _ in range(count)]
        for own in self.threads:
            own.start()

    def _ask(self):
        while not self.stop.is_set():
            own = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            try:
                own.connect()
            except OSError:
                return
            try:
                while not self.stop.is_set():
                    own.request("POST", "/predict", ROW, JSON)
                    answer = own.getresponse()
                    body = json.loads(answer.read())
                    self.statuses.append(answer.status)
                    self.versions.add(body.get("version"))
                    if answer.getheader("connection") == "close":
                        break
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(repr(error))
            finally:
                own.close()

    def end(self):
        self.stop.set()
        for own in self.threads:
            own.join(timeout=30)


def test_sigterm_under_load_loses_no_accepted_request(vectors):
    with started(vectors[2]) as (process, port, _):
        askers = Askers(port, 8)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        ended = process.wait(timeout=20)
        askers.end()
    print(f"{len(askers.statuses):,} answered, {len(askers.lost)} lost")
    assert ended == 0
    assert len(askers.statuses) > 50
    assert set(askers.statuses) == {200}
    assert askers.lost == []


def test_sighup_under_load_takes_the_model_that_is_there_now(vectors, tmp_path):
    here = tmp_path / "current"
    here.symlink_to(vectors[2])
    model = vectors[0]
    replace(model, prior=model.prior * 0 + 0.5, singles=dict(model.singles), fusion=None).export(tmp_path / "second")
    with started(here) as (process, port, _):
        askers = Askers(port, 4)
        time.sleep(0.3)
        beside = tmp_path / "beside"
        beside.symlink_to(tmp_path / "second")
        beside.replace(here)
        process.send_signal(signal.SIGHUP)
        wanted = json.loads((tmp_path / "second" / "export.json").read_text())["sha256"][:12]
        until = time.monotonic() + 20
        while json.loads(ask(port, "GET", "/ready")[1]).get("version") != wanted and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.3)
        here.unlink()  # nothing there: it goes on as before
        process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        askers.end()
        assert json.loads(ask(port, "GET", "/ready")[1])["version"] == wanted
    assert set(askers.statuses) == {200}
    assert askers.lost == []
    assert len(askers.versions) == 2


def test_examples_are_read_from_a_table(vectors, tmp_path):
    import pyarrow.parquet as pq

    pq.write_table(vectors[1], tmp_path / "rows.parquet")
    with started(vectors[2], "--examples", str(tmp_path / "rows.parquet")) as (_, port, _):
        spec = json.loads(ask(port, "GET", "/spec")[1])
        assert len(spec["examples"]) == 8
        assert [own["truth"] for own in spec["examples"][:2]] == ["no", "yes"]
        body = json.dumps({"rows": [own["row"] for own in spec["examples"]]})
        assert ask(port, "POST", "/predict", body)[0] == 200


def test_examples_go_with_the_model_that_they_are_of(vectors, number, tmp_path):
    import pyarrow.parquet as pq

    pq.write_table(vectors[1], tmp_path / "rows.parquet")
    here, beside = tmp_path / "current", tmp_path / "beside"
    here.symlink_to(vectors[2])
    with started(here, "--examples", str(tmp_path / "rows.parquet")) as (process, port, _):
        for folder, examples in ((number[1], 0), (vectors[2], 8)):
            beside.symlink_to(folder)
            beside.replace(here)
            process.send_signal(signal.SIGHUP)
            until = time.monotonic() + 20
            while len(json.loads(ask(port, "GET", "/spec")[1])["examples"]) != examples and time.monotonic() < until:
                time.sleep(0.05)
            assert len(json.loads(ask(port, "GET", "/spec")[1])["examples"]) == examples


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--host", "0.0.0.0"), "must have a token"),
        (("--log-inputs",), "Pass --log FILE"),
        (("--log", "no/folder/log.db"), "must be a log of predictions or a new file"),
        (("--token-file", "nowhere"), "token file must be readable"),
        (("--examples", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_what_cannot_be_served_is_said_in_a_sentence(vectors, options, said):
    done = subprocess.run(
        [sys.executable, "-m", "fuseworthy", "serve", str(vectors[2]), "--port", "0", *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert said in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr


def test_folders_that_are_no_model_or_damaged_are_refused(vectors, tmp_path):
    with pytest.raises(InputError, match="holds neither"):
        graph_of(tmp_path)
    copytree(vectors[2], tmp_path / "flipped")
    graph = tmp_path / "flipped" / "model.onnx"
    content = bytearray(graph.read_bytes())
    content[len(content) // 2] ^= 1
    graph.write_bytes(bytes(content))
    with pytest.raises(InputError, match="sha256"):
        read_served(tmp_path / "flipped")
    for change, said in (
        ({"file": "../model.onnx"}, "must hold the graph"),
        ({"format": 99}, "must be of format"),
        ({"probe": {"inputs": {}, "prediction": {"face": [[0.5, 0.5]]}}}, "cannot be opened"),
    ):
        copytree(vectors[2], tmp_path / said.replace(" ", ""))
        path = tmp_path / said.replace(" ", "") / "export.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
        with pytest.raises(InputError, match=said):
            read_served(path.parent)


def test_an_answer_to_the_probe_that_differs_is_refused(vectors, tmp_path):
    copytree(vectors[2], tmp_path / "other")
    path = tmp_path / "other" / "export.json"
    about = json.loads(path.read_text())
    about["probe"]["prediction"]["face"][0][0] += 0.001
    path.write_text(json.dumps(about))
    with pytest.raises(InputError, match="must answer its probe as it did"):
        read_served(tmp_path / "other")


def test_a_second_signal_does_not_wait(vectors):
    with started(vectors[2]) as (process, port, _):
        held = socket.create_connection(("127.0.0.1", port))
        held.sendall(b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n")
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        held.close()
    assert time.monotonic() - start < 5
