"""What a command's words mean: columns, modalities, joins."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from fuseworthy.errors import InputError
from fuseworthy.inputs.modality import Modality, make_modality, parse_modality


def split_names(text: str) -> tuple[str, ...]:
    """Names between commas.

    Examples
    --------
    >>> split_names("title, text")
    ('title', 'text')
    """
    return tuple(name.strip() for name in text.split(",") if name.strip())


def modalities_from(
    named: Sequence[str], text: Sequence[str], tabular: Sequence[str], embedding: Sequence[str], encoders: Sequence[str]
) -> dict[str, Modality] | None:
    """Modalities from ``--modality`` and the short forms; None if nothing was named, so that they are inferred.

    Examples
    --------
    >>> modalities_from([], ["title,body"], ["age"], [], [])
    {'text': Text(columns=('title', 'body')), 'tabular': Tabular(columns=('age',))}
    """
    chosen = ("tfidf", *[e for e in encoders if e != "tfidf"])
    found: dict[str, Modality] = {}
    for words in named:
        name, modality = parse_modality(words, encoders=chosen)
        _add(found, name, modality)
    for kind, groups in (("text", text), ("tabular", tabular), ("embedding", embedding)):
        for group in groups:
            columns = split_names(group)
            name = kind if len(groups) == 1 else columns[0] if columns else kind
            _add(found, name, make_modality(kind, columns, encoders=chosen))
    return found or None


def plain_margin(worth: str | None, margin: float) -> float:
    """The margin, which ``--worth`` may give as a plain number.

    Examples
    --------
    >>> plain_margin("0.02", 0.01), plain_margin("0.5ms:0.002", 0.01)
    (0.02, 0.01)
    """
    try:
        return float(worth) if worth is not None else margin
    except ValueError:
        return margin


def price_only(worth: str | None) -> str | None:
    """``--worth`` if it is a price and no plain number."""
    return None if worth is None or plain_margin(worth, -1.0) != -1.0 else worth


def asked_with() -> str:
    """The command as it was typed, without what does not change the answer."""
    words = sys.argv[1:]
    for option in ("--out", "-o", "--jobs"):
        while option in words[:-1]:
            place = words.index(option)
            del words[place : place + 2]
    return shlex.join(["fuseworthy", *(w for w in words if w not in ("--resume", "--debug"))])


def default_folder(table: Path, target: str) -> Path:
    """Where a run goes if nothing is said: ``runs/<table>-<target>``."""
    stem = table.name.split(".")[0]
    return Path("runs") / "".join(c if c.isalnum() or c in "-_" else "-" for c in f"{stem}-{target}")


def _add(found: dict[str, Modality], name: str, modality: Modality) -> None:
    if name in found:
        raise InputError(
            f"modalities must have different names, but {name!r} came twice. "
            "Name them: --modality NAME=KIND:COLUMN,COLUMN"
        )
    found[name] = modality
