"""What a client is told when a request cannot be answered: problem details (RFC 9457) with a JSON pointer."""

from __future__ import annotations

import json
from typing import Any

import orjson

MEDIA_TYPE = "application/problem+json"
SHOWN = 60
"""Characters of what came that a message shows."""
TITLES = {
    400: "not readable",
    401: "not allowed",
    404: "not found",
    405: "method not allowed",
    408: "too slow",
    413: "too large",
    415: "media type not read",
    422: "not what this model reads",
    500: "not answered",
    503: "busy",
}


class Problem(Exception):
    """A request that gets an error: its status, a sentence, and where in the request it lies.

    Parameters
    ----------
    status : HTTP status
    detail : what must hold, what came instead, what to do
    pointer : JSON pointer (RFC 6901) into the body, if it is about a place in it
    retry_after : seconds, of a server that is busy
    allow : methods that would be answered, where another came
    """

    def __init__(
        self,
        status: int,
        detail: str,
        pointer: str | None = None,
        *,
        retry_after: int | None = None,
        allow: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.pointer = status, detail, pointer
        self.retry_after, self.allow = retry_after, allow

    def body(self, path: str) -> bytes:
        """As JSON, for who asked a path: the Open Inference Protocol's clients read ``error``."""
        found: dict[str, Any] = {
            "title": TITLES.get(self.status, "error"),
            "status": self.status,
            "detail": self.detail,
        }
        if self.pointer is not None:
            found["pointer"] = self.pointer
        if path.startswith("/v2"):
            found["error"] = self.detail
        return orjson.dumps(found)

    @property
    def headers(self) -> dict[str, str]:
        found = {"content-type": MEDIA_TYPE}
        if self.retry_after is not None:
            found["retry-after"] = str(self.retry_after)
        if self.allow is not None:
            found["allow"] = self.allow
        if self.status == 401:
            found["www-authenticate"] = "Bearer"
        return found


def came(value: Any) -> str:
    """What came, in short, for what must be something else.

    Examples
    --------
    >>> came(3), came([1, 2]), came("x" * 99), came({"a": 1}), came(None)
    ('3', 'a list of 2', 'a text of 99 characters', 'an object', 'nothing')
    """
    if value is None or isinstance(value, dict):
        return "nothing" if value is None else "an object"
    if isinstance(value, list):
        return f"a list of {len(value):,}"
    if isinstance(value, str | bytes) and len(value) > SHOWN:
        return f"a text of {len(value):,} characters"
    return json.dumps(value) if isinstance(value, bool) else repr(value)[:SHOWN]


def pointer(*steps: str | int) -> str:
    """A JSON pointer from its steps.

    Examples
    --------
    >>> pointer("rows", 0, "a/b")
    '/rows/0/a~1b'
    """
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
