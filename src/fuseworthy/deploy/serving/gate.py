"""What stands before the application: who may ask, how much may come, and what becomes of errors."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Callable
from typing import Any

from fuseworthy.deploy.serving.metrics import Metrics
from fuseworthy.deploy.serving.problem import Problem
from fuseworthy.deploy.serving.settings import Settings

OPEN = frozenset(("/", "/live", "/ready", "/v2/health/live", "/v2/health/ready", "/favicon.ico"))
"""Paths that need no token: the page (which asks for one) and what machines look at."""
PROTECTION = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]
logger = logging.getLogger("fuseworthy.serving")


class Gate:
    """ASGI middleware: host, token, deadlines' leavings, errors as problems, and counting.

    Parameters
    ----------
    app : ASGI application
    settings : Settings
    metrics : Metrics
    """

    def __init__(self, app: Any, settings: Settings, metrics: Metrics) -> None:
        self.app, self.settings, self.metrics = app, settings, metrics
        self.leaving = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status = time.perf_counter(), 0

        async def told(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *PROTECTION]
                if self.leaving:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        try:
            self._require_allowed(scope)
            await self.app(scope, receive, told)
        except Problem as problem:
            await _tell(problem, told)
        except asyncio.CancelledError:
            if scope.get("fuseworthy.gone") is None or not any(f.cancelled() for f in scope["fuseworthy.gone"]):
                raise
        except Exception:
            logger.exception("a request to %s could not be answered", scope["path"][:80])
            if not status:
                await _tell(Problem(500, "the request could not be answered; the server's log says why."), told)
        finally:
            endpoint = getattr(scope.get("route"), "path", "other")
            self.metrics.requested(endpoint, status, time.perf_counter() - start)

    def _require_allowed(self, scope: Any) -> None:
        headers = scope["headers"]
        host = [value for name, value in headers if name == b"host"]
        if len(host) != 1 or not self.settings.allows_host(host[0].decode("latin-1")):
            raise Problem(
                400, "the Host header must name this server, but does not. Pass --allowed-host for other names."
            )
        if self.settings.token is None or scope["path"] in OPEN:
            return
        given = [value for name, value in headers if name == b"authorization"]
        wanted = b"Bearer " + self.settings.token.encode()
        if len(given) != 1 or not hmac.compare_digest(given[0], wanted):
            raise Problem(401, "a request must bring the server's token as Authorization: Bearer TOKEN, but does not.")


async def receive_body(request: Any, most: int) -> bytes:
    """A request's body.

    Raises
    ------
    Problem
        413: it is larger; 415: it is packed.
    """
    said = request.headers.get("content-length")
    if said is not None and said.isdigit() and int(said) > most:
        raise Problem(413, f"a body must have at most {most:,} bytes, but {int(said):,} are announced.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "a body must come unpacked, but has a Content-Encoding.")
    message = await request.receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False) and message["type"] == "http.request" and len(body) <= most:
        return body
    pieces, size = [body], len(body)
    while message.get("more_body", False) and message["type"] == "http.request":
        if size > most:
            break
        message = await request.receive()
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
    if message["type"] != "http.request":
        raise asyncio.CancelledError  # the client is gone
    if size > most:
        raise Problem(413, f"a body must have at most {most:,} bytes, but has more.")
    return b"".join(pieces)


async def _tell(problem: Problem, send: Callable[[Any], Any]) -> None:
    body = problem.body
    headers = {**problem.headers, "content-length": str(len(body))}
    if problem.status in (408, 413):
        headers["connection"] = "close"  # what is left of the body is not read
    await send(
        {
            "type": "http.response.start",
            "status": problem.status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})
