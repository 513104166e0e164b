"""What a command's words mean: columns, modalities, joins."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fuseworthy.durable import require_new
from fuseworthy.errors import InputError, nearest, require
from fuseworthy.inputs.kinds import make_modality, parse_modality, with_checksum
from fuseworthy.inputs.modality import Modality

if TYPE_CHECKING:
    from fuseworthy.inputs.files import Files


def split_names(text: str) -> tuple[str, ...]:
    """Names between commas.

    Examples
    --------
    >>> split_names("title, text")
    ('title', 'text')
    """
    return tuple(name.strip() for name in text.split(",") if name.strip())


def modalities_from(named: Sequence[str], short: Mapping[str, Sequence[str] | None]) -> dict[str, Modality] | None:
    """Modalities from ``--modality`` and the short forms; None if nothing was named, so that they are inferred.

    Parameters
    ----------
    named : ``NAME=KIND:COLUMN,COLUMN`` each
    short : mapping of kind to the columns given by each ``--KIND``

    Examples
    --------
    >>> modalities_from([], {"text": ["title,body"], "tabular": ["age"]})
    {'text': Text(columns=('title', 'body')), 'tabular': Tabular(columns=('age',))}
    """
    found: dict[str, Modality] = {}
    for words in named:
        name, modality = parse_modality(words)
        _add(found, name, modality)
    for kind, groups in short.items():
        for group in groups or ():
            columns = split_names(group)
            name = kind if len(groups or ()) == 1 else columns[0] if columns else kind
            _add(found, name, make_modality(kind, columns))
    return found or None


def encoders_from(words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Encoders from each ``--encoder NAME=ENCODER,ENCODER``; a plain ``minilm`` adds it to every text.

    Examples
    --------
    >>> encoders_from(["image=statistics,efficientnet", "minilm"])
    {'image': ('statistics', 'efficientnet'), 'text': ('tfidf', 'minilm')}
    """
    found: dict[str, tuple[str, ...]] = {}
    for word in words:
        name, equals, rest = word.partition("=")
        name, chosen = (name.strip(), split_names(rest)) if equals else ("text", ("tfidf", *split_names(word)))
        if name in found:
            raise InputError(
                f"encoders must be given once for each modality, but {name!r} came twice. "
                f"Write them together: --encoder {name}={','.join(found[name] + chosen)}"
            )
        if not name or not chosen:
            raise InputError(
                f"encoders must be written NAME=ENCODER,ENCODER, but {word!r} came. "
                "For example: --encoder image=statistics,efficientnet"
            )
        found[name] = chosen
    return found


def joins_from_words(tables: Sequence[Path], keys: Sequence[str]) -> dict[str, list[Path]]:
    """Tables to join by their key, from ``--join`` and ``--on``: one key for all, or one for each.

    Examples
    --------
    >>> joins_from_words([Path("a.csv"), Path("b.csv")], ["id"]) == {"id": [Path("a.csv"), Path("b.csv")]}
    True
    """
    if len(keys) not in (1, len(tables)) and (tables or keys):
        raise InputError(
            f"tables are joined by a key, never by position, but {len(keys)} keys came for {len(tables)} tables: pass --on "
            "COLUMN once, or once for each --join."
        )
    found: dict[str, list[Path]] = {}
    for place, table in enumerate(tables):
        found.setdefault(keys[0 if len(keys) == 1 else place], []).append(table)
    return found


def files_from(words: Sequence[str]) -> dict[str, Files] | None:
    """Sets of files from ``--files NAME=KIND:PATTERN``.

    Examples
    --------
    >>> files_from(["photo=image:photos/{id}.png"])["photo"].pattern
    'photos/{id}.png'
    """
    from fuseworthy.inputs.files import parse_files

    found: dict[str, Files] = {}
    for word in words:
        name, files = parse_files(word)
        if name in found:
            raise InputError(f"sets of files must have different names, but {name!r} came twice.")
        found[name] = files
    return found or None


def with_checksums(
    words: Sequence[str], modalities: dict[str, Modality] | None, files: dict[str, Files] | None = None
) -> None:
    """Give modalities, or sets of files, the column of checksums of each ``--checksum NAME=COLUMN``, in place.

    Examples
    --------
    >>> found = {"photo": make_modality("image", ("file",))}
    >>> with_checksums(["photo=sha256"], found)
    >>> found["photo"].columns
    ('file', 'sha256')
    """
    for word in words:
        name, equals, column = (part.strip() for part in word.partition("="))
        if not (name and equals and column):
            raise InputError(
                f"checksums must be written NAME=COLUMN, but {word!r} came. For example: --checksum image=sha256"
            )
        if files and name in files:
            files[name] = replace(files[name], sha256=column)
        elif modalities and name in modalities:
            modalities[name] = with_checksum(modalities[name], column)
        else:
            known = [*(modalities or {}), *(files or {})]
            raise InputError(
                f"checksums must be of a modality that is named, but {name!r} came: "
                f"{nearest(name, known) if known else 'none is named'}. Name it: --modality {name}=image:COLUMN."
            )


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
    """Where a run goes if nothing is said: ``runs/<table>-<target>``; a table called table is known by its folder.

    Examples
    --------
    >>> default_folder(Path("films/table.parquet"), "rating").as_posix()
    'runs/films-rating'
    """
    stem = table.name.split(".")[0]
    stem = table.absolute().parent.name or stem if stem == "table" else stem
    return Path("runs") / "".join(c if c.isalnum() or c in "-_" else "-" for c in f"{stem}-{target}")


def _add(found: dict[str, Modality], name: str, modality: Modality) -> None:
    if name in found:
        raise InputError(
            f"modalities must have different names, but {name!r} came twice. "
            "Name them: --modality NAME=KIND:COLUMN,COLUMN"
        )
    found[name] = modality


def require_model_folder(model: Path | None, deploy: str | None) -> None:
    """Refuse before hours of training a folder that a model cannot be saved to.

    Raises
    ------
    InputError
    """
    if deploy is not None and model is None:
        raise InputError("--deploy must come with the folder that the model is kept in, but none came. Pass --model.")
    if model is not None:
        require_new(model, "--model")
        above = next(path for path in model.absolute().parents if path.exists())
        if not (above.is_dir() and os.access(above, os.W_OK | os.X_OK)):
            raise InputError(
                f"--model must be a folder that can be made, but {above} cannot be written to. Choose another."
            )
        require("skops.io", extra="deploy")
