"""easy-vqa: small pictures of one shape and questions about them; what is the answer?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from .packages import Package, fetch
from .row_ids import opaque_id

_PARTS = ("train", "test")
_DATA = Path("easy_vqa/data")

PACKAGE = Package(
    name="easy-vqa",
    version="1.0",
    sha256="fcb51b309b78c7b00f97b64cdbcbcf5c105f94da1b39c0796cee5a787c4f650f",
    members=(),
    patterns=("easy_vqa/data/*/questions.json", "easy_vqa/data/*/images/*.png"),
)


def load_easy_vqa() -> pa.Table:
    """Load the questions: 48 248 on 5 000 pictures of 64 x 64 pixels, about ten on each, with 13 answers.

    Neither the picture nor the question tells the answer alone. Rows of one picture belong together: pass ``scene`` as
    group. The package's own split into train and test is not kept.

    Returns
    -------
    pyarrow.Table
        ``id``, ``scene`` (which picture), ``image`` (its path below the unpacked folder), ``question``, ``answer``;
        sorted by ``id``.

    Raises
    ------
    DatasetError
        The files cannot be had.
    """
    folder = fetch(PACKAGE) / _DATA
    rows = []
    for part in _PARTS:
        for number, (question, answer, picture) in enumerate(
            json.loads((folder / part / "questions.json").read_text())
        ):
            scene = f"{part}-{picture:04d}"
            row = {"id": opaque_id("easy-vqa", part, str(number)), "scene": scene, "image": f"images/{scene}.png"}
            rows.append(row | {"question": question, "answer": answer})
    return pa.Table.from_pylist(sorted(rows, key=lambda row: str(row["id"])))


def easy_vqa_files() -> Iterator[tuple[str, bytes]]:
    """Path and content of every picture."""
    folder = fetch(PACKAGE) / _DATA
    for part in _PARTS:
        for path in sorted((folder / part / "images").iterdir()):
            yield f"images/{part}-{int(path.stem):04d}.png", path.read_bytes()
