"""Modalities and a table to Blocks, with what was learned kept for rows to come; through the cache in `encoded`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from fuseworthy.errors import InputError
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.modality import Embedding, Modality, Tabular, Text
from fuseworthy.inputs.recordings import Recording


class Home(NamedTuple):
    """Where the encoding of a view is written, loaded when it is first needed."""

    module: str
    encoding: str
    learn: str


HOMES = {
    "counts": Home("words", "CountsEncoding", "learn_counts"),
    "words": Home("hashed", "HashedEncoding", "learn_hashed"),
    "cells": Home("cells", "CellsEncoding", "learn_cells"),
    "tokens": Home("tokens", "TokensEncoding", "learn_tokens"),
    "vectors": Home("vectors", "VectorsEncoding", "learn_vectors"),
}
"""Of views whose table holds the data itself and that need no weights; those that do are in `encoders.embedded`, those of
files in `encoders.recordings`."""


class Encoding(Protocol):
    """What one view of a modality learned from a table: it encodes other rows as it encoded those."""

    @property
    def view(self) -> str:
        """The name of the block it makes."""
        ...

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
        learned = _learned(name, modality, columns)
        for _, block in learned.values():
            require_present(block, modality)
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
        for column in wanted:
            if own[column].null_count == table.num_rows > 0:  # of whatever type: readers cannot tell that of nothing
                own = own.set_column(own.column_names.index(column), column, pa.nulls(table.num_rows))
        blocks[name] = {view: encoding.encode(own) for view, encoding in views.items()}
    columns = {column for views in encodings.values() for encoding in views.values() for column in encoding.columns}
    if not columns & set(table.column_names):
        raise InputError(
            f"a table must have the columns of at least one modality, but has none of {', '.join(sorted(columns)[:8])}."
        )
    return blocks


def text_columns(encodings: Encodings) -> frozenset[str]:
    """Columns whose cells are words whatever they look like: texts, categories and paths of files.

    A CSV file does not tell ``10115`` from a number, or ``TRUE`` from a flag; what was learned does.
    """
    found: set[str] = set()
    for views in encodings.values():
        own = next(iter(views.values()))
        if own.view == "cells":
            levels = {cell.name: cell.levels for cell in own.cells if cell.role == "category"}  # type: ignore[attr-defined]
            found |= {name for name, known in levels.items() if not set(known) <= {"true", "false"}}
        elif own.view not in ("tokens", "vectors"):
            found |= set(own.columns)
    return frozenset(found)


def moved(encodings: Encodings, root: Path | None) -> dict[str, dict[str, Encoding]]:
    """The same encodings, for files whose paths are relative to another folder, or to none."""
    return {
        m: {view: own.moved(root) if hasattr(own, "moved") else own for view, own in views.items()}
        for m, views in encodings.items()
    }


def encoding_from_dict(data: Mapping[str, Any]) -> Encoding:
    """An encoding from what its ``to_dict`` gave."""
    if "recording" in data:
        from fuseworthy.inputs.encoders.recordings import RecordingEncoding

        return RecordingEncoding.from_dict(data)
    if "weights" in data:
        read: Encoding = embedded().EmbeddedTexts.from_dict(data)
        return read
    found: Encoding = getattr(_module(data["view"]), HOMES[data["view"]].encoding).from_dict(data)
    return found


def views_of(modality: Modality, columns: pa.Table) -> dict[str, str]:
    """The encoded views a modality's learners read -> their encoders; the columns tell sequences from vectors.

    Raises
    ------
    InputError
        Several columns of sequences, or times of something else.
    """
    if isinstance(modality, Recording | Text):
        return modality.views
    view = "cells" if isinstance(modality, Tabular) else _embedded_view(modality, columns)
    return {view: view}


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


def _learned(name: str, modality: Modality, columns: pa.Table) -> Mapping[str, tuple[Encoding, Block]]:
    if isinstance(modality, Recording):
        from fuseworthy.inputs.encoders.recordings import learn_recording

        return learn_recording(name, modality, columns)
    return {view: learn(name, view, columns, encoder) for view, encoder in views_of(modality, columns).items()}


def learn(
    name: str, view: str, columns: pa.Table, encoder: str = "", tell: Callable[[int], None] | None = None
) -> tuple[Encoding, Block]:
    """What one view of a modality that is no recording learns from a table, and the table's block.

    Parameters
    ----------
    encoder : str
        Of texts, as the user spelled it.
    tell : callable (rows done), optional
        Of encoders that take their time.
    """
    found: tuple[Encoding, Block]
    if view in HOMES:
        found = getattr(_module(view), HOMES[view].learn)(name, columns)
    else:
        found = embedded().learn_embedded(name, columns, view, encoder, tell)
    return found


def _module(view: str) -> Any:
    return import_module(f"fuseworthy.inputs.encoders.{HOMES[view].module}")


def embedded() -> Any:
    """The module of encodings that need weights, loaded when it is first needed."""
    return import_module("fuseworthy.inputs.encoders.embedded")


def encode(
    name: str, view: str, columns: pa.Table, encoder: str = "", tell: Callable[[int], None] | None = None
) -> Block:
    """One view of a modality that is no recording, by what the columns themselves teach; see `learn`."""
    return learn(name, view, columns, encoder, tell)[1]


def require_present(block: Block, modality: Modality) -> None:
    """Raise `InputError` for a modality that no row has."""
    if not block.present.any():
        if first := block.meta.get("unreadable", {}).get("first"):
            raise InputError(
                f"modality {block.modality!r} must be readable in some rows, but in none is it "
                f"({first[0]['item']} in row {first[0]['row']}: {first[0]['why']}). Leave it out, or check its root."
            )
        raise InputError(
            f"modality {block.modality!r} must be present in some rows, but every row lacks it "
            f"(columns {', '.join(modality.columns[:5])}). Leave it out."
        )
