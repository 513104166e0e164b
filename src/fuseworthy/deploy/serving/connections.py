"""Connections that are not waited for without end: slow heads, slow bodies, answers that are never read, too many at once."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import suppress
from typing import Any

from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from fuseworthy.deploy.serving.exchange import CLOSE, GONE, WHOLE, Headers

MOST_CONNECTIONS = 1024
UPGRADE = re.compile(rb"\r\nupgrade:", re.IGNORECASE)
MOST_HEAD = 1 << 16
"""Bytes of a request's line and headers."""
HEAD, BODY, ANSWER = 10.0, 10.0, 30.0
"""Seconds for a request's head, its body, and from there to the last byte of its answer."""
JUST_COME = 0.5
"""Seconds that a connection without a request gets when the server ends."""
IDLE = 30
"""Seconds that a connection may be kept between requests."""


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 with deadlines; where there are too many connections the one that has waited longest is closed."""

    phase: str = "head"
    deadline: float = 0.0
    seen: int = 0
    """Bytes of a head that has not ended, and its last ones."""
    last: bytes = b""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._enter("head", HEAD)
        if len(self.connections) > MOST_CONNECTIONS:
            waiting = [c for c in self.connections if c.phase in ("idle", "head", "body") and c is not self]  # type: ignore[union-attr]
            oldest = min(waiting, key=lambda c: c.deadline, default=self)  # type: ignore[union-attr]
            oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.scope:
            for future in self.scope.get(GONE, ()):  # type: ignore[attr-defined]
                future.cancel()
            self.scope.pop(WHOLE, None)  # type: ignore[misc]  # or each would hold the other
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """As uvicorn's, but a head has an end, and no other protocol is gone over to."""
        if self.phase in ("idle", "head"):
            window = self.last + data
            end = window.find(b"\r\n\r\n")
            stop = len(data) if end < 0 else end + 4 - len(self.last)  # of what belongs to the head
            self.seen += stop
            self.last = window[-3:] if end < 0 else b""
            if self.seen > MOST_HEAD:
                self._refuse(b"431 Request Header Fields Too Large")
                return
            if data.find(b"pgrade:", 0, stop) >= 0:  # the parser would take what follows for that, and not for a body
                data = UPGRADE.sub(b"\r\nx-upgrade:", data[:stop]) + data[stop:]
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[GONE] = []  # type: ignore[literal-required]
        self.scope[WHOLE] = self.write_whole  # type: ignore[literal-required]
        self._enter("head", HEAD)

    def on_headers_complete(self) -> None:
        self.seen = 0
        self._enter("body", BODY)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        answered = self.cycle is not None and self.cycle.response_complete  # refused before its body was there
        self._enter(*(("idle", IDLE) if answered else ("answer", ANSWER)))
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """As uvicorn's, but without a timer for each wait: `expire` ends those that last too long."""
        self._enter("idle", IDLE)
        self.server_state.total_requests += 1
        if not self.transport.is_closing():
            self.flow.resume_reading()
            if self.pipeline:
                self._start_asgi_task(*self.pipeline.pop())

    def write_whole(self, scope: Any, status: int, headers: Headers, body: bytes) -> bool:
        """Write an answer by one system call, where ASGI's two messages take two; False where it must be those."""
        cycle = self.cycle
        if cycle.scope is not scope or cycle.response_started or cycle.disconnected or cycle.flow.write_paused:
            return False
        cycle.keep_alive = cycle.keep_alive and CLOSE not in headers
        head = [b"%b: %b\r\n" % own for own in (*cycle.default_headers, *headers)]
        if not cycle.keep_alive and CLOSE not in headers:
            head.append(b"connection: close\r\n")
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.transport.write(b"".join((STATUS_LINE[status], *head, b"\r\n", body)))
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
        return True

    def expire(self) -> None:
        """End a connection whose deadline is over."""
        answering = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        if self.phase in ("head", "body") and not answering:
            self._refuse(b"408 Request Timeout")
        else:
            self.transport.abort()

    def _refuse(self, status: bytes) -> None:
        self.transport.write(b"HTTP/1.1 %b\r\nconnection: close\r\ncontent-length: 0\r\n\r\n" % status)
        self.transport.close()

    def _enter(self, phase: str, seconds: float) -> None:
        self.phase, self.deadline = phase, self.loop.time() + seconds


class PatientServer(Server):
    """A server that ends gently: first not ready, then no new connections, and every accepted request is answered.

    Parameters
    ----------
    config : uvicorn's
    on_leaving : callable
        Called when it is asked to end.
    leave : seconds in which connections are told to close while new ones are still taken
    """

    def __init__(self, config: Config, on_leaving: Any, leave: float = 1.0) -> None:
        super().__init__(config)
        self.on_leaving, self.leave = on_leaving, leave
        self._leaving_at: float | None = None

    def handle_exit(self, sig: int, frame: Any) -> None:
        """The first signal begins the end, the second does not wait."""
        if self._leaving_at is None:
            self._leaving_at = asyncio.get_event_loop().time()
            self.on_leaving()
        else:
            self.should_exit = self.force_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connection, let those that have just come ask their question, and end the others."""
        own = [listener.dup() for listener in sockets or ()]
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        for listener in own:
            await self._accept_waiting(listener)
        until = asyncio.get_running_loop().time() + JUST_COME
        while any(c.phase == "head" for c in self.server_state.connections) and not self.force_exit:  # type: ignore[union-attr]
            if asyncio.get_running_loop().time() > until:
                break
            await asyncio.sleep(0.01)
        await super().shutdown(sockets)

    async def _accept_waiting(self, listener: socket.socket) -> None:
        """Take the connections that the system has taken for us already: closing the listener would reset them."""
        found = []
        listener.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                found.append(listener.accept()[0])
        listener.close()
        for connection in found:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> PatientProtocol:
        return PatientProtocol(self.config, self.server_state, self.lifespan.state)

    async def on_tick(self, counter: int) -> bool:
        now = asyncio.get_running_loop().time()
        for connection in list(self.server_state.connections):
            if now > connection.deadline:  # type: ignore[union-attr]
                connection.expire()  # type: ignore[union-attr]
        if self._leaving_at is not None and now >= self._leaving_at + self.leave:
            self.should_exit = True
        return await super().on_tick(counter)
