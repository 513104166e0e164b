"""Modalities and a table to Blocks: through the cache for a study, or with what was learned kept for rows to come."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

import pyarrow as pa

from fuseworthy.errors import InputError
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.cache import cached_block, table_digest
from fuseworthy.inputs.modality import Embedding, Modality, Tabular, Text

VERSION = "3"
"""Raised when an encoder changes what it gives, so that old cache entries are not used."""


class Encoding(Protocol):
    """What one view of a modality learned from a table: it encodes other rows as it encoded those."""

    view: ClassVar[str]

    @property
    def modality(self) -> str: ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        ...

    def encode(self, table: pa.Table) -> Block:
        """The rows of any table that has the columns; a column of type null is missing in every row."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Everything learned, for JSON; `encoding_from_dict` reads it back."""
        ...


Encodings = Mapping[str, Mapping[str, Encoding]]
"""Modality -> view -> Encoding."""


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
        for view in views_of(modality, columns):
            key = {"content": digest, "kind": modality.kind, "view": view, "version": VERSION}
            block, folder = cached_block(key, name, lambda v=view, c=columns, n=name: encode(n, v, c), root)  # type: ignore[misc]
            _require_present(block, modality)
            blocks[name][view], folders[name][view] = block, str(folder)
    return blocks, folders


def learn_encodings(
    table: pa.Table, modalities: Mapping[str, Modality]
) -> tuple[dict[str, dict[str, Encoding]], dict[str, dict[str, Block]]]:
    """What every view of every modality learns from a table, and the table's blocks.

    Raises
    ------
    InputError
        A modality that no row has, or cells its kind cannot read.

    Examples
    --------
    >>> encodings, blocks = learn_encodings(pa.table({"shop": ["north", "south", None]}), {"table": Tabular("shop")})
    >>> blocks["table"]["cells"].values.ravel().tolist()
    [0.0, 1.0, nan]
    >>> encode_rows(pa.table({"shop": ["south", "west"]}), encodings)["table"]["cells"].values.ravel().tolist()
    [1.0, nan]
    """
    encodings: dict[str, dict[str, Encoding]] = {}
    blocks: dict[str, dict[str, Block]] = {}
    for name, modality in modalities.items():
        columns = table.select(list(modality.columns))
        learned = {view: learn(name, view, columns) for view in views_of(modality, columns)}
        for _, block in learned.values():
            _require_present(block, modality)
        encodings[name] = {view: encoding for view, (encoding, _) in learned.items()}
        blocks[name] = {view: block for view, (_, block) in learned.items()}
    return encodings, blocks


def encode_rows(table: pa.Table, encodings: Encodings) -> dict[str, dict[str, Block]]:
    """Blocks of rows that may be new, by what was learned before.

    A modality of which the table has no column is absent in every row.

    Raises
    ------
    InputError
        The table has some columns of a modality and lacks others, or no column of any; or cells of another type.
    """
    blocks: dict[str, dict[str, Block]] = {}
    for name, views in encodings.items():
        wanted = next(iter(views.values())).columns
        lacking = [column for column in wanted if column not in table.column_names]
        if lacking and len(lacking) < len(wanted):
            raise InputError(
                f"a table must have all columns of a modality or none, but of {name!r} it lacks "
                f"{', '.join(map(repr, lacking))}. Add them (empty where unknown), or leave out the others as well."
            )
        own = table.select(list(wanted)) if not lacking else pa.table({c: pa.nulls(table.num_rows) for c in wanted})
        blocks[name] = {view: encoding.encode(own) for view, encoding in views.items()}
    columns = {column for views in encodings.values() for encoding in views.values() for column in encoding.columns}
    if not columns & set(table.column_names):
        raise InputError(
            f"a table must have the columns of at least one modality, but has none of {', '.join(sorted(columns)[:8])}."
        )
    return blocks


def encoding_from_dict(data: Mapping[str, Any]) -> Encoding:
    """An encoding from what its ``to_dict`` gave."""
    from fuseworthy.inputs.encoders.cells import CellsEncoding
    from fuseworthy.inputs.encoders.minilm import SentencesEncoding
    from fuseworthy.inputs.encoders.tokens import TokensEncoding
    from fuseworthy.inputs.encoders.vectors import VectorsEncoding
    from fuseworthy.inputs.encoders.words import CountsEncoding

    if data["view"] == "cells":
        return CellsEncoding.from_dict(data)
    if data["view"] == "minilm":
        return SentencesEncoding.from_dict(data)
    if data["view"] == "tokens":
        return TokensEncoding.from_dict(data)
    return CountsEncoding.from_dict(data) if data["view"] == "counts" else VectorsEncoding.from_dict(data)


def views_of(modality: Modality, columns: pa.Table) -> tuple[str, ...]:
    """The encoded views a modality's learners read; the columns tell sequences from vectors.

    Raises
    ------
    InputError
        Several columns of sequences, or times of something else.
    """
    if isinstance(modality, Text):
        return tuple({"tfidf": "counts", "minilm": "minilm"}[encoder] for encoder in modality.encoders)
    return ("cells",) if isinstance(modality, Tabular) else (_embedded_view(modality, columns),)


def _embedded_view(modality: Modality, columns: pa.Table) -> str:
    from fuseworthy.inputs.encoders.tokens import is_sequence

    times = modality.times if isinstance(modality, Embedding) else None
    found = [c for c in columns.column_names if is_sequence(columns.schema.field(c).type)]
    if found and len(columns.column_names) > 1 + (times is not None):
        raise InputError(
            f"a sequence of vectors must be the only column of its embedding, but {found[0]!r} came with "
            f"{len(columns.column_names) - 1} others. Pass times= for its times, and the others as modalities of their own."
        )
    if times is not None and modality.columns[0] not in found:
        kind = columns.schema.field(modality.columns[0]).type
        raise InputError(
            f"times= must come with a column of lists of vectors, but {modality.columns[0]!r} has type {kind}. "
            "Leave out times=, or give a list of vectors for each row."
        )
    return "tokens" if found else "vectors"


def learn(name: str, view: str, columns: pa.Table) -> tuple[Encoding, Block]:
    """What one view of one modality learns from a table, and the table's block."""
    if view == "counts":
        from fuseworthy.inputs.encoders.words import learn_counts

        return learn_counts(name, columns)
    if view == "minilm":
        from fuseworthy.inputs.encoders.minilm import learn_sentences

        return learn_sentences(name, columns)
    if view == "cells":
        from fuseworthy.inputs.encoders.cells import learn_cells

        return learn_cells(name, columns)
    if view == "tokens":
        from fuseworthy.inputs.encoders.tokens import learn_tokens

        return learn_tokens(name, columns)
    from fuseworthy.inputs.encoders.vectors import learn_vectors

    return learn_vectors(name, columns)


def encode(name: str, view: str, columns: pa.Table) -> Block:
    """One view of one modality, by what the columns themselves teach."""
    return learn(name, view, columns)[1]


def _require_present(block: Block, modality: Modality) -> None:
    if not block.present.any():
        raise InputError(
            f"modality {block.modality!r} must be present in some rows, but every row lacks it "
            f"(columns {', '.join(modality.columns[:5])}). Leave it out."
        )
