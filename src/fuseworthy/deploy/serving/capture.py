"""The log of predictions: a SQLite file that survives being killed, written by a thread that serving never waits for."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import time
from pathlib import Path
from queue import Empty, Full, Queue
from typing import Any

import orjson

from fuseworthy.errors import InputError

MOST_BEHIND = 10_000
"""Requests that wait to be written; more are dropped and counted."""
EVERY = 0.2
"""Seconds between commits."""
COLUMNS = {
    "request": "TEXT NOT NULL",
    "row": "INTEGER NOT NULL",
    "time": "REAL NOT NULL",
    "model": "TEXT NOT NULL",
    "version": "TEXT NOT NULL",
    "pattern": "TEXT NOT NULL",
    "route": "TEXT NOT NULL",
    "abstained": "INTEGER NOT NULL",
    "prediction": "TEXT NOT NULL",
    "fusion": "TEXT",
    "alone": "TEXT NOT NULL",
    "inputs": "TEXT",
}
"""A row a row answered. ``prediction``, ``fusion`` and ``alone`` are JSON; ``inputs`` is null unless inputs are logged."""


class Capture:
    """Writes what was answered.

    Parameters
    ----------
    path : file, new or of an earlier run
    on_dropped : callable (rows)
        Called with rows that were not written because the writer was behind.

    Raises
    ------
    InputError
        The file is no log of ours.
    """

    def __init__(self, path: Path, on_dropped: Any) -> None:
        self.path, self.on_dropped = path, on_dropped
        self._queue: Queue[tuple[str, float, str, str, list[dict[str, Any]], list[Any] | None]] = Queue(MOST_BEHIND)
        self._stopping = threading.Event()
        try:
            connection = self._opened()
            connection.close()
        except sqlite3.Error as error:
            raise InputError(
                f"{path} must be a log of predictions or a new file, but: {error}. Name another."
            ) from error
        self._thread = threading.Thread(target=self._write, name="capture", daemon=True)
        self._thread.start()

    def note(
        self, request: str, model: str, version: str, answers: list[dict[str, Any]], inputs: list[Any] | None
    ) -> None:
        """Have answers written, without waiting."""
        try:
            self._queue.put_nowait((request, time.time(), model, version, answers, inputs))
        except Full:
            self.on_dropped(len(answers))

    def close(self) -> None:
        """Write what is waiting, and end."""
        self._stopping.set()
        self._thread.join(timeout=10)

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        connection.execute(f"CREATE TABLE IF NOT EXISTS predictions ({columns})")
        found = [own[1] for own in connection.execute("PRAGMA table_info(predictions)")]
        if found != list(COLUMNS):
            raise sqlite3.DatabaseError("its table of predictions has other columns")
        return connection

    def _write(self) -> None:
        connection = self._opened()
        insert = f"INSERT INTO predictions VALUES ({', '.join('?' * len(COLUMNS))})"
        while not (self._stopping.is_set() and self._queue.empty()):
            rows = [row for _ in range(1000) for row in self._next()]
            if rows:
                with connection:
                    connection.executemany(insert, rows)
            if self._queue.empty():
                self._stopping.wait(EVERY)
        connection.close()

    def _next(self) -> list[tuple[Any, ...]]:
        try:
            request, when, model, version, answers, inputs = self._queue.get_nowait()
        except Empty:
            return []
        return [
            (
                *(request, i, when, model, version, own["pattern"], own["route"], int(own["abstained"])),
                _json(own.get("probabilities", own["prediction"])),
                None if own["fusion"] is None else _json(own["fusion"]),
                _json(own["alone"]),
                None if inputs is None else _json(inputs[i]),
            )
            for i, own in enumerate(answers)
        ]


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY, default=_told).decode()


def _told(value: Any) -> Any:
    """Bytes of a file, by what tells them from others."""
    if isinstance(value, bytes):
        return {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}
    raise TypeError(type(value).__name__)
