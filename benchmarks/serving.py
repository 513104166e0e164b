"""A server under load: requests per second beside an echo, micro-batches, overload, slow clients, and how it ends.

    python benchmarks/serving.py rates|batching|overload|slow|ending|head|soak [--seconds 5]

A model of three embeddings of 384 numbers is served on loopback by one process; another asks (`asking.py`). The echo is a
FastAPI endpoint under the same server that sends a request's body back; "echo of JSON" also reads it with orjson and writes
it again. Writes rows of ``results/serving.parquet``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import fuseworthy as fw
from fuseworthy.deploy.serving.service import HELD
from records import HERE, RESULTS, commit, machine, save

MODALITIES, WIDTH = ("face", "gait", "voice"), 384
ECHO = """
import sys
import orjson, uvicorn
from fastapi import FastAPI, Request, Response
app = FastAPI(openapi_url=None)
@app.post("/echo")
async def echo(request: Request): return Response(await request.body(), media_type="application/json")
@app.post("/json")
async def again(request: Request): return Response(orjson.dumps(orjson.loads(await request.body())), media_type="application/json")
uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False, http="httptools", loop="uvloop")
"""


def exported(folder: Path) -> Path:
    """A model of three embeddings, as a graph."""
    rng, n = np.random.default_rng(0), 600
    y = rng.permutation(np.arange(n) % 2)
    columns = {m: (rng.normal(size=(n, WIDTH)) + 0.12 * y[:, None]).tolist() for m in MODALITIES}
    table = pa.table(columns | {"y": np.array(["no", "yes"])[y].tolist()})
    study = fw.compare(
        table,
        "y",
        modalities={m: fw.Embedding(m) for m in MODALITIES},
        strategies=["stacking"],
        folds=3,
        repeats=1,
        attribution=False,
        anyway=True,
    )
    study.deploy("stacking").export(folder)
    return folder


def in_json(rows: int = 1) -> bytes:
    """A request of some rows, whole."""
    rng = np.random.default_rng(1)
    own = [{m: rng.normal(size=WIDTH).round(6).tolist() for m in MODALITIES} for _ in range(rows)]
    return json.dumps({"rows": own}, separators=(",", ":")).encode()


def in_bytes() -> bytes:
    """Tensors of one row as bytes, with their head before them."""
    rng = np.random.default_rng(1)
    inputs = [
        {
            "name": f"{m}:vectors",
            "shape": [1, WIDTH],
            "datatype": "FP32",
            "parameters": {"binary_data_size": 4 * WIDTH},
        }
        for m in MODALITIES
    ]
    head = {"inputs": inputs, "outputs": [{"name": "prediction"}], "parameters": {"binary_data_output": True}}
    content = rng.normal(size=len(MODALITIES) * WIDTH).astype(np.float32).tobytes()
    written = json.dumps(head, separators=(",", ":")).encode()
    return struct.pack("<I", len(written)) + written + content


def whole(path: str, body: bytes, kind: str = "application/json", extra: str = "") -> bytes:
    """An HTTP request."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{extra}\r\n"
    )
    return head.encode() + body


def tensors_request() -> bytes:
    content = in_bytes()
    size = struct.unpack("<I", content[:4])[0]
    header = f"inference-header-content-length: {size}\r\n"
    return whole("/v2/models/model/infer", content[4:], "application/octet-stream", header)


@contextmanager
def served(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], int, float]]:
    """A server process, its port, and the seconds until it was ready."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "fuseworthy", "serve", str(folder), "--port", "0", *options],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    port = int(re.search(r":(\d+)/", line)[1])  # type: ignore[index]
    while b"200 OK" not in _get(port, "/ready"):
        time.sleep(0.005)
    try:
        yield process, port, time.perf_counter() - start
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def echoed() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", ECHO, str(port)])
    while not _get(port, "/"):
        time.sleep(0.05)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def _get(port: int, path: str) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as own:
            own.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
            return own.recv(1 << 16)
    except OSError:
        return b""


def asked(port: int, request: bytes, connections: int, seconds: float) -> dict[str, Any]:
    """What the load generator found."""
    with asking(port, request, connections, seconds) as process:
        return json.loads(process.communicate()[0])


@contextmanager
def asking(port: int, request: bytes, connections: int, seconds: float) -> Iterator[subprocess.Popen[str]]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(request)
        file.flush()
        command = [sys.executable, str(HERE / "asking.py"), str(port), str(connections), str(seconds), file.name]
        yield subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def resident(process: subprocess.Popen[str]) -> float:
    """Megabytes."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[1]) / 1000  # type: ignore[index]


def opened(process: subprocess.Popen[str]) -> int:
    """File descriptors."""
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


def rates(folder: Path, seconds: float) -> Iterator[dict[str, Any]]:
    """Requests per second at 32 connections, five times in turn."""
    body = in_json()
    with served(folder) as (process, port, ready), echoed() as echo:
        yield {"measure": "ready", "value": ready, "unit": "s"}
        yield {"measure": "memory when ready", "value": resident(process), "unit": "MB"}
        kinds = {
            "JSON": (port, whole("/predict", body)),
            "binary": (port, tensors_request()),
            "echo of the JSON's bytes": (echo, whole("/echo", body)),
            "echo of JSON read and written": (echo, whole("/json", body)),
            "echo of the binary's bytes": (echo, whole("/echo", tensors_request().split(b"\r\n\r\n", 1)[1])),
        }
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in kinds}
        for _ in range(5):
            for name, (own, request) in kinds.items():
                found[name].append(asked(own, request, 32, seconds))
                assert set(found[name][-1]["statuses"]) == {"200"}, found[name][-1]
        for name, runs in found.items():
            yield {"measure": f"{name}: requests/s", "value": statistics.median(r["rate"] for r in runs), "unit": "1/s"}
            yield {"measure": f"{name}: p99", "value": statistics.median(r["quantiles"][2] for r in runs), "unit": "s"}
        yield {"measure": "memory after", "value": resident(process), "unit": "MB"}


def batching(folder: Path, seconds: float) -> Iterator[dict[str, Any]]:
    """64 connections with batches of 32 rows at most, and with none; in turn."""
    request = whole("/predict", in_json())
    with served(folder) as (_, together, _), served(folder, "--batch", "1") as (_, alone, _):
        found: dict[str, list[dict[str, Any]]] = {"micro-batches": [], "one by one": []}
        for _ in range(4):
            for name, port in (("micro-batches", together), ("one by one", alone)):
                found[name].append(asked(port, request, 64, seconds))
        for name, runs in found.items():
            yield {"measure": f"{name}: requests/s", "value": statistics.median(r["rate"] for r in runs), "unit": "1/s"}
            yield {"measure": f"{name}: p99", "value": statistics.median(r["quantiles"][2] for r in runs), "unit": "s"}


def overload(folder: Path, seconds: float) -> Iterator[dict[str, Any]]:
    """More than four times what can be answered, for a minute."""
    with served(folder) as (process, port, _):
        capacity = asked(port, whole("/predict", in_json(16)), 4, 5)["rate"]
        many = round(4.2 * capacity * (HELD + 0.02))  # each asks again when it is answered or, after a while, refused
        asked(port, whole("/predict", in_json(16)), many, 10)  # so many bodies of 170 kB at once need their room
        before = resident(process)
        found = asked(port, whole("/predict", in_json(16)), many, max(seconds, 60))
        answered, refused = found["statuses"].get("200", 0), found["statuses"].get("503", 0)
        yield {"measure": "capacity, requests of 16 rows", "value": capacity, "unit": "1/s"}
        yield {"measure": "asked", "value": (answered + refused) / found["seconds"] / capacity, "unit": "of capacity"}
        yield {"measure": "answered", "value": answered / found["seconds"] / capacity, "unit": "of capacity"}
        yield {"measure": "refused by 503", "value": refused, "unit": "requests"}
        yield {"measure": "other statuses", "value": sum(found["statuses"].values()) - answered - refused, "unit": ""}
        yield {"measure": "lost", "value": found["lost"], "unit": "requests"}
        yield {"measure": "memory growth", "value": resident(process) / before - 1, "unit": "share"}
        start = time.perf_counter()
        asked(port, whole("/predict", in_json()), 1, 0.05)
        yield {"measure": "recovered after", "value": time.perf_counter() - start, "unit": "s"}


def slow(folder: Path, seconds: float) -> Iterator[dict[str, Any]]:
    """p99 of 16 connections alone, and beside a thousand that send half a head and stop."""
    request = whole("/predict", in_json())
    with served(folder) as (process, port, _), ExitStack() as held:
        alone, beside = [], []
        for _ in range(3):
            alone.append(asked(port, request, 16, seconds)["quantiles"][2])
            silent = [held.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(1000)]
            for own in silent:
                own.sendall(b"POST /predict HTTP/1.1\r\nhost: localhost\r\n")
            found = asked(port, request, 16, seconds)
            assert set(found["statuses"]) == {"200"}
            assert not found["lost"]
            beside.append(found["quantiles"][2])
            held.close()
            time.sleep(0.5)
        yield {"measure": "p99 alone", "value": statistics.median(alone), "unit": "s"}
        yield {"measure": "p99 beside 1 000 slow clients", "value": statistics.median(beside), "unit": "s"}
        yield {"measure": "memory after", "value": resident(process), "unit": "MB"}


def ending(folder: Path, seconds: float) -> Iterator[dict[str, Any]]:
    """SIGTERM under load, ten times: requests that were sent on an accepted connection and not answered."""
    answered = lost = 0
    took = []
    for _ in range(10):
        with served(folder) as (process, port, _), asking(port, whole("/predict", in_json()), 32, 4) as load:
            time.sleep(2)
            start = time.perf_counter()
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
            took.append(time.perf_counter() - start)
            found = json.loads(load.communicate()[0])
            answered += found["statuses"].get("200", 0)
            lost += found["lost"] + sum(found["statuses"].values()) - found["statuses"].get("200", 0)
    yield {"measure": "answered", "value": answered, "unit": "requests"}
    yield {"measure": "lost or not answered well", "value": lost, "unit": "requests"}
    yield {"measure": "ended after", "value": statistics.median(took), "unit": "s"}


def head(folder: Path, seconds: float) -> Iterator[dict[str, Any]]:
    """One row through the server's own engine, beside the bare session: medians in turn."""
    from fuseworthy.deploy.serving.answering import answered
    from fuseworthy.deploy.serving.reading import fed_vectors
    from fuseworthy.deploy.serving.served import read_served

    own = read_served(folder)
    rng = np.random.default_rng(0)
    rows = [{m: rng.normal(size=WIDTH) for m in MODALITIES}]
    feeds = fed_vectors(own, rows)
    bare, ours = [], []
    for _ in range(20_000):
        start = time.perf_counter()
        own.session.run(own.outputs, feeds)
        middle = time.perf_counter()
        given = fed_vectors(own, rows)
        answered(own, given, own.run(given))
        ours.append(time.perf_counter() - middle)
        bare.append(middle - start)
    yield {"measure": "bare session", "value": statistics.median(bare), "unit": "s"}
    yield {"measure": "rows to answers", "value": statistics.median(ours), "unit": "s"}


def soak(folder: Path, seconds: float) -> Iterator[dict[str, Any]]:
    """Good and bad requests at once, in ten turns; memory and files after the first turn and at the end."""
    bad = (b"{", b'{"rows":[{}]}', b'{"rows":[{"face":[1]}]}', b'{"rows":[{"face":NaN}]}')
    kinds = {
        "JSON": (whole("/predict", in_json()), 10),
        "binary": (tensors_request(), 10),
        **{f"bad {i}": (whole("/predict", body), 2) for i, body in enumerate(bad)},
    }
    statuses, quantiles, lost = Counter[str](), [], 0
    with served(folder) as (process, port, _):
        for turn in range(10):
            with ExitStack() as held:
                loads = {k: held.enter_context(asking(port, *own, seconds)) for k, own in kinds.items()}
                for kind, load in loads.items():
                    found = json.loads(load.communicate()[0])
                    statuses.update({f"{kind[:3]} {s}": count for s, count in found["statuses"].items()})
                    lost += found["lost"]
                    quantiles += [found["quantiles"]] if found["quantiles"] else []
            if not turn:
                memory, files = resident(process), opened(process)
            print(f"{turn + 1} of 10: {dict(statuses)}, {resident(process):.0f} MB", flush=True)
        yield {"measure": "requests", "value": statuses.total(), "unit": ""}
        yield {"measure": "good", "value": sum(c for s, c in statuses.items() if s.endswith(" 200")), "unit": ""}
        yield {"measure": "bad", "value": sum(c for s, c in statuses.items() if s[:3] == "bad"), "unit": ""}
        yield {"measure": "lost", "value": lost, "unit": "requests"}
        yield {"measure": "5xx", "value": sum(c for s, c in statuses.items() if s[4] == "5"), "unit": ""}
        yield {"measure": "p50 of the good", "value": statistics.median(q[0] for q in quantiles), "unit": "s"}
        yield {"measure": "p99 of the good", "value": statistics.median(q[2] for q in quantiles), "unit": "s"}
        yield {"measure": "memory growth", "value": resident(process) / memory - 1, "unit": "share"}
        yield {"measure": "files more", "value": opened(process) - files, "unit": ""}


PARTS = {own.__name__: own for own in (rates, batching, overload, slow, ending, head, soak)}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run")
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as home:
        folder = exported(Path(home) / "export")
        print(f"commit {commit()}; {machine()}")
        for part in given.parts:
            for row in PARTS[part](folder, given.seconds):
                rows.append({"part": part} | row | {"commit": commit(), "machine": machine()})
                print(f"{part:10} {row['measure']:40} {row['value']:.5g} {row['unit']}", flush=True)
    path = RESULTS / "serving.parquet"
    kept = [row for row in pq.read_table(path).to_pylist() if row["part"] not in given.parts] if path.exists() else []
    print(save("serving", kept + rows))
