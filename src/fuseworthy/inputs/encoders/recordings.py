"""Columns of files to Blocks: what can be read is encoded, what cannot is absent, counted and named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fuseworthy.durable import content_digest
from fuseworthy.errors import InputError
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.encoder_names import PIXELS, gives_tokens, source_of
from fuseworthy.inputs.encoders.frozen import read_rows, weights_of
from fuseworthy.inputs.encoders.raw import stacked_pixels
from fuseworthy.inputs.kinds import modality_from_dict
from fuseworthy.inputs.media.assets import Refused, Unreadable, locate
from fuseworthy.inputs.media.cells import cell_of, digest_part, digest_row, name_of, open_whole, refused, rows_of
from fuseworthy.inputs.media.decoding import CHUNK, OnRows, describe_rows
from fuseworthy.inputs.media.describing import DescribedRow
from fuseworthy.inputs.recordings import Recording

MOST_NAMED = 20
"""Unreadable items that a block names."""


@dataclass(frozen=True)
class RecordingEncoding:
    """The kind with its options, the encoder, and how many numbers it gives; all else is frozen.

    Parameters
    ----------
    modality : str
    recording : Image, Audio, Video or Series
    view : str
        The encoder.
    width : int
        Dimensions of a vector or token; 0 if no row of the table it was learned from could be read.
    weights : str
        What tells a pretrained network's weights from others.
    """

    modality: str
    recording: Recording
    view: str
    width: int
    weights: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        return self.recording.columns

    def encode(self, table: pa.Table) -> Block:
        """Vectors, (n, d) float32, or tokens, (n, t, d); rows that are missing or unreadable are zero and marked absent.

        ``meta["unreadable"]`` holds how many rows are so because a file could not be read, their numbers (from 1), and
        the first of them by item and reason.

        Raises
        ------
        InputError
            Another number of channels than was learned, named by row; or a path that must not be opened; or another
            model than was learned with.
        """
        if (found := weights_of(self.recording.views[self.view])) != self.weights:
            raise InputError(
                f"{self.recording.views[self.view]} must be the model that its encoding was learned with, but its weights "
                f"have changed (sha256 {found[:12]}, not {self.weights[:12]}). Restore them, or learn again."
            )
        return encode_recording(self.modality, self.recording, [self.view], table, widths={self.view: self.width})[
            self.view
        ]

    def moved(self, root: Path | None) -> RecordingEncoding:
        """The same for files in another folder."""
        return replace(self, recording=self.recording.moved(root))

    def to_dict(self) -> dict[str, Any]:
        return {
            "view": self.view,
            "modality": self.modality,
            "recording": self.recording.to_dict(),
            "width": self.width,
            "weights": self.weights,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RecordingEncoding:
        recording = cast(Recording, modality_from_dict(data["recording"]))
        return cls(data["modality"], recording, data["view"], int(data["width"]), data.get("weights", ""))


def learn_recording(modality: str, recording: Recording, table: pa.Table) -> dict[str, tuple[RecordingEncoding, Block]]:
    """What each encoder of a modality learned from a table, and its block; files are decoded once for all of them.

    Raises
    ------
    InputError
        Rows with different numbers of channels; or a path that must not be opened.
    """
    blocks = encode_recording(modality, recording, tuple(recording.views), table)
    return {
        view: (
            RecordingEncoding(
                modality, recording, view, int(block.values.shape[-1]), weights_of(recording.views[view])
            ),
            block,
        )
        for view, block in blocks.items()
    }


def content_of(recording: Recording, table: pa.Table) -> list[str | None]:
    """sha256 of each row's content, (n,), None where it is missing; a file that cannot be read has its reason's.

    Raises
    ------
    InputError
        A path that must not be opened, named by row.
    """
    found: list[str | None] = []
    for first in range(0, table.num_rows, CHUNK):
        for row in rows_of(recording, table.slice(first, CHUNK), first):
            try:
                found.append(digest_row(row, recording))
            except Refused as why:
                raise _refusal(recording, row, why, len(found) + 1) from None
    return found


def encode_recording(
    modality: str,
    recording: Recording,
    views: Sequence[str],
    table: pa.Table,
    *,
    widths: Mapping[str, int] | None = None,
    jobs: int | None = None,
    on_rows: OnRows | None = None,
) -> dict[str, Block]:
    """Blocks of the views asked for, from one pass over the files.

    Parameters
    ----------
    widths : mapping of view to the dimensions that were learned, optional
    jobs, on_rows : see `describe_rows`

    Raises
    ------
    InputError
    """
    _require_allowed(recording, table)
    first, places = distinct_rows(recording, table)
    n, own = table.num_rows, table.take(pa.array(first)) if len(first) < table.num_rows else table
    tell = None if on_rows is None else lambda done, total: on_rows(done * n // total, n)
    found = list(read_rows(recording, views, describe_rows(recording, views, own, jobs=jobs, on_rows=tell)))
    rows = [found[place] for place in places]
    present = np.array([bool(row.views) for row in rows], dtype=bool)
    meta: dict[str, Any] = {
        "content": content_digest([row.digest for row in rows]),
        "unreadable": _unreadable(rows),
        "cut": sum(row.cut for row in rows),
    }
    return {view: _block(modality, recording, view, rows, present, meta, (widths or {}).get(view, 0)) for view in views}


def distinct_rows(recording: Recording, table: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first row of each different cell (and checksum), and for every row its place among them: a file is decoded once.

    Examples
    --------
    >>> from fuseworthy.inputs.recordings import Image
    >>> first, places = distinct_rows(Image("photo"), pa.table({"photo": ["a.png", "b.png", "a.png", None]}))
    >>> first.tolist(), places.tolist()
    ([0, 1, 3], [0, 1, 0, 2])
    """
    column = table[recording.columns[0]].combine_chunks()
    if len(recording.files) > 1 or not (pa.types.is_string(column.type) or pa.types.is_binary(column.type)):
        everyone = np.arange(len(column))
        return everyone, everyone
    codes = np.zeros(len(column), dtype=np.int64)
    for name in recording.columns:
        own = table[name].combine_chunks().dictionary_encode(null_encoding="encode").indices
        codes = codes * max(len(column), 1) + own.to_numpy(zero_copy_only=False)
    _, first, places = np.unique(codes, return_index=True, return_inverse=True)
    return first, places


def openable(recording: Recording, table: pa.Table) -> tuple[NDArray[np.bool_], list[tuple[int, str, str]]]:
    """Which rows have files that can be opened, (n,), and which cannot: row (from 1), item, why. Nothing is decoded.

    Raises
    ------
    InputError
        A path that must not be opened.
    """
    _require_allowed(recording, table)
    present, unreadable = np.zeros(table.num_rows, dtype=bool), []
    for first in range(0, table.num_rows, CHUNK):
        for place, row in enumerate(rows_of(recording, table.slice(first, CHUNK), first), start=first):
            try:
                for part in row:
                    open_whole(part, recording)
                present[place] = bool(row)
            except Unreadable as why:
                unreadable.append((place + 1, name_of(part), str(why)))
    return present, unreadable


def _require_allowed(recording: Recording, table: pa.Table) -> None:
    """Raise before any file is decoded if a cell may not be opened."""
    root = None if recording.root is None else Path(recording.root)
    for first in range(0, table.num_rows, CHUNK):
        for place, row in enumerate(rows_of(recording, table.slice(first, CHUNK), first)):
            try:
                for part in map(cell_of, row):
                    if isinstance(part, str):
                        if root is None:
                            raise Refused("there is no folder that it is relative to")
                        locate(part, root)
            except Refused as why:
                raise _refusal(recording, row, why, first + place + 1) from None


def _refusal(recording: Recording, row: Sequence[Any], why: Refused, number: int) -> InputError:
    for part in row:
        try:
            digest_part(part, recording)
        except Refused:
            return refused(why, recording, number, name_of(part))
    return refused(why, recording, number, "a path")


def renamed(block: Block, recording: Recording, table: pa.Table) -> Block:
    """A block from the cache, where other names may have been given to the same unreadable files, with those of this table."""
    unreadable = block.meta["unreadable"]
    first = []
    for found in unreadable["first"]:
        parts = rows_of(recording, table.slice(found["row"] - 1, 1), found["row"] - 1)[0]
        first.append(found | {"item": name_of(parts[found["part"]])})
    return replace(block, meta=block.meta | {"unreadable": unreadable | {"first": first}})


def _unreadable(rows: Sequence[DescribedRow]) -> dict[str, Any]:
    numbers = [number for number, row in enumerate(rows, start=1) if row.unreadable]
    named = [
        {"row": number, "part": part, "item": item, "why": why}
        for number in numbers[:MOST_NAMED]
        for part, item, why in rows[number - 1].unreadable
    ]
    return {"count": len(numbers), "rows": numbers, "first": named[:MOST_NAMED]}


def _block(
    modality: str,
    recording: Recording,
    view: str,
    rows: Sequence[DescribedRow],
    present: NDArray[np.bool_],
    meta: dict[str, Any],
    width: int,
) -> Block:
    here = np.flatnonzero(present).tolist()
    if not here:
        sequence = gives_tokens(recording.views[view])
        shape = (len(rows), 1, width) if sequence else (len(rows), width)
        mask = np.zeros(shape[:2], dtype=bool) if sequence else None
        times = np.zeros(shape[:2], dtype=np.float32) if sequence and recording.kind != "image" else None
        return Block(modality, view, np.zeros(shape, dtype=np.float32), present, meta, mask, times)
    found = [rows[i].views[view] for i in here]
    if source_of(recording.views[view])[0] == PIXELS:
        pixels = stacked_pixels(modality, [part.values for part in found], here, len(rows))
        return Block(modality, view, pixels, present, meta | {"raw": True})
    _require_width(modality, here, [part.values.shape[-1] for part in found], width)
    width = found[0].values.shape[-1]
    if found[0].values.ndim == 1:
        vectors = np.zeros((len(rows), width), dtype=np.float32)
        vectors[here] = [part.values for part in found]
        return Block(modality, view, vectors, present, meta)
    counts = np.zeros(len(rows), dtype=np.int64)
    counts[here] = [len(part.values) for part in found]
    mask = np.arange(counts.max()) < counts[:, None]
    tokens = np.zeros((*mask.shape, width), dtype=found[0].values.dtype)
    tokens[mask] = np.concatenate([part.values for part in found])
    block = Block(modality, view, tokens, present, meta, mask)
    if found[0].times is None:
        return block
    times = np.zeros(mask.shape, dtype=np.float32)
    times[mask] = np.concatenate([part.times for part in found if part.times is not None])
    return replace(block, times=times)


def _require_width(modality: str, here: Sequence[int], widths: Sequence[int], learned: int) -> None:
    wanted = learned or widths[0]
    for row, width in zip(here, widths, strict=True):
        if width != wanted:
            before = "where its encoding was learned" if learned else "rows before"
            raise InputError(
                f"{modality!r} must have the same number of channels in every row, but row {row + 1} gives {width:,} numbers "
                f"where {before} gave {wanted:,}. Give each row all channels, or leave such rows empty."
            )
