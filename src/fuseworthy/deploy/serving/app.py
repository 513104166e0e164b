"""The application: a model's endpoints. Any ASGI server runs it; `fuseworthy.deploy.serving.run` is ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from fuseworthy import __version__
from fuseworthy.deploy.serving import tensors
from fuseworthy.deploy.serving.exchange import told
from fuseworthy.deploy.serving.gate import FAILED, Endpoint, Gate
from fuseworthy.deploy.serving.page import FILES, POLICY, content_of
from fuseworthy.deploy.serving.problem import Problem
from fuseworthy.deploy.serving.schema import infer_schema, predict_schema, problems
from fuseworthy.deploy.serving.served import Served
from fuseworthy.deploy.serving.service import JSON, Service
from fuseworthy.deploy.serving.settings import Settings

NAME = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "enum": ["model"]}}
"""The model's name in a path; its strategy's name will do as well."""


def application(served: Served, settings: Settings, examples: list[Any] | None = None) -> tuple[Gate, Service]:
    """The ASGI application of a model, and what its endpoints share.

    Parameters
    ----------
    examples : rows that the page offers, as a request gives them
    """
    own = Service(served, settings, examples or [])

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await own.start()
        yield
        await own.stop()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False)
    _add_page(app, own)
    _add_health(app, own)
    _add_protocol(app, own)
    for kind in (Problem, HTTPException, Exception):
        app.add_exception_handler(kind, _tell)
    app.openapi = lambda: _described(app, own)  # type: ignore[method-assign]
    direct: dict[str, Endpoint] = {"/predict": own.predict, "/v2/models/{name}/infer": own.infer}
    return Gate(app, own, direct), own


def _add_page(app: FastAPI, own: Service) -> None:
    async def page(request: Request) -> Response:
        content, kind = content_of(request.url.path)
        return Response(content, media_type=kind, headers={"content-security-policy": POLICY})

    for path in FILES:
        app.get(path, include_in_schema=False)(page)

    @app.get("/spec", summary="What the model wants, and what the study said of it", responses=problems(401))
    async def spec() -> Response:
        return Response(orjson.dumps(own.spec()), media_type=JSON)


def _add_health(app: FastAPI, own: Service) -> None:
    @app.get("/live", summary="The process answers")
    @app.get("/v2/health/live", summary="Open Inference Protocol: the process answers")
    async def live() -> dict[str, bool]:
        return {"live": True}

    @app.get("/ready", summary="Whether it would answer now", responses=problems(503))
    @app.get("/v2/health/ready", summary="Open Inference Protocol: it would answer now", responses=problems(503))
    async def ready() -> Response:
        return _ready(own)

    prometheus: dict[int | str, Any] = {200: {"content": {own.metrics.media_type: {"schema": {"type": "string"}}}}}

    @app.get(
        "/metrics",
        summary="Counts for Prometheus",
        response_class=PlainTextResponse,
        responses=prometheus | problems(401),
    )
    async def metrics() -> Response:
        return Response(own.measured(), media_type=own.metrics.media_type)


def _add_protocol(app: FastAPI, own: Service) -> None:
    @app.get("/v2", summary="Open Inference Protocol: the server", responses=problems(401))
    async def server() -> dict[str, Any]:
        return {"name": "fuseworthy", "version": __version__, "extensions": ["binary_tensor_data"]}

    @app.get("/v2/models/{name}", summary="Open Inference Protocol: inputs and outputs", responses=problems(401, 404))
    async def model(name: str) -> dict[str, Any]:
        own.require_name(name)
        return tensors.metadata(own.engine.served)

    @app.get("/v2/models/{name}/ready", summary="Open Inference Protocol: the model", responses=problems(401, 404, 503))
    async def ready(name: str) -> Response:
        own.require_name(name)
        return _ready(own)


def _ready(own: Service) -> Response:
    if not own.is_ready:
        raise Problem(503, "the server is starting, ending, or has lost its encoders. Ask again later.", retry_after=1)
    return Response(orjson.dumps({"ready": True, "version": own.engine.served.version}), media_type=JSON)


async def _tell(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        detail = (
            f"{request.method} {request.url.path[:80]} is not what this server answers; /openapi.json lists what is."
        )
        error = Problem(error.status_code, detail, allow=(error.headers or {}).get("Allow"))
    answer = told(error if isinstance(error, Problem) else FAILED, request.url.path)
    return Response(answer.body, answer.status, dict(answer.headers), answer.media_type)


def _described(app: FastAPI, own: Service) -> dict[str, Any]:
    """The OpenAPI description of the model that is served now."""
    served = own.engine.served
    title = f"{served.description['target']} by {served.name}"
    found: dict[str, Any] = get_openapi(title=title, version=served.version, routes=app.routes)
    found["paths"]["/predict"] = {"post": predict_schema(served)}
    found["paths"]["/v2/models/{name}/infer"] = {"post": infer_schema(served)}
    for path in ("/v2/models/{name}", "/v2/models/{name}/ready", "/v2/models/{name}/infer"):
        for operation in found["paths"][path].values():
            operation["parameters"] = [NAME]
    if own.settings.token is not None:
        found.setdefault("components", {})["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        found["security"] = [{"token": []}]
    return found
