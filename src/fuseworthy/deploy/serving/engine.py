"""Rows to answers: encoded where they must be, answered in batches by the graph that is served now."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from typing import Any

import numpy as np

from fuseworthy.deploy.serving.answering import Part, answered
from fuseworthy.deploy.serving.batching import MOST_ROWS, MOST_WAITING, Batcher
from fuseworthy.deploy.serving.encoder import EncoderProcess
from fuseworthy.deploy.serving.problem import Problem, pointer
from fuseworthy.deploy.serving.reading import fed_vectors
from fuseworthy.deploy.serving.served import Feeds, Served, stacked

INLINE = 0.002
"""Seconds that a full batch may take in the loop; longer ones go to a thread, so that the server keeps listening."""
LEFT = 1.0
"""Seconds that a graph stays after another has taken its place: requests may have been read for it."""
Rows = list[dict[str, Any]]
"""Rows of a request: modality -> value."""
LOST = 3
"""Requests in a row that may fail before the server looks whether it still answers."""


@dataclass(eq=False)
class Loaded:
    """A graph with what encodes its rows, and how long a batch takes."""

    served: Served
    encoder: EncoderProcess | None
    inline: bool
    encoding: Batcher[Rows, tuple[Feeds, list[str]]] | None = None
    busy: int = 0


class Engine:
    """Answers rows by the graph that is loaded.

    Parameters
    ----------
    served : the graph to begin with
    most_rows, most_waiting : see `Batcher`
    on_batch : callable (rows), optional
    """

    def __init__(
        self, served: Served, *, most_rows: int = MOST_ROWS, most_waiting: int = MOST_WAITING, on_batch: Any = None
    ) -> None:
        self.served = served  # the graph that answers now
        self.most_rows, self.most_waiting = most_rows, most_waiting
        self.failures = 0
        self.batcher: Batcher[tuple[Loaded, Rows | Feeds], Part] = Batcher(
            self._answer, most_rows=most_rows, most_waiting=most_waiting, on_batch=on_batch
        )
        self.loaded: Loaded | None = None
        self._before: Loaded | None = None
        self._replacing = asyncio.Lock()
        self._deaths = 0

    @property
    def waiting(self) -> int:
        """Rows in the queues."""
        encoding = self.loaded.encoding if self.loaded else None
        return self.batcher.waiting + (encoding.waiting if encoding else 0)

    @property
    def is_ready(self) -> bool:
        """Whether it would answer now; after some failures a batch is asked to know."""
        loaded = self.loaded
        if loaded is None or (loaded.encoder is not None and not loaded.encoder.ready):
            return False
        return self.failures < LOST or self._answers(loaded)

    def _answers(self, loaded: Loaded) -> bool:
        try:
            loaded.served.run(_full_batch(loaded.served))
        except Exception:
            return False
        self.failures = 0
        return True

    async def start(self) -> None:
        """Begin to answer; in a running loop."""
        self.loaded = await self._load(self.served)
        self.batcher.start()

    async def stop(self) -> None:
        """Cease to answer."""
        await self.batcher.stop()
        for loaded in (self.loaded, self._before):
            await self._unload(loaded)

    async def replace(self, served: Served) -> None:
        """Answer with another graph from now on; what was read for the one before is answered by that."""
        async with self._replacing:  # one after the other
            self._before, self.loaded = self.loaded, await self._load(served)
            self.served = served
            self.failures = 0
            before = self._before
            if before is None:
                return
            await asyncio.sleep(LEFT)
            while before.busy:
                await asyncio.sleep(0.05)
            self._before = None
            self._deaths += before.encoder.deaths if before.encoder else 0
            await self._unload(before)

    @property
    def deaths(self) -> int:
        """Encoder processes that were lost."""
        running = [own.encoder for own in (self.loaded, self._before) if own is not None]
        return self._deaths + sum(encoder.deaths for encoder in running if encoder is not None)

    def require_room(self) -> None:
        """Raise `Problem` 503 if the queues are full: before a request is read, as reading takes longer than refusing."""
        self.batcher.require_room()
        if self.loaded is not None and self.loaded.encoding is not None:
            self.loaded.encoding.require_room()

    async def answer_rows(self, served: Served, rows: Rows, gone: list[asyncio.Future[Any]]) -> tuple[Part, list[str]]:
        """Answers to rows, and the modalities of which something was cut.

        Parameters
        ----------
        served : the graph that the rows were read for
        gone : futures that are cancelled when the client is; this adds its own

        Raises
        ------
        Problem
            503: too much is waiting, or the graph is long gone.
        """
        loaded = self._of(served)
        if loaded.encoding is None:
            return await self._asked(loaded, rows, len(rows), gone), []
        loaded.busy += 1
        try:
            encoded = loaded.encoding.ask(rows, len(rows))
            gone.append(encoded)
            feeds, cut = await encoded
            _require_something(loaded.served, feeds)
            return await self._asked(loaded, feeds, len(rows), gone), cut
        finally:
            loaded.busy -= 1

    async def answer_feeds(self, served: Served, feeds: Feeds, gone: list[asyncio.Future[Any]]) -> Part:
        """Answers to rows that are encoded already; see `answer_rows`."""
        return await self._asked(self._of(served), feeds, len(next(iter(feeds.values()))), gone)

    def _of(self, served: Served) -> Loaded:
        for loaded in (self.loaded, self._before):
            if loaded is not None and loaded.served is served:
                return loaded
        raise Problem(503, "the model has been replaced since. Ask again.", retry_after=1)

    def _asked(
        self, loaded: Loaded, asked: Rows | Feeds, rows: int, gone: list[asyncio.Future[Any]]
    ) -> asyncio.Future[Part]:
        future = self.batcher.ask((loaded, asked), rows, (loaded, type(asked)))
        gone.append(future)
        return future

    def _answer(self, items: list[tuple[Loaded, Rows | Feeds]]) -> Any:
        loaded, asked = items[0][0], [own for _, own in items]
        if not loaded.inline:
            return asyncio.to_thread(self._run, loaded.served, asked)
        return self._run(loaded.served, asked)

    def _run(self, served: Served, asked: list[Any]) -> list[Part]:
        """The answers to requests that all bring rows, or all bring feeds."""
        try:
            if isinstance(asked[0], list):
                sizes = [len(rows) for rows in asked]
                feeds = fed_vectors(served, list(chain.from_iterable(asked)))
            else:
                sizes = [len(next(iter(own.values()))) for own in asked]
                feeds = stacked(served, asked)
            found = answered(served, feeds, served.run(feeds))
        except Exception:
            self.failures += len(asked) == 1
            raise
        self.failures = 0
        return [Part(found, slice(a, b)) for a, b in pairwise(accumulate(sizes, initial=0))]

    async def _load(self, served: Served) -> Loaded:
        inline = await asyncio.to_thread(_seconds_of_a_batch, served) <= INLINE
        if not served.needs_encoder:
            return Loaded(served, None, inline)
        encoder = EncoderProcess(served.folder)
        await encoder.start()
        loaded = Loaded(
            served,
            encoder,
            inline,
            Batcher(encoder.encode, most_rows=self.most_rows, most_waiting=self.most_waiting),
        )
        assert loaded.encoding is not None
        loaded.encoding.start()
        return loaded

    async def _unload(self, loaded: Loaded | None) -> None:
        if loaded is not None and loaded.encoding is not None and loaded.encoder is not None:
            await loaded.encoding.stop()
            await loaded.encoder.stop()


def _require_something(served: Served, feeds: Feeds) -> None:
    """Rows may turn out to have nothing when they are encoded: an empty text, times without vectors."""
    numbers = served.numbers(feeds)
    if 0 in numbers:
        place = pointer("rows", numbers.index(0))
        raise Problem(422, "a row must have at least one modality, but what it gives is empty.", place)


def _full_batch(served: Served) -> Feeds:
    """Rows that have everything."""
    feeds: Feeds = {}
    for name, own in served.inputs.items():
        shape = [MOST_ROWS, *(8 if isinstance(size, str) else size for size in own["shape"][1:])]
        feeds[name] = np.ones(shape, dtype=own["dtype"])
    return feeds


def _seconds_of_a_batch(served: Served) -> float:
    """How long the graph takes over a full batch."""
    feeds = _full_batch(served)
    served.run(feeds)
    start = time.perf_counter()
    served.run(feeds)
    return time.perf_counter() - start
