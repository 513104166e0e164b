"""Modalities and a table to Blocks, through the cache."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from fuseworthy.errors import InputError
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.cache import cached_block, table_digest
from fuseworthy.inputs.modality import Modality, Tabular, Text

VERSION = "3"
"""Raised when an encoder changes what it gives, so that old cache entries are not used."""


def encode_modalities(
    table: pa.Table, modalities: Mapping[str, Modality], root: Path
) -> tuple[dict[str, dict[str, Block]], dict[str, dict[str, str]]]:
    """Blocks of every modality by view, and the folders they lie in.

    Raises
    ------
    InputError
        A modality that no row has, or cells its kind cannot read.
    """
    blocks: dict[str, dict[str, Block]] = {}
    folders: dict[str, dict[str, str]] = {}
    for name, modality in modalities.items():
        columns = table.select(list(modality.columns))
        digest = table_digest(columns)
        blocks[name], folders[name] = {}, {}
        for view in views_of(modality):
            key = {"content": digest, "kind": modality.kind, "view": view, "version": VERSION}
            block, folder = cached_block(key, name, lambda v=view, c=columns, n=name: encode(n, v, c), root)  # type: ignore[misc]
            if not block.present.any():
                raise InputError(
                    f"modality {name!r} must be present in some rows, but every row lacks it "
                    f"(columns {', '.join(modality.columns[:5])}). Leave it out."
                )
            blocks[name][view], folders[name][view] = block, str(folder)
    return blocks, folders


def views_of(modality: Modality) -> tuple[str, ...]:
    """The encoded views a modality's learners read."""
    if isinstance(modality, Text):
        return tuple({"tfidf": "counts", "minilm": "minilm"}[encoder] for encoder in modality.encoders)
    return ("cells",) if isinstance(modality, Tabular) else ("vectors",)


def encode(name: str, view: str, columns: pa.Table) -> Block:
    """One view of one modality."""
    if view == "counts":
        from fuseworthy.inputs.encoders.words import encode_counts

        return encode_counts(name, columns)
    if view == "minilm":
        from fuseworthy.inputs.encoders.minilm import encode_sentences

        return encode_sentences(name, columns)
    if view == "cells":
        from fuseworthy.inputs.encoders.cells import encode_cells

        return encode_cells(name, columns)
    from fuseworthy.inputs.encoders.vectors import encode_vectors

    return encode_vectors(name, columns)
