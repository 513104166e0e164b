"""What a model's endpoints do: read a request, have it answered, count it, note it, and tell."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from typing import Any

import orjson

from fuseworthy import __version__
from fuseworthy.deploy.serving import tensors
from fuseworthy.deploy.serving.answering import Part
from fuseworthy.deploy.serving.capture import Capture
from fuseworthy.deploy.serving.engine import Engine
from fuseworthy.deploy.serving.exchange import Answer, Asking
from fuseworthy.deploy.serving.metrics import Metrics
from fuseworthy.deploy.serving.problem import Problem
from fuseworthy.deploy.serving.reading import Asked, read_body, read_rows
from fuseworthy.deploy.serving.served import Served
from fuseworthy.deploy.serving.settings import LARGE, SMALL, Settings
from fuseworthy.deploy.serving.uploads import read_form
from fuseworthy.evidence.shapley import MOST_MEMBERS

MOST_EXPLAINED = 1 << 13
"""Rows times sets of modalities that one request may have explained."""
MOST_EXPLAINING = 16
"""Requests that are explained at a time."""
HELD = 0.25
"""Seconds after which a request is refused for want of room: clients that ask again at once leave time to answer others."""
JSON, FORM, BINARY = "application/json", "multipart/form-data", "application/octet-stream"


class Service:
    """A model, what it counts and what it notes.

    Parameters
    ----------
    served : the graph to begin with
    settings : Settings
    examples : rows that the page offers, as a request gives them
    """

    def __init__(self, served: Served, settings: Settings, examples: list[Any]) -> None:
        self.settings, self.metrics, self.examples = settings, Metrics(), examples
        self.engine = Engine(
            served, most_rows=settings.most_rows, most_waiting=settings.most_waiting, on_batch=self.metrics.batched
        )
        self.capture = None if settings.log is None else Capture(settings.log, self.metrics.dropped)
        self.leaving, self._explaining = False, 0
        start = secrets.token_hex(4)
        self._numbers = (f"{start}{i:08x}" for i in itertools.count())

    async def start(self) -> None:
        """Begin to answer."""
        await self.engine.start()

    async def stop(self) -> None:
        """Cease to answer, and write what is not noted yet."""
        await self.engine.stop()
        if self.capture is not None:
            await asyncio.to_thread(self.capture.close)

    def leave(self) -> None:
        """Be ready no more, and have connections closed after their next answer."""
        self.leaving = True

    @property
    def is_ready(self) -> bool:
        """Whether it would answer now."""
        return self.engine.is_ready and not self.leaving

    @property
    def most_body(self) -> int:
        """Bytes of a request's body."""
        return self.settings.most_body or (LARGE if self.engine.served.needs_encoder else SMALL)

    def require_name(self, name: str) -> None:
        """Raise `Problem` 404 for the name of another model."""
        if name not in (self.engine.served.name, "model"):
            raise Problem(404, f"the model is called {self.engine.served.name!r} or 'model', but {name[:80]!r} came.")

    async def predict(self, asking: Asking) -> Answer:
        """Rows in JSON, or one row as a form with files."""
        asked = await self._asked(asking)
        if asked.explain and self._explaining >= MOST_EXPLAINING:
            raise Problem(503, "too many answers are being explained. Ask again later.", retry_after=1)
        found, cut = await self.engine.answer_rows(asked.served, asked.rows, asking.gone)
        answers = await self._explained(found) if asked.explain else found.told
        number = next(self._numbers)
        body: dict[str, Any] = {"model": found.served.name, "version": found.served.version, "request": number}
        body["answers"] = answers
        if asked.ignored:
            body["ignored"] = asked.ignored
        if cut:
            body["cut"] = cut
        self.metrics.answered(found)
        if self.capture is not None:
            self._note(self.capture, number, found.served, answers, asked.rows)
        return Answer(orjson.dumps(body))

    async def _explained(self, found: Part) -> list[dict[str, Any]]:
        self._explaining += 1
        try:
            return await asyncio.to_thread(found.explained)
        finally:
            self._explaining -= 1

    async def infer(self, asking: Asking, name: str) -> Answer:
        """Encoded rows as tensors."""
        self.require_name(name)
        header = asking.header(tensors.HEADER.encode())
        if asking.header(b"content-type").partition(";")[0].strip().lower() not in (JSON, BINARY, ""):
            raise Problem(415, f"a body must be {JSON} or {BINARY}, but is neither.")  # some clients say nothing
        body = await self._body(asking)
        served = self.engine.served
        feeds, head = tensors.read_tensors(served, body, header or None)
        found = await self.engine.answer_feeds(served, feeds, asking.gone)
        self.metrics.answered(found)
        if self.capture is not None:
            self._note(self.capture, next(self._numbers), found.served, found.told, None)
        content, size = tensors.written(found, head)
        return Answer(content) if size is None else Answer(content, BINARY, headers={tensors.HEADER: size})

    def spec(self) -> dict[str, Any]:
        """All that the page is made from."""
        served, own = self.engine.served, self.engine.served.description
        about = own["about"]
        return {
            "model": served.name,
            "version": served.version,
            "target": own["target"],
            "classes": list(served.task.classes),
            "prior": own["prior"],
            "threshold": own["threshold"],
            "modalities": [wanted.to_dict() for wanted in served.wanted.values()],
            "sets": [
                {
                    "pattern": r.pattern,
                    "modalities": list(r.given),
                    "route": r.name,
                    "shown": list(r.shown),
                    "why": r.why,
                }
                for r in served.routes
            ],
            "explains": len(served.names) <= MOST_MEMBERS,
            "sentence": about.get("sentence", ""),
            "outcome": (about.get("verdict") or {}).get("outcome"),
            "recommended": (about.get("verdict") or {}).get("deploy"),
            "limits": about.get("limits", []),
            "rows": about.get("rows"),
            "examples": self.examples,
            "most_body": self.most_body,
            "token": self.settings.token is not None,
            "versions": own["versions"] | {"server": __version__},
        }

    def measured(self) -> bytes:
        """Everything counted, as Prometheus reads it."""
        served = self.engine.served
        return self.metrics.page(
            waiting=self.engine.waiting, deaths=self.engine.deaths, name=served.name, version=served.version
        )

    async def _body(self, asking: Asking) -> bytes:
        """A request's body, if there is room for its rows: asked before it is read, and again before it is understood."""
        try:
            self.engine.require_room()
            body = await asking.body(self.most_body)
            self.engine.require_room()
        except Problem as problem:
            if problem.status == 503:
                await asyncio.sleep(HELD)
            raise
        return body

    async def _asked(self, asking: Asking) -> Asked:
        header = asking.header(b"content-type")
        kind = header.partition(";")[0].strip().lower()
        if kind not in (JSON, FORM):
            raise Problem(415, f"a body must be {JSON} or {FORM}, but {kind[:80] or 'nothing'} came.")
        body = await self._body(asking)
        served = self.engine.served
        asked = read_body(served, body) if kind == JSON else read_rows(served, await read_form(served, header, body))
        if asked.explain:
            _require_few(served, len(asked.rows))
        return asked

    def _note(self, log: Capture, number: str, served: Served, answers: list[Any], rows: list[Any] | None) -> None:
        inputs = rows if self.settings.log_inputs else None
        log.note(number, served.name, served.version, answers, inputs)


def _require_few(served: Served, rows: int) -> None:
    """Raise for more than can be explained while others wait."""
    if len(served.names) > MOST_MEMBERS:
        raise Problem(422, f"explaining needs at most {MOST_MEMBERS} modalities. Leave explain out.", "/explain")
    if rows << len(served.names) > MOST_EXPLAINED:
        most = MOST_EXPLAINED >> len(served.names)
        raise Problem(422, f"at most {most} rows may be explained at once. Send several requests.", "/rows")
