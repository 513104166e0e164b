"""Serve a model until told to end."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fuseworthy.deploy.serving.prepare import examples_of, graph_of
from fuseworthy.deploy.serving.served import Served, read_served
from fuseworthy.deploy.serving.settings import Settings
from fuseworthy.errors import FuseworthyError, InputError, first_line, require

if TYPE_CHECKING:
    from fuseworthy.deploy.serving.connections import PatientServer
    from fuseworthy.deploy.serving.service import Service

GRACE = 10
"""Seconds in which accepted requests must be answered when the server ends."""
BACKLOG = 2048
OBJECTS = 10_000
"""New objects after which Python looks for those that hold each other: requests make many, and few that do."""
PACKAGES = ("uvicorn", "fastapi", "httptools", "orjson", "prometheus_client", "python_multipart", "onnxruntime")
logger = logging.getLogger("fuseworthy.serving")


def serve(source: Path, settings: Settings, *, examples: Path | None = None, root: Path | None = None) -> None:
    """Serve a model's folder, or an export's, until SIGINT or SIGTERM.

    SIGHUP reads the folder again and answers with what is there now.

    Parameters
    ----------
    examples : table whose first rows the page offers
    root : folder that paths in it are relative to

    Raises
    ------
    InputError
        No model is there, it does not answer as it did, or the address is taken.
    MissingExtraError
    """
    for package in PACKAGES:
        require(package, extra="serve")
    served = read_served(graph_of(source))

    def offered(served: Served) -> list[Any]:
        return [] if examples is None else examples_of(served.folder, examples, root)

    rows = offered(served)
    with listening(settings) as sock:
        server, own = server_of(served, settings, rows)
        host, port = sock.getsockname()[:2]
        print(f"{served.name}, version {served.version}: http://{_shown(host)}:{port}/", file=sys.stderr, flush=True)
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(_run(server, own, sock, source, offered))


def server_of(served: Served, settings: Settings, examples: list[Any] | None = None) -> tuple[PatientServer, Service]:
    """A server of a model, and what its endpoints share."""
    import uvicorn

    from fuseworthy.deploy.serving.app import application
    from fuseworthy.deploy.serving.connections import IDLE, PatientProtocol, PatientServer

    gate, own = application(served, settings, examples)

    config = uvicorn.Config(
        gate,
        http=PatientProtocol,
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=GRACE,
        backlog=BACKLOG,
    )
    return PatientServer(config, own.leave), own


def listening(settings: Settings) -> socket.socket:
    """The socket of an address.

    Raises
    ------
    InputError
        It is taken, or none of this machine's.
    """
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise InputError(
            f"{settings.host}:{settings.port} must be an address to listen on, but: {first_line(error)}. Pass another "
            f"{'--host' if isinstance(error, socket.gaierror) else '--port, or 0 for any'}."
        ) from error


async def _run(
    server: PatientServer, own: Service, sock: socket.socket, source: Path, offered: Callable[[Served], list[Any]]
) -> None:
    loop = asyncio.get_running_loop()
    reloading: set[asyncio.Task[None]] = set()

    def again() -> None:
        task = loop.create_task(_reload(own, source, offered))
        reloading.add(task)
        task.add_done_callback(reloading.discard)

    if hasattr(signal, "SIGHUP"):
        loop.add_signal_handler(signal.SIGHUP, again)
    gc.collect()
    gc.freeze()  # what is there now stays: no collection need look through it again
    gc.set_threshold(OBJECTS)
    await server.serve([sock])


async def _reload(own: Service, source: Path, offered: Callable[[Served], list[Any]]) -> None:
    """Answer with what the folder holds now; if that cannot be read, go on as before."""
    try:
        served = await asyncio.to_thread(lambda: read_served(graph_of(source)))
        await own.engine.replace(served)
    except (FuseworthyError, RuntimeError, OSError) as error:
        logger.error("the model was not read again: %s", error)
        return
    logger.warning("answers now by version %s", served.version)
    try:
        own.examples = await asyncio.to_thread(offered, served)
    except FuseworthyError as error:
        own.examples = []
        logger.error("the page has no examples for this model: %s", error)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
