"""The server's side of the encoder process: it asks, waits no longer than it should, and starts another when one dies."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Any

from fuseworthy import wire
from fuseworthy.deploy.serving.problem import Problem, pointer
from fuseworthy.deploy.serving.served import Feeds

LONGEST = 20.0
"""Seconds that encoding a batch may take."""
LONGEST_START = 120.0
PAUSE = 0.2
"""Seconds before another process is started in the place of one that died."""
logger = logging.getLogger("fuseworthy.serving")


class EncoderProcess:
    """A process that encodes rows, one batch at a time.

    Parameters
    ----------
    folder : of an export
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ready = False
        self.deaths = 0
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._kept: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it, wait until it is ready, and from then on start another whenever it ends.

        Raises
        ------
        RuntimeError
            It ended before it was ready.
        """
        await self._started()
        self._kept = asyncio.get_running_loop().create_task(self._keep())

    async def _started(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "fuseworthy.deploy.serving.encoding", str(self.folder)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")},
        )
        try:
            await asyncio.wait_for(self._heard(), LONGEST_START)
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            await self._end()
            raise RuntimeError("the encoder process ended before it was ready; see above") from error
        self.ready = True

    async def stop(self) -> None:
        """End it."""
        if self._kept is not None:
            self._kept.cancel()
        await self._end()

    async def encode(self, requests: list[list[dict[str, Any]]]) -> list[tuple[Feeds, list[str]]]:
        """The graph's inputs of each request's rows, and the modalities of which something was cut.

        Raises
        ------
        Problem
            422 for rows that cannot be encoded; 503 while the process is started again.
        """
        told = await self._asked({"rows": [row for rows in requests for row in rows]})
        if "error" in told:
            raise Problem(422, told["error"], "/rows")
        if told["cut"] and len(requests) > 1:
            raise Problem(422, "something of the batch was cut")  # each is then asked by itself, and told of its own
        if told["unreadable"]:
            if len(requests) > 1:
                raise Problem(422, "a file of the batch cannot be read")  # each is then asked by itself
            row, modality, why = told["unreadable"][0]
            raise Problem(
                422, f"{modality!r} must be a file that can be read, but: {why}.", pointer("rows", row, modality)
            )
        found, start = [], 0
        for rows in requests:
            own = {name: array[start : start + len(rows)] for name, array in told["inputs"].items()}
            found.append((own, told["cut"]))
            start += len(rows)
        return found

    async def _asked(self, message: Any) -> dict[str, Any]:
        async with self._lock:
            process = self._process
            if not self.ready or process is None or process.stdin is None:
                raise Problem(503, "the encoders are being started. Ask again later.", retry_after=2)
            try:
                if process.stdin.is_closing():  # it ended unasked: loops differ in what a write then does
                    raise ConnectionResetError
                async with asyncio.timeout(LONGEST):
                    process.stdin.write(wire.packed(message))
                    await process.stdin.drain()
                    found: dict[str, Any] = await self._heard()
                    return found
            except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
                self.ready = False
                if process.returncode is None:
                    process.kill()
                raise Problem(503, "the encoders ended at this batch and are started again.", retry_after=2) from error

    async def _heard(self) -> Any:
        assert self._process is not None
        assert self._process.stdout is not None
        stream = self._process.stdout
        head, blob = wire.SIZES.unpack(await stream.readexactly(wire.SIZES.size))
        return wire.unpacked(await stream.readexactly(head), await stream.readexactly(blob))

    async def _end(self) -> None:
        self.ready = False
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _keep(self) -> None:
        while self._process is not None:
            status = await self._process.wait()
            self.ready = False
            self.deaths += 1
            logger.error("the encoder process was lost (exit status %s); another is started", status)
            await self._again()

    async def _again(self) -> None:
        pause = PAUSE
        while not self.ready:
            await asyncio.sleep(pause)
            try:
                await self._started()
            except (RuntimeError, OSError):
                pause = min(pause * 2, 30.0)
