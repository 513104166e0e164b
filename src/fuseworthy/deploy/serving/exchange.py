"""A request and its answer on the endpoints that are asked most, straight on ASGI: a framework's part would be half the time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fuseworthy.deploy.serving.problem import Problem

GONE = "fuseworthy.gone"
"""In the scope of a request: futures that are cancelled when its client goes."""
READ_ON = 4
"""Times the largest body up to which one that is too large is read, and forgotten, so that its sender hears why it is."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A request.

    Parameters
    ----------
    scope, receive : of ASGI
    """

    scope: Mapping[str, Any]
    receive: Callable[[], Awaitable[Any]]

    def header(self, name: bytes) -> str:
        """A header's value, "" if it did not come.

        Raises
        ------
        Problem
            400: it came twice.
        """
        found = [value for key, value in self.scope["headers"] if key == name]
        if len(found) > 1:
            raise Problem(400, f"the header {name.decode()} must come once, but came {len(found)} times.")
        return found[0].decode("latin-1") if found else ""

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
        if said.isdigit() and int(said) > most:
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

    async def send(self, send: Any) -> None:
        headers = [(b"content-type", self.media_type.encode()), (b"content-length", str(len(self.body)).encode())]
        headers += [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


class Endpoint:
    """An ASGI application of one function from a request, which is a POST, to its answer."""

    def __init__(self, function: Callable[..., Awaitable[Answer]]) -> None:
        self.function = function

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            if scope["method"] != "POST":
                raise Problem(
                    405, f"this endpoint must be asked by POST, but {scope['method'][:20]} came.", allow="POST"
                )
            answer = await self.function(Asking(scope, receive), **scope["path_params"])
        except Problem as problem:
            answer = told(problem)
        await answer.send(send)


def told(problem: Problem) -> Answer:
    """The answer that tells of a problem; what is left of a body that is too large is not read."""
    headers = dict(problem.headers)
    media_type = headers.pop("content-type")
    if problem.status in (408, 413):
        headers["connection"] = "close"
    return Answer(problem.body, media_type, problem.status, headers)
