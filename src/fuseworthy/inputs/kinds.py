"""Modalities from the names of their kinds: as commands spell them, and as studies and models keep them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fuseworthy.errors import InputError, nearest
from fuseworthy.inputs.modality import Embedding, Modality, Tabular, Text
from fuseworthy.inputs.recordings import Audio, Image, Series, Video

KINDS: dict[str, type[Modality]] = {kind.kind: kind for kind in (Text, Tabular, Image, Audio, Video, Series, Embedding)}


def make_modality(kind: str, columns: tuple[str, ...], *, encoders: tuple[str, ...] = ("tfidf",)) -> Modality:
    """A modality from its kind's name; ``encoders`` are those of texts.

    Raises
    ------
    InputError
        The kind is not one this version reads.
    """
    if kind not in KINDS:
        raise InputError(
            f"a modality's kind must be one of {', '.join(KINDS)}, but {kind!r} came: {nearest(kind, KINDS)}."
        )
    return Text(*columns, encoders=encoders) if kind == "text" else KINDS[kind](*columns)


def modality_from_dict(data: Mapping[str, Any]) -> Modality:
    """A modality from what its ``to_dict`` gave.

    Examples
    --------
    >>> modality_from_dict(Audio("call", rate=8000).to_dict()) == Audio("call", rate=8000)
    True
    """
    options = {name: value for name, value in data.items() if name not in ("kind", "columns")}
    columns = list(data["columns"])
    if "times" in options:  # an embedding's times are the last of its columns
        columns.remove(options["times"])
    if "encoders" in options:
        options["encoders"] = tuple(options["encoders"])
    return KINDS[data["kind"]](*columns, **options)


def parse_modality(text: str, *, encoders: tuple[str, ...] = ("tfidf",)) -> tuple[str, Modality]:
    """Read ``NAME=KIND:COLUMN,COLUMN``.

    Examples
    --------
    >>> parse_modality("review=text:title,body")[1].columns
    ('title', 'body')
    """
    name, equals, rest = text.partition("=")
    kind, colon, columns = rest.partition(":")
    names = tuple(c.strip() for c in columns.split(",") if c.strip())
    if not (name and equals and colon and names):
        raise InputError(
            f"a modality must be written NAME=KIND:COLUMN,COLUMN, but {text!r} came. "
            "For example: --modality review=text:title,body"
        )
    return name.strip(), make_modality(kind.strip(), names, encoders=encoders)
