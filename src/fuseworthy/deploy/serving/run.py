"""Serve a model until told to end."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path
from typing import Any

from fuseworthy.deploy.serving.prepare import examples_of, graph_of
from fuseworthy.deploy.serving.served import read_served
from fuseworthy.deploy.serving.settings import Settings
from fuseworthy.errors import FuseworthyError, require

GRACE = 10
"""Seconds in which accepted requests must be answered when the server ends."""
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
        No model is there, or it does not answer as it did.
    MissingExtraError
    """
    uvicorn: Any = require("uvicorn", extra="serve")
    for package in ("fastapi", "orjson", "httptools", "prometheus_client", "python_multipart"):
        require(package, extra="serve")
    from fuseworthy.deploy.serving.app import application
    from fuseworthy.deploy.serving.connections import IDLE, PatientProtocol, PatientServer

    served = read_served(graph_of(source))
    gate, own = application(served, settings, [] if examples is None else examples_of(served.folder, examples, root))

    def leave() -> None:
        gate.leaving = own.leaving = True

    config = uvicorn.Config(
        gate,
        host=settings.host,
        port=settings.port,
        http=PatientProtocol,
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=GRACE,
        backlog=2048,
    )
    server = PatientServer(config, leave)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        reloading: set[asyncio.Task[None]] = set()

        def again() -> None:
            task = loop.create_task(_reload(own, source))
            reloading.add(task)
            task.add_done_callback(reloading.discard)

        if hasattr(signal, "SIGHUP"):
            loop.add_signal_handler(signal.SIGHUP, again)
        await server.serve()

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(run())


async def _reload(own: Any, source: Path) -> None:
    """Answer with what the folder holds now; if that cannot be read, go on as before."""
    try:
        served = await asyncio.to_thread(lambda: read_served(graph_of(source)))
        await own.engine.replace(served)
    except (FuseworthyError, RuntimeError) as error:
        logger.error("the model was not read again: %s", error)
    else:
        logger.warning("answers now by version %s", served.version)
