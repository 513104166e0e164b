"""What stands before the application: who may ask, how much may come, and what becomes of errors."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.routing import compile_path

from fuseworthy.deploy.serving.exchange import Endpoint
from fuseworthy.deploy.serving.exchange import told as tell_of
from fuseworthy.deploy.serving.page import FILES
from fuseworthy.deploy.serving.problem import Problem

if TYPE_CHECKING:
    from fuseworthy.deploy.serving.service import Service

OPEN = frozenset(("/live", "/ready", "/v2/health/live", "/v2/health/ready", "/favicon.ico", *FILES))
"""Paths that need no token: the page (which asks for one) and what machines look at."""
PROTECTION = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]
GONE_STATUS = 499
"""Under which a request is counted whose client went before it was answered."""
FAILED = Problem(500, "the request could not be answered; the server's log says why.")
logger = logging.getLogger("fuseworthy.serving")


class Gate:
    """ASGI middleware: host, token, deadlines' leavings, errors as problems, and counting.

    Parameters
    ----------
    app : ASGI application
    service : whose settings say who may ask, and whose metrics count
    direct : the endpoints that are asked most, by their paths' patterns; the application has the others
    """

    def __init__(self, app: Any, service: Service, direct: Mapping[str, Endpoint]) -> None:
        self.app, self.service = app, service
        self.direct = [(path, compile_path(path)[0], endpoint) for path, endpoint in direct.items()]

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
                if self.service.leaving:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}  # the answer's body is left out by the protocol
        path, app = self._found(scope)
        try:
            self._require_allowed(scope)
            await app(scope, receive, told)
        except Problem as problem:
            await tell_of(problem).send(told)
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            status = status or GONE_STATUS
        except Exception:
            logger.exception("a request to %s could not be answered", scope["path"][:80])
            if not status:
                await tell_of(FAILED).send(told)
        finally:
            path = path or getattr(scope.get("route"), "path", "other")
            self.service.metrics.requested(path, status, time.perf_counter() - start)

    def _found(self, scope: Any) -> tuple[str, Any]:
        """The pattern of a request's path, and who answers it."""
        for path, pattern, endpoint in self.direct:
            if match := pattern.match(scope["path"]):
                scope["path_params"] = match.groupdict()
                return path, endpoint
        return "", self.app

    def _require_allowed(self, scope: Any) -> None:
        headers = scope["headers"]
        host = [value for name, value in headers if name == b"host"]
        if len(host) != 1 or not self.service.settings.allows_host(host[0].decode("latin-1")):
            raise Problem(
                400, "the Host header must name this server, but does not. Pass --allowed-host for other names."
            )
        if (token := self.service.settings.token) is None or scope["path"] in OPEN:
            return
        given = [value for name, value in headers if name == b"authorization"]
        wanted = b"Bearer " + token.encode()
        if len(given) != 1 or not hmac.compare_digest(given[0], wanted):
            raise Problem(401, "a request must bring the server's token as Authorization: Bearer TOKEN, but does not.")
