"""Servers in a thread of this process, and a client that tells status and body."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fuseworthy.deploy.serving.run as running
from fuseworthy.deploy.serving.served import read_served
from fuseworthy.deploy.serving.service import Service
from fuseworthy.deploy.serving.settings import Settings


@dataclass
class Client:
    """One keep-alive connection a thread to a server."""

    port: int
    service: Service | None = None
    server: Any = None

    def __post_init__(self) -> None:
        self._own, self._all = threading.local(), []

    def close(self) -> None:
        for connection in self._all:
            connection.close()

    def raw(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """Status, headers and body; a connection that was closed while nobody asked is opened again."""
        connection = getattr(self._own, "connection", None)
        try:
            if connection is not None:
                return _asked(connection, method, path, body, headers)
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
            connection.close()
        connection = self._own.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self._all.append(connection)
        return _asked(connection, method, path, body, headers)

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        status, _, body = self.raw("GET", path, None, headers)
        return status, json.loads(body)

    def post(self, body: Any, path: str = "/predict", headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Status and JSON of an answer; a body that is no bytes is sent as JSON."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, _, answer = self.raw("POST", path, sent, {"content-type": "application/json"} | (headers or {}))
        return status, json.loads(answer)


def _asked(connection: Any, method: str, path: str, body: Any, headers: dict[str, str] | None) -> Any:
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    return response.status, dict(response.getheaders()), response.read()


@contextmanager
def serving(folder: Path, examples: list[Any] | None = None, **settings: Any) -> Iterator[Client]:
    """A server of an export, until the block ends."""
    own = Settings(port=0, **settings)
    sock = running.listening(own)
    server, service = running.server_of(read_served(folder), own, examples)

    def run() -> None:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(server.serve([sock]))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not server.started and thread.is_alive() and time.monotonic() < until:
        time.sleep(0.01)
    assert server.started
    client = Client(sock.getsockname()[1], service, server)
    try:
        yield client
    finally:
        client.close()
        server.should_exit = True
        thread.join(timeout=20)
        assert not thread.is_alive()


def row_of(table: Any, i: int, modalities: dict[str, Any], names: list[str] | None = None) -> dict[str, Any]:
    """Row i of a table as a request gives it, with some of its modalities."""
    cells = {name: table[name][i].as_py() for name in table.column_names}
    found: dict[str, Any] = {}
    for m, modality in modalities.items():
        if names is not None and m not in names:
            continue
        own = {c: _told(cells[c]) for c in modality.columns}
        found[m] = next(iter(own.values())) if len(own) == 1 and modality.kind != "tabular" else own
    return found


def _told(cell: Any) -> Any:
    return cell.isoformat() if hasattr(cell, "isoformat") else cell
