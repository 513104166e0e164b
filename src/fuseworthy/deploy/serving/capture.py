"""The log of predictions: a SQLite file that survives being killed, written by a thread that serving never waits for."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import threading
import time
from pathlib import Path
from queue import Empty, Full, Queue
from typing import Any

import numpy as np
import orjson

from fuseworthy.errors import InputError

MOST_BEHIND, MOST_HELD = 10_000, 64 << 20
"""Requests that wait to be written, and about how many bytes they take; more are dropped and counted."""
ANSWER, NUMBER = 2_000, 32
"""About how many bytes an answer to a row takes, and a number of a list."""
EVERY, BUSY = 0.2, 1.0
"""Seconds between commits, and that one waits for another's lock before it is tried again."""
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
INSERT = f"INSERT INTO predictions VALUES ({', '.join('?' * len(COLUMNS))})"
logger = logging.getLogger("fuseworthy.serving")


class Capture:
    """Writes what was answered.

    Parameters
    ----------
    path : file, new or of an earlier run
    on_dropped : callable (rows)
        Called with rows that were not written because the writer was behind, or could not write until the end.

    Raises
    ------
    InputError
        The file is no log of ours.
    """

    def __init__(self, path: Path, on_dropped: Any) -> None:
        self.path, self.on_dropped = path, on_dropped
        self._queue: Queue[tuple[int, str, float, str, str, list[dict[str, Any]], list[Any] | None]] = Queue(
            MOST_BEHIND
        )
        self._held, self._holding = 0, threading.Lock()
        self._stopping, self._failing = threading.Event(), False
        try:
            self._connection = self._opened()
        except (sqlite3.Error, OSError) as error:
            raise InputError(
                f"{path} must be a log of predictions or a new file, but: {error}. Name another."
            ) from error
        self._thread = threading.Thread(target=self._write, name="capture", daemon=True)
        self._thread.start()

    def note(
        self, request: str, model: str, version: str, answers: list[dict[str, Any]], inputs: list[Any] | None
    ) -> None:
        """Have answers written, without waiting."""
        size = _size(inputs) + ANSWER * len(answers)
        if self._hold(size):
            try:
                self._queue.put_nowait((size, request, time.time(), model, version, answers, inputs))
            except Full:
                self._hold(-size)
            else:
                return
        self.on_dropped(len(answers))

    def close(self) -> None:
        """Write what is waiting, and end."""
        self._stopping.set()
        self._thread.join(timeout=10)

    def _hold(self, size: int) -> bool:
        """Add to the bytes that wait, if there is room: for some of any size where none wait."""
        with self._holding:
            if size > 0 and self._held and self._held + size > MOST_HELD:
                return False
            self._held += size
            return True

    def _opened(self) -> sqlite3.Connection:
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))  # what it holds may be nobody else's business
        connection = sqlite3.connect(self.path, timeout=BUSY, check_same_thread=False)  # the writer uses it, none else
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        connection.execute(f"CREATE TABLE IF NOT EXISTS predictions ({columns})")
        found = [own[1] for own in connection.execute("PRAGMA table_info(predictions)")]
        if found != list(COLUMNS):
            raise sqlite3.DatabaseError("its table of predictions has other columns")
        return connection

    def _write(self) -> None:
        rows: list[tuple[Any, ...]] = []
        while rows or not (self._stopping.is_set() and self._queue.empty()):
            rows = rows or [row for _ in range(1000) for row in self._next()]
            ending = self._stopping.is_set()
            if not self._kept(rows):
                if not ending:
                    self._stopping.wait(EVERY)
                    continue
                self.on_dropped(len(rows))
            rows = []
            if self._queue.empty():
                self._stopping.wait(EVERY)
        self._connection.close()

    def _kept(self, rows: list[tuple[Any, ...]]) -> bool:
        """Whether rows are written; what hinders that, another's lock or a full disk, is told once."""
        if not rows:
            return True
        try:
            with self._connection:
                self._connection.executemany(INSERT, rows)
        except sqlite3.Error as error:
            if not self._failing:
                logger.error("predictions cannot be logged, which is tried again and again: %s", error)
            self._failing = True
            return False
        if self._failing:
            logger.warning("predictions are logged again")
        self._failing = False
        return True

    def _next(self) -> list[tuple[Any, ...]]:
        try:
            size, request, when, model, version, answers, inputs = self._queue.get_nowait()
        except Empty:
            return []
        self._hold(-size)
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


def _size(value: Any) -> int:
    """About how many bytes a request's rows take."""
    if isinstance(value, bytes | str):
        return len(value)
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, list):
        return sum(map(_size, value)) if value and isinstance(value[0], list | dict) else NUMBER * len(value)
    return NUMBER


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY, default=_told).decode()


def _told(value: Any) -> Any:
    """Bytes of a file, by what tells them from others."""
    if isinstance(value, bytes):
        return {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}
    raise TypeError(type(value).__name__)
