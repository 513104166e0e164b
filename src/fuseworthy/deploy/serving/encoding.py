"""The encoder process: rows of requests in, the graph's inputs out. ``python -m`` of this module, on stdin and stdout.

It alone loads what encoders need (scikit-learn, decoders, torch), so the server stays small, and a decoder that dies of a
file takes no request with it but those that it was working on.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fuseworthy import wire
from fuseworthy.deploy.export.parity import fed, padded
from fuseworthy.deploy.export.rows import Input
from fuseworthy.deploy.serving.served import description_of
from fuseworthy.deploy.serving.wanted import Field, Wanted, wanted_of
from fuseworthy.errors import FuseworthyError, first_line
from fuseworthy.inputs.encode import Encodings, encode_rows, encoding_from_dict, moved


class Encoder:
    """Encodes rows as the description of a graph says.

    Parameters
    ----------
    folder : of an export
    """

    def __init__(self, folder: Path) -> None:
        description = description_of(folder)
        self.wanted = wanted_of(description)
        self.inputs = [
            Input(**{name: own[name] for name in ("name", "modality", "view", "role", "dtype", "shape")})
            for own in description["inputs"]
        ]
        found: dict[str, dict[str, Any]] = {}
        for own in description["inputs"]:
            if own["role"] == "values":
                found.setdefault(own["modality"], {})[own["view"]] = encoding_from_dict(own["encoding"])
        self.encodings: Encodings = moved(found, None)

    def encode(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The inputs of the graph; places, modality and why of files that cannot be read; modalities that were cut."""
        blocks = padded(encode_rows(table_of(rows, self.wanted, self.encodings), self.encodings))
        unreadable = []
        for m, views in blocks.items():
            found = next(iter(views.values())).meta.get("unreadable") or {}
            why = {own["row"]: own["why"] for own in found.get("first", [])}
            unreadable += [[row - 1, m, why.get(row, "it cannot be read")] for row in found.get("rows", [])]
        cut = sorted(m for m, views in blocks.items() if any(block.meta.get("cut") for block in views.values()))
        return {"inputs": fed(blocks, self.inputs), "unreadable": unreadable, "cut": cut}


def table_of(rows: Sequence[Mapping[str, Any]], wanted: Mapping[str, Wanted], encodings: Encodings) -> pa.Table:
    """Rows of a request as the table that encodings read; a cell that is not given is missing."""
    columns: dict[str, pa.Array] = {}
    for m, own in wanted.items():
        for field in own.fields:
            given = [_cell(row.get(m), field, own) for row in rows]
            columns[field.column] = _array(given, field)
        for column in next(iter(encodings[m].values())).columns:
            columns.setdefault(column, pa.nulls(len(rows)))  # checksums
    return pa.table(columns)


def _cell(value: Any, field: Field, wanted: Wanted) -> Any:
    if value is None:
        return None
    return value if wanted.is_single else value.get(field.column)


def _array(values: list[Any], field: Field) -> pa.Array:
    """A column; of nulls where every cell is missing."""
    if all(value is None for value in values):
        return pa.nulls(len(values))
    if field.holds == "date":
        moments = [None if value is None else datetime.fromisoformat(value) for value in values]
        return pa.array(moments, pa.timestamp("us", tz="UTC" if field.zoned else None))
    kinds = {"text": pa.string(), "category": pa.string(), "number": pa.float64()}
    kinds |= {"vector": pa.list_(pa.float64()), "times": pa.list_(pa.float64()), "file": pa.binary()}
    plain = [value.tolist() if isinstance(value, np.ndarray) else value for value in values]
    return pa.array(plain, kinds.get(field.holds))


def main(folder: str) -> None:
    """Answer messages until the stream ends."""
    out, source = os.dup(1), sys.stdin.buffer
    os.dup2(2, 1)  # whatever a library prints must not get among the answers

    def answer(message: Any) -> None:
        with os.fdopen(os.dup(out), "wb") as sink:
            sink.write(wire.packed(message))

    for sent in (signal.SIGINT, signal.SIGTERM):  # to all at once: who asks ends this process when it has its answers
        signal.signal(sent, signal.SIG_IGN)
    encoder = Encoder(Path(folder))
    answer({"ready": True})
    while (found := wire.read(source.read)) is not None:
        try:
            told = encoder.encode(found["rows"])
        except FuseworthyError as error:
            answer({"error": str(error)})
        except (ValueError, TypeError, OverflowError, pa.ArrowException) as error:
            answer({"error": f"the rows must be readable together, but: {first_line(error)}."})
        else:
            answer(told)


if __name__ == "__main__":
    main(sys.argv[1])
