"""A request and its answer on the endpoints that are asked most, straight on ASGI: a framework takes longer than a model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fuseworthy.deploy.serving.problem import Problem

Headers = list[tuple[bytes, bytes]]
CLOSE = (b"connection", b"close")
GONE = "fuseworthy.gone"
"""In the scope of a request: futures that are cancelled when its client goes."""
WHOLE = "fuseworthy.whole"
"""In the scope of a request, where the server has it: callable (scope, status, headers, body) that writes an answer at
once, or is False where it cannot."""
READ_ON = 4
"""Times the largest body up to which one that is too large is read, and forgotten, so that its sender hears why it is."""


class Asking:
    """A request.

    Parameters
    ----------
    scope, receive : of ASGI
    """

    __slots__ = ("_headers", "receive", "scope")

    def __init__(self, scope: Mapping[str, Any], receive: Callable[[], Awaitable[Any]]) -> None:
        self.scope, self.receive = scope, receive
        self._headers: dict[bytes, bytes] = dict(scope["headers"])

    def header(self, name: bytes) -> str:
        """A header's value, "" if it did not come.

        Raises
        ------
        Problem
            400: it came twice.
        """
        found = self._headers.get(name)
        if found is None:
            return ""
        headers = self.scope["headers"]
        if len(self._headers) < len(headers) and sum(key == name for key, _ in headers) > 1:
            raise Problem(400, f"the header {name.decode()} must come once, but came more often.")
        return found.decode("latin-1")

    @property
    def gone(self) -> list[asyncio.Future[Any]]:
        """Futures that are cancelled when the client goes."""
        found: list[asyncio.Future[Any]] = self.scope.get(GONE, [])
        return found

    async def body(self, most: int) -> bytes:
        """The body.

        Raises
        ------
        Problem
            413: it is larger; 415: it is packed.
        CancelledError
            The client went.
        """
        said = self.header(b"content-length")
        at_once = most if self.header(b"expect") else READ_ON * most  # who does not wait for leave is sending already
        if said.isdigit() and int(said) > at_once:
            raise Problem(413, f"a body must have at most {most:,} bytes, but {int(said):,} are announced.")
        if self.header(b"content-encoding") not in ("", "identity"):
            raise Problem(415, "a body must come unpacked, but has a Content-Encoding.")
        pieces: list[bytes] = []
        size, more = 0, True
        while more and size <= READ_ON * most:
            message = await self.receive()
            if message["type"] != "http.request":
                raise asyncio.CancelledError
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            more = message.get("more_body", False)
            if size > most:
                pieces.clear()
        if size > most:
            raise Problem(413, f"a body must have at most {most:,} bytes, but has more.")
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response."""

    body: bytes
    media_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Reply:
    """Where a request's answer goes; adds what every answer says, and keeps its status.

    Parameters
    ----------
    scope : of the request
    send : of ASGI, which this is as well
    common : callable () -> headers of every answer
    """

    __slots__ = ("common", "scope", "send", "status")

    def __init__(
        self, scope: Mapping[str, Any], send: Callable[[Any], Awaitable[None]], common: Callable[[], Headers]
    ) -> None:
        self.scope, self.send, self.common, self.status = scope, send, common, 0

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self.common()]
        await self.send(message)

    async def tell(self, answer: Answer) -> None:
        """Send an answer whole."""
        self.status = answer.status
        headers = [
            (b"content-type", answer.media_type.encode()),
            (b"content-length", b"%d" % len(answer.body)),
            *((name.encode(), value.encode()) for name, value in answer.headers.items()),
            *self.common(),
        ]
        whole = self.scope.get(WHOLE)
        if whole is not None and whole(self.scope, answer.status, headers, answer.body):
            return
        await self.send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": answer.body})


def told(problem: Problem, path: str) -> Answer:
    """The answer that tells who asked a path of a problem; what is left of a body that is too large is not read."""
    headers = dict(problem.headers)
    media_type = headers.pop("content-type")
    if problem.status in (408, 413):
        headers["connection"] = "close"
    return Answer(problem.body(path), media_type, problem.status, headers)
