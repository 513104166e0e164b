"""The application: a model's endpoints. Any ASGI server runs it; `fuseworthy.deploy.serving.run` is ours."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from fuseworthy import __version__
from fuseworthy.deploy.serving import tensors
from fuseworthy.deploy.serving.answering import MOST_SHARED, Answered, contributions
from fuseworthy.deploy.serving.capture import Capture
from fuseworthy.deploy.serving.connections import GONE
from fuseworthy.deploy.serving.engine import Engine
from fuseworthy.deploy.serving.gate import Gate, receive_body
from fuseworthy.deploy.serving.metrics import Metrics
from fuseworthy.deploy.serving.problem import Problem
from fuseworthy.deploy.serving.reading import Asked, read_json, read_rows
from fuseworthy.deploy.serving.schema import infer_schema, predict_schema, problems
from fuseworthy.deploy.serving.served import Served
from fuseworthy.deploy.serving.settings import LARGE, SMALL, Settings
from fuseworthy.deploy.serving.uploads import read_form

MOST_EXPLAINED = 1 << 13
"""Rows times sets of modalities that one request may have explained."""
JSON = "application/json"
PAGE_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src data: blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


class Application:
    """What the endpoints share.

    Parameters
    ----------
    served : the graph to begin with
    settings : Settings
    examples : rows that the page offers, as a request gives them
    """

    def __init__(self, served: Served, settings: Settings, examples: list[Any]) -> None:
        self.settings, self.metrics, self.examples = settings, Metrics(), examples
        self.engine = Engine(
            served,
            most_rows=settings.most_rows,
            most_waiting=settings.most_waiting,
            on_batch=self.metrics.batched,
        )
        self.capture = None if settings.log is None else Capture(settings.log, self.metrics.dropped)
        self.leaving = False

    @property
    def most_body(self) -> int:
        """Bytes of a request's body."""
        return self.settings.most_body or (LARGE if self.engine.served.needs_encoder else SMALL)

    async def predict(self, request: Request) -> Response:
        """Rows in JSON, or one row as a form with files."""
        served, gone = self.engine.served, request.scope.get(GONE, [])
        asked = await self._asked(served, request)
        found, cut = await self.engine.answer_rows(asked.rows, gone)
        shares = await self._shares(found) if asked.explain else None
        answers = found.told(shares)
        body: dict[str, Any] = {"model": found.served.name, "version": found.served.version, "request": self._number()}
        body["answers"] = answers
        if asked.ignored:
            body["ignored"] = asked.ignored
        if cut:
            body["cut"] = cut
        self._note(body["request"], found, answers, asked.rows)
        return Response(orjson.dumps(body), media_type=JSON)

    async def infer(self, request: Request) -> Response:
        """Encoded rows as tensors."""
        served = self.engine.served
        header = request.headers.get(tensors.HEADER)
        body = await receive_body(request, self.most_body)
        feeds, asked = tensors.read_tensors(served, body, header)
        found = await self.engine.answer_feeds(feeds, request.scope.get(GONE, []))
        content, size = tensors.written(found.served, found.said, asked)
        self._note(self._number(), found, found.told() if self.capture else [], None)
        if size is None:
            return Response(content, media_type=JSON)
        return Response(content, media_type="application/octet-stream", headers={tensors.HEADER: size})

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
                {"pattern": r.pattern, "route": r.name, "shown": list(r.shown), "why": r.why} for r in served.routes
            ],
            "explains": len(served.names) <= MOST_SHARED,
            "sentence": about.get("sentence", ""),
            "limits": about.get("limits", []),
            "rows": about.get("rows"),
            "examples": self.examples,
            "most_body": self.most_body,
            "token": self.settings.token is not None,
            "versions": own["versions"] | {"server": __version__},
        }

    def ready(self) -> Response:
        """Whether it would answer now."""
        ready = self.engine.is_ready and not self.leaving
        body = {"ready": ready, "version": self.engine.served.version}
        return Response(orjson.dumps(body), 200 if ready else 503, media_type=JSON)

    def measured(self) -> Response:
        """Everything counted."""
        loaded = self.engine.loaded
        deaths = loaded.encoder.deaths if loaded and loaded.encoder else 0
        served = self.engine.served
        page = self.metrics.page(waiting=self.engine.waiting, deaths=deaths, name=served.name, version=served.version)
        return Response(page, media_type=self.metrics.media_type)

    async def _asked(self, served: Served, request: Request) -> Asked:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in (JSON, "multipart/form-data"):
            raise Problem(415, f"a body must be {JSON} or multipart/form-data, but {kind[:80] or 'nothing'} came.")
        body = await receive_body(request, self.most_body)
        asked = read_rows(served, read_json(body) if kind == JSON else await read_form(served, request, body))
        if asked.explain:
            if len(served.names) > MOST_SHARED:
                raise Problem(422, f"explaining needs at most {MOST_SHARED} modalities. Leave explain out.", "/explain")
            if len(asked.rows) << len(served.names) > MOST_EXPLAINED:
                most = MOST_EXPLAINED >> len(served.names)
                raise Problem(422, f"at most {most} rows may be explained at once. Send several requests.", "/rows")
        return asked

    async def _shares(self, found: Answered) -> Any:
        return await asyncio.to_thread(contributions, found)

    def _note(self, number: str, found: Answered, answers: list[dict[str, Any]], rows: list[Any] | None) -> None:
        self.metrics.answered(found)
        if self.capture is not None:
            inputs = rows if self.settings.log_inputs else None
            self.capture.note(number, found.served.name, found.served.version, answers, inputs)

    @staticmethod
    def _number() -> str:
        return secrets.token_hex(8)


def application(served: Served, settings: Settings, examples: list[Any] | None = None) -> tuple[Gate, Application]:
    """The ASGI application of a model, and what its endpoints share."""
    own = Application(served, settings, examples or [])

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await own.engine.start()
        yield
        await own.engine.stop()
        if own.capture is not None:
            own.capture.close()

    app = FastAPI(
        title=f"{served.description['target']} by {served.name}",
        version=served.version,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    _add_endpoints(app, own)
    _add_handlers(app)
    return Gate(app, settings, own.metrics), own


def _add_endpoints(app: FastAPI, own: Application) -> None:
    served = own.engine.served
    common = problems(400, 401, 408, 413, 415, 422, 500, 503)

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return Response(PAGE.read_bytes(), media_type="text/html", headers={"content-security-policy": PAGE_POLICY})

    @app.get("/live", summary="The process answers")
    async def live() -> dict[str, bool]:
        return {"live": True}

    @app.get("/ready", summary="Whether it would answer now", responses=problems(503))
    async def ready() -> Response:
        return own.ready()

    @app.get("/spec", summary="What the model wants, and what the study said of it", responses=problems(401))
    async def spec() -> Response:
        return Response(orjson.dumps(own.spec()), media_type=JSON)

    @app.get("/metrics", summary="Counts for Prometheus", responses=problems(401))
    async def metrics() -> Response:
        return own.measured()

    @app.post("/predict", summary="Answer rows", openapi_extra=predict_schema(served), responses=common)
    async def predict(request: Request) -> Response:
        return await own.predict(request)

    @app.get("/v2", summary="Open Inference Protocol: the server", responses=problems(401))
    async def server() -> dict[str, Any]:
        return {"name": "fuseworthy", "version": __version__, "extensions": ["binary_tensor_data"]}

    @app.get("/v2/health/live", summary="Open Inference Protocol: the process answers")
    async def health_live() -> dict[str, bool]:
        return {"live": True}

    @app.get(
        "/v2/health/ready", summary="Open Inference Protocol: whether it would answer now", responses=problems(503)
    )
    async def health_ready() -> Response:
        return own.ready()

    @app.get("/v2/models/{name}", summary="Open Inference Protocol: inputs and outputs", responses=problems(401, 404))
    async def model(name: str) -> dict[str, Any]:
        _require_name(own, name)
        return tensors.metadata(own.engine.served)

    @app.get("/v2/models/{name}/ready", summary="Open Inference Protocol: the model", responses=problems(401, 404, 503))
    async def model_ready(name: str) -> Response:
        _require_name(own, name)
        return own.ready()

    @app.post(
        "/v2/models/{name}/infer",
        summary="Open Inference Protocol: answer encoded rows",
        openapi_extra=infer_schema(served),
        responses=common | problems(404),
    )
    async def infer(name: str, request: Request) -> Response:
        _require_name(own, name)
        return await own.infer(request)


def _add_handlers(app: FastAPI) -> None:
    async def tell(request: Request, error: Exception) -> Response:
        if not isinstance(error, Problem):
            detail = f"{request.method} {request.url.path[:80]} is not what this server answers; /openapi.json lists what is."
            error = Problem(getattr(error, "status_code", 500), detail)
        return Response(error.body, error.status, error.headers)

    app.add_exception_handler(Problem, tell)
    app.add_exception_handler(HTTPException, tell)
    app.add_exception_handler(Exception, _tell_failed)


async def _tell_failed(request: Request, error: Exception) -> Response:
    problem = Problem(500, "the request could not be answered; the server's log says why.")
    return Response(problem.body, problem.status, problem.headers)


def _require_name(own: Application, name: str) -> None:
    if name not in (own.engine.served.name, "model"):
        raise Problem(404, f"the model must be called {own.engine.served.name!r} or 'model', but {name[:80]!r} came.")


PAGE = files("fuseworthy.deploy.serving") / "page.html"
