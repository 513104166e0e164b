"""Micro-batches: what is waiting is answered together, without waiting for more; the queue is bounded.

A request that arrives while nothing runs is answered as soon as all that has arrived with it is read. Those that arrive
meanwhile make the next batch, so batches grow with the load and no timer adds to the latency of a quiet server.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fuseworthy.deploy.serving.problem import Problem

MOST_ROWS = 32
MOST_WAITING = 512
"""Rows in the queue."""
PATIENCE = 10.0
"""Seconds that a request may wait in the queue."""

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[list[Item]], "list[Result] | Awaitable[list[Result]]"]


@dataclass(eq=False, slots=True)
class _Waiting(Generic[Item]):
    item: Item
    rows: int
    kind: object
    future: asyncio.Future[Any]
    until: float


class Batcher(Generic[Item, Result]):
    """Answers items in batches, in the order in which they came.

    Parameters
    ----------
    work : callable
        Items to results, one each, at once or awaited. What it raises for a batch it is asked again member by member, so
        that one item fails no other.
    most_rows : int
        Rows of a batch; an item of more rows makes a batch of its own. One switches batching off.
    most_waiting : int
        Rows in the queue beyond which `ask` refuses.
    on_batch : callable (rows), optional
    """

    def __init__(
        self,
        work: Work[Item, Result],
        *,
        most_rows: int = MOST_ROWS,
        most_waiting: int = MOST_WAITING,
        on_batch: Callable[[int], None] | None = None,
    ) -> None:
        self.work, self.most_rows, self.most_waiting = work, most_rows, most_waiting
        self.on_batch = on_batch or (lambda rows: None)
        self.waiting = 0
        self._queue: deque[_Waiting[Item]] = deque()
        self._some = asyncio.Event()
        self._rate = 1000.0
        self._runner: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to answer; in a running loop."""
        self._loop = asyncio.get_running_loop()  # kept: to ask for it costs a system call
        self._runner = self._loop.create_task(self._run())

    async def stop(self) -> None:
        """Cease to answer."""
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)

    def ask(self, item: Item, rows: int, kind: object = None) -> asyncio.Future[Result]:
        """The future of an item's result; cancelling it takes the item from the queue.

        Parameters
        ----------
        kind : object, optional
            Items of different kinds are never in one batch.

        Raises
        ------
        Problem
            503: too many rows are waiting.
        """
        self.require_room(rows)
        own = _Waiting(item, rows, kind, self._loop.create_future(), self._loop.time() + PATIENCE)
        self._queue.append(own)
        self.waiting += rows
        self._some.set()
        return own.future

    def require_room(self, rows: int = 1) -> None:
        """Raise `Problem` 503 if so many rows more may not wait; a request of any size is taken when nothing waits."""
        if self.waiting + rows > self.most_waiting and self.waiting:
            raise Problem(
                503,
                f"at most {self.most_waiting} rows may wait, and {self.waiting} do. Ask again later.",
                retry_after=max(1, round(self.waiting / self._rate)),
            )

    async def _run(self) -> None:
        loop = self._loop
        while True:
            await self._some.wait()
            if self.waiting < self.most_rows:
                await asyncio.sleep(0)  # whoever is there to be read joins
            batch = self._taken(loop.time())
            if not self._queue:
                self._some.clear()
            if not batch:
                continue
            start = loop.time()
            await self._answer(batch)
            rows = sum(own.rows for own in batch)
            self._rate += 0.1 * (rows / max(loop.time() - start, 1e-6) - self._rate)
            self.on_batch(rows)
            await asyncio.sleep(0)  # whoever else is ready

    def _taken(self, now: float) -> list[_Waiting[Item]]:
        """The next items that still wait for an answer, of one kind."""
        batch: list[_Waiting[Item]] = []
        rows = 0
        while self._queue:
            first = self._queue[0]
            alive = not first.future.done() and now <= first.until
            if alive and batch and (rows + first.rows > self.most_rows or first.kind != batch[0].kind):
                break
            self._queue.popleft()
            self.waiting -= first.rows
            if alive:
                batch.append(first)
                rows += first.rows
            elif not first.future.done():
                first.future.set_exception(Problem(503, "it waited too long. Ask again later.", retry_after=1))
        return batch

    async def _answer(self, batch: list[_Waiting[Item]]) -> None:
        try:
            results = await self._done([own.item for own in batch])
        except Exception as error:
            if len(batch) == 1:
                _fail(batch[0], error)
            else:
                for own in batch:
                    await self._answer([own])
            return
        for own, result in zip(batch, results, strict=True):
            if not own.future.done():
                own.future.set_result(result)

    async def _done(self, items: list[Item]) -> list[Result]:
        found = self.work(items)
        return found if isinstance(found, list) else await found


def _fail(own: _Waiting[Any], error: Exception) -> None:
    if not own.future.done():
        own.future.set_exception(error)
