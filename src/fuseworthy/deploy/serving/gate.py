"""What stands before the application: who may ask, how much may come, and what becomes of errors."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from starlette.routing import compile_path

from fuseworthy.deploy.serving.exchange import CLOSE, Answer, Asking, Headers, Reply, told
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
LEAVING = [*PROTECTION, CLOSE]
"""Headers of every answer, and of those of a server that is ending."""
Endpoint = Callable[..., Awaitable[Answer]]
"""From a request, and what its path says by name, to the answer."""
MOST_REMEMBERED = 32
"""Paths and hosts of which it is remembered what becomes of them: clients ask for the same again and again."""
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
    direct : the endpoints that are asked most, which take POST, by their paths' patterns; the application has the others
    """

    def __init__(self, app: Any, service: Service, direct: Mapping[str, Endpoint]) -> None:
        self.app, self.service = app, service
        self.direct = [(path, compile_path(path)[0], endpoint) for path, endpoint in direct.items()]
        self._found = lru_cache(MOST_REMEMBERED)(self._looked_up)
        self._allows_host = lru_cache(MOST_REMEMBERED)(service.settings.allows_host)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = time.perf_counter()
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}  # the answer's body is left out by the protocol
        asking, reply = Asking(scope, receive), Reply(scope, send, self._common)
        path, endpoint, given = self._found(scope["path"])
        try:
            self._require_allowed(asking)
            if endpoint is None:
                await self.app(scope, receive, reply)
            else:
                _require_post(scope["method"])
                await reply.tell(await endpoint(asking, **given))
        except Problem as problem:
            await reply.tell(told(problem, scope["path"]))
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            reply.status = reply.status or GONE_STATUS
        except Exception:
            logger.exception("a request to %s could not be answered", scope["path"][:80])
            if not reply.status:
                await reply.tell(told(FAILED, scope["path"]))
        finally:
            path = path or getattr(scope.get("route"), "path", "other")
            self.service.metrics.requested(path, reply.status, time.perf_counter() - start)

    def _looked_up(self, asked: str) -> tuple[str, Endpoint | None, dict[str, str]]:
        """The pattern of a path, who answers it, and what the path says; of those that are asked most."""
        for path, pattern, endpoint in self.direct:
            if match := pattern.match(asked):
                return path, endpoint, match.groupdict()
        return "", None, {}

    def _common(self) -> Headers:
        return LEAVING if self.service.leaving else PROTECTION

    def _require_allowed(self, asking: Asking) -> None:
        host = asking.header(b"host")
        if not host or not self._allows_host(host):
            raise Problem(
                400, "the Host header must name this server, but does not. Pass --allowed-host for other names."
            )
        if (token := self.service.settings.token) is None or asking.scope["path"] in OPEN:
            return
        scheme, _, came = asking.header(b"authorization").partition(" ")
        if not hmac.compare_digest(came.strip().encode("latin-1"), token.encode()) or scheme.lower() != "bearer":
            raise Problem(401, "a request must bring the server's token as Authorization: Bearer TOKEN, but does not.")


def _require_post(method: str) -> None:
    if method != "POST":
        raise Problem(405, f"this endpoint must be asked by POST, but {method[:20]} came.", allow="POST")
