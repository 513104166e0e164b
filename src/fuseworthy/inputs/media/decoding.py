"""Rows of files to what the encoders make of them, in the order of the rows, by as many processes as it pays to start."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import pyarrow as pa

from fuseworthy import errors, wire
from fuseworthy.errors import InputError
from fuseworthy.inputs.media.cells import Row, rows_of
from fuseworthy.inputs.media.describing import DescribedRow, describe_row
from fuseworthy.inputs.media.messages import from_answer, to_task
from fuseworthy.inputs.recordings import Recording

OnRows = Callable[[int, int], None]
"""Called with rows done and rows in all."""
CHUNK = 64
"""Rows that a worker gets at once."""
WORTH_WORKERS = 4.0
"""Seconds that the rest would take in this process, from which on workers are started: each needs about one to start."""
AHEAD = 2
"""Chunks on the way for each worker, so that memory does not grow with the table."""


def describe_rows(
    recording: Recording,
    views: Sequence[str],
    table: pa.Table,
    *,
    jobs: int | None = None,
    on_rows: OnRows | None = None,
) -> Iterator[DescribedRow]:
    """Each row as encoded, in order, whoever encoded it.

    Parameters
    ----------
    jobs : int, optional
        Processes. Left out, the first chunk is timed here, and the rest is shared out if that pays.
    on_rows : callable (done, total), optional

    Raises
    ------
    InputError
        Columns of a type that the kind does not read, or a worker that died.
    """
    tell, total, done = on_rows or _quiet, table.num_rows, 0
    chunks = _chunks(recording, table)
    start = time.monotonic()
    for first, rows in chunks:
        if jobs is not None and jobs > 1:
            break
        yield from (describe_row(recording, views, row) for row in rows)
        done = first + len(rows)
        tell(done, total)
        left = (time.monotonic() - start) / done * (total - done)
        if jobs is None and left > WORTH_WORKERS and processors() > 1:
            break
    else:
        return
    workers = min(jobs if jobs is not None else min(processors(), 8), max(-(-(total - done) // CHUNK), 1))
    for found in _shared_out(recording, views, _chunks(recording, table, done), workers):
        yield from found
        done += len(found)
        tell(done, total)


def processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _quiet(done: int, total: int) -> None:
    return None


def _chunks(recording: Recording, table: pa.Table, start: int = 0) -> Iterator[tuple[int, list[Row]]]:
    for first in range(start, table.num_rows, CHUNK):
        yield first, rows_of(recording, table.slice(first, CHUNK), first)


def _shared_out(
    recording: Recording, views: Sequence[str], chunks: Iterator[tuple[int, list[Row]]], workers: int
) -> Iterator[list[DescribedRow]]:
    """Answers to the chunks in order; a thread for each worker waits for it."""
    idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
    started = [_start() for _ in range(workers)]
    for worker in started:
        idle.put(worker)

    def ask(first: int, rows: list[Row]) -> list[DescribedRow]:
        worker = idle.get()
        try:
            return _ask(worker, to_task(recording, views, rows), first)
        finally:
            idle.put(worker)

    waiting: deque[Future[list[DescribedRow]]] = deque()
    try:
        with ThreadPoolExecutor(workers) as threads:
            try:
                for first, rows in chunks:
                    waiting.append(threads.submit(ask, first, rows))
                    if len(waiting) >= AHEAD * workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            except BaseException:  # the threads end at once, rather than after the chunks they wait for
                for future in waiting:
                    future.cancel()
                for worker in started:
                    worker.kill()
                raise
    finally:
        for worker in started:
            _end(worker)


def _start() -> subprocess.Popen[bytes]:
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return subprocess.Popen(
        [sys.executable, "-m", "fuseworthy.inputs.media.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | single,
        start_new_session=True,
    )


def _ask(worker: subprocess.Popen[bytes], task: dict[str, Any], first: int) -> list[DescribedRow]:
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        worker.stdin.write(wire.packed(task))
        worker.stdin.flush()
        answer = wire.read(worker.stdout.read)
    except BrokenPipeError:
        answer = None
    rows = f"rows {first + 1} to {first + len(task['rows'])}"
    if answer is None:
        raise InputError(
            f"every file must be decodable, but the process that decoded {rows} died "
            f"(exit code {worker.wait()}): a file among them crashes its decoder, or memory is short. Leave them out one "
            "by one to find it."
        )
    if "error" in answer:
        raise getattr(errors, answer["error"])(answer["said"])
    if "trace" in answer:
        raise RuntimeError(f"{rows} could not be encoded:\n{answer['trace']}")
    return from_answer(answer["rows"])


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.kill()
    worker.wait()
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                continue
