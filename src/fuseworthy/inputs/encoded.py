"""The blocks of a study: through the cache, keyed by what cells and files hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from fuseworthy.durable import content_digest
from fuseworthy.errors import InputError
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.cache import cached_block, is_cached, table_digest
from fuseworthy.inputs.encode import HOMES, embedded, encode, require_present, views_of
from fuseworthy.inputs.modality import Modality
from fuseworthy.inputs.recordings import Recording

VERSION = "5"
"""Raised when an encoder changes what it gives, so that old cache entries are not used."""
RECORDINGS_VERSION = "2"
"""The same of the encoders of files."""
ATTEMPTS = 3
"""How often files are encoded again because they changed meanwhile."""


@dataclass(frozen=True)
class Watch:
    """How encoding goes on, which changes nothing of what it gives.

    Parameters
    ----------
    jobs : int, optional
        Processes that decode files; as many as pay if left out.
    on_rows : callable (modality, rows done, rows in all), optional
    say : callable (notice), optional
    contents : mapping of modality to the digests of its rows, optional
        As `content_of` gives them, where they were taken already; they are taken again if files changed since.
    """

    jobs: int | None = None
    on_rows: Callable[[str, int, int], None] | None = None
    say: Callable[[str], None] | None = None
    contents: Mapping[str, Sequence[str | None]] = field(default_factory=dict)


def encode_modalities(
    table: pa.Table, modalities: Mapping[str, Modality], root: Path, watch: Watch | None = None
) -> tuple[dict[str, dict[str, Block]], dict[str, dict[str, str]]]:
    """Blocks of every modality by view, and the folders of the cache at ``root`` that they lie in.

    Raises
    ------
    InputError
        A modality that no row has, or cells its kind cannot read.
    """
    watch = watch or Watch()
    blocks: dict[str, dict[str, Block]] = {}
    folders: dict[str, dict[str, str]] = {}
    for name, modality in modalities.items():
        columns = table.select(list(modality.columns))
        if isinstance(modality, Recording):
            found = _encode_recording(name, modality, columns, root, watch)
        else:
            found = _encode_table(name, modality, columns, root, watch)
        for block, _ in found.values():
            require_present(block, modality)
        blocks[name] = {view: block for view, (block, _) in found.items()}
        folders[name] = {view: str(folder) for view, (_, folder) in found.items()}
    return blocks, folders


def encode_raw(
    table: pa.Table,
    modalities: Mapping[str, Modality],
    encoders: Mapping[str, str],
    root: Path,
    watch: Watch | None = None,
) -> tuple[dict[str, Block], dict[str, str]]:
    """What encoders that are to be trained are given of a table, and the folders of the cache that it lies in.

    Parameters
    ----------
    encoders : modality -> the encoder, as `encoders.raw.trainable_encoder` names it

    Raises
    ------
    InputError
    """
    from fuseworthy.inputs.encoders.raw import of_pixels, token_numbers

    watch, blocks, folders = watch or Watch(), {}, {}
    for name, encoder in encoders.items():
        modality, columns = modalities[name], table.select(list(modalities[name].columns))
        if isinstance(modality, Recording):
            ((block, folder),) = _encode_recording(name, of_pixels(modality, encoder), columns, root, watch).values()
        else:
            content, weights = table_digest(columns), embedded().weights_of(encoder)
            key = {"content": content, "kind": modality.kind, "raw": "tokens", "weights": weights, "version": VERSION}
            block, folder = cached_block(key, name, partial(token_numbers, name, encoder, columns), root, watch.say)
        blocks[name], folders[name] = block, str(folder)
    return blocks, folders


def _encode_table(
    name: str, modality: Modality, columns: pa.Table, root: Path, watch: Watch
) -> dict[str, tuple[Block, Path]]:
    digest = table_digest(columns)
    found = {}
    for view, encoder in views_of(modality, columns).items():
        key = {"content": digest, "kind": modality.kind, "view": view, "version": VERSION}
        if view not in HOMES:
            key["weights"] = embedded().weights_of(encoder)
        tell = _tell_rows(name, columns.num_rows, watch)
        make = partial(encode, name, view, columns, encoder, tell)
        found[view] = cached_block(key, name, make, root, watch.say)
    return found


def _tell_rows(name: str, total: int, watch: Watch) -> Callable[[int], None] | None:
    tell = watch.on_rows
    return None if tell is None else lambda done: tell(name, done, total)


def _encode_recording(
    name: str, recording: Recording, columns: pa.Table, root: Path, watch: Watch
) -> dict[str, tuple[Block, Path]]:
    """Keyed by what the files hold, not by their names; views that are not in the cache are made in one pass."""
    from fuseworthy.inputs.encoders.recordings import content_of

    for attempt in range(ATTEMPTS):
        known = watch.contents.get(name) if attempt == 0 else None
        content = content_digest(content_of(recording, columns) if known is None else list(known))
        try:
            return _keyed(name, recording, columns, content, root, watch)
        except _FilesChanged:
            continue
    raise InputError(
        f"files must stay as they are while they are encoded, but those of {name!r} changed {ATTEMPTS} times. "
        "Wait until nothing writes to them, and run it again."
    )


class _FilesChanged(Exception):
    """Files hold something else than when their digest was taken."""


def _keyed(
    name: str, recording: Recording, columns: pa.Table, content: str, root: Path, watch: Watch
) -> dict[str, tuple[Block, Path]]:
    from fuseworthy.inputs.encoders.frozen import weights_of
    from fuseworthy.inputs.encoders.recordings import encode_recording, renamed

    made: dict[str, Block] = {}

    def key(view: str) -> dict[str, Any]:
        what = {"content": content, "kind": recording.kind, "options": recording.options, "view": view}
        own = {"weights": weights} if (weights := weights_of(recording.views[view])) else {}
        return what | own | {"rows": columns.num_rows, "version": RECORDINGS_VERSION}

    def make(view: str) -> Block:
        if view not in made:
            wanted = [v for v in recording.views if v == view or not is_cached(key(v), root)]
            tell = watch.on_rows
            on_rows = None if tell is None else lambda done, total: tell(name, done, total)
            made.update(encode_recording(name, recording, wanted, columns, jobs=watch.jobs, on_rows=on_rows))
            if made[view].meta["content"] != content:
                raise _FilesChanged
        return made.pop(view)

    found = {}
    for view in recording.views:
        block, folder = cached_block(key(view), name, lambda v=view: make(v), root, watch.say)  # type: ignore[misc]
        found[view] = renamed(block, recording, columns), folder
    return found
