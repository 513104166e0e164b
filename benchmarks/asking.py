"""A load generator on one core: connections that ask the same over and over, by raw bytes.

    python asking.py PORT CONNECTIONS SECONDS FILE

The file holds one whole HTTP request. Prints JSON: how many answers of each status, lost requests, and latencies in seconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import uvloop


class Asker(asyncio.Protocol):
    """One connection: asks, waits for the whole answer, asks again."""

    def __init__(self, request: bytes, until: float, found: Found) -> None:
        self.request, self.until, self.found = request, until, found
        self.held = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        if time.perf_counter() >= self.until:
            self.transport.close()
            return
        self.start = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.held += data
        head = self.held.find(b"\r\n\r\n")
        if head < 0:
            return
        lower = self.held[:head].lower()
        size = int(lower.split(b"content-length: ")[1].split(b"\r\n")[0])
        if len(self.held) < head + 4 + size:
            return
        self.found.statuses[int(self.held[9:12])] += 1
        if self.held[9:12] == b"200":
            self.found.seconds.append(time.perf_counter() - self.start)
        self.held = b""
        self.start = 0.0
        if b"connection: close" in lower:
            self.transport.close()
        else:
            self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        if getattr(self, "start", 0.0):
            self.found.lost += 1
        if not self.done.done():
            self.done.set_result(None)


class Found:
    """What all connections found."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.seconds: list[float] = []
        self.lost = self.refused = 0


async def one(port: int, request: bytes, until: float, found: Found) -> None:
    """Connect again and again until the time is over."""
    loop = asyncio.get_running_loop()
    while time.perf_counter() < until:
        try:
            _, asker = await loop.create_connection(lambda: Asker(request, until, found), "127.0.0.1", port)
        except OSError:
            found.refused += 1
            await asyncio.sleep(0.1)
            continue
        await asker.done


async def main(port: int, connections: int, seconds: float, request: bytes) -> dict[str, object]:
    found, start = Found(), time.perf_counter()
    await asyncio.gather(*(one(port, request, start + seconds, found) for _ in range(connections)))
    took = time.perf_counter() - start
    quantiles = np.quantile(found.seconds, [0.5, 0.95, 0.99]).tolist() if found.seconds else []
    return {
        "statuses": {str(status): count for status, count in found.statuses.items()},
        "lost": found.lost,
        "refused": found.refused,
        "seconds": took,
        "rate": len(found.seconds) / took,
        "quantiles": quantiles,
    }


if __name__ == "__main__":
    port, connections, seconds, path = sys.argv[1:]
    print(json.dumps(uvloop.run(main(int(port), int(connections), float(seconds), Path(path).read_bytes()))))
