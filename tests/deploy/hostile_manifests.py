"""Folders that are none, whose files are strange, or whose manifest says what cannot be; each changes a copy of a good one."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from signed_folders import signed

from fuseworthy.durable import read_json, write_json

FOLDERS: dict[str, Callable[[Path], object]] = {}
"""Kinds of folders whose files are not what they must be."""
SAID: dict[str, Callable[[dict[str, Any]], object]] = {}
"""Kinds of manifests, rightly signed, that say what cannot be."""


def _replaced(name: str, content: bytes = b"") -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


def _instead(name: str, make: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda folder: ((folder / name).unlink(), make(folder / name))


def _cut(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes()[:-40])


def _flipped(name: str) -> Callable[[Path], object]:
    def flip(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)

    return flip


def _enormous(folder: Path) -> None:
    with (folder / "manifest.json").open("r+b") as handle:
        handle.truncate((64 << 20) + 1)


def _emptied(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def _no_folder(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("a model")


def _kept_outside(name: str) -> Callable[[Path], object]:
    def move(folder: Path) -> None:
        outside = folder.parent / f"{folder.name}-{name}"
        shutil.move(folder / name, outside)
        (folder / name).symlink_to(outside)

    return move


FOLDERS |= {
    "a file": _no_folder,
    "an empty folder": _emptied,
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "a manifest cut off": _cut,
    "a manifest with a flipped bit": _flipped("manifest.json"),
    "a manifest of other bytes": _replaced("manifest.json", b"\x80\x04\x95 pickle"),
    "a manifest of nothing": _replaced("manifest.json"),
    "a manifest nested deeply": _replaced("manifest.json", b'{"content": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
    "a manifest that is a list": lambda folder: write_json(folder / "manifest.json", []),
    "a manifest that is a number": lambda folder: write_json(folder / "manifest.json", 1),
    "an enormous manifest": _enormous,
    "a folder called manifest": _instead("manifest.json", Path.mkdir),
    "a pipe called manifest": _instead("manifest.json", os.mkfifo),
    "a manifest from outside": _kept_outside("manifest.json"),
    "a file less": lambda folder: (folder / "part-00.skops").unlink(),
    "a file more": _replaced("model.pkl", b"\x80\x04."),
    "a hidden file more": _replaced(".hidden", b"x"),
    "a file of another size": _replaced("part-00.skops", b"x"),
    "a flipped bit": _flipped("part-00.skops"),
    "a flipped bit of the card": _flipped("README.md"),
    "a file from outside": _kept_outside("part-00.skops"),
    "a folder instead of a file": _instead("part-00.skops", Path.mkdir),
    "a pipe instead of a file": _instead("part-00.skops", os.mkfifo),
    "a device instead of a file": _instead("part-00.skops", lambda path: path.symlink_to("/dev/zero")),
}


def _put(*path: Any) -> Callable[[dict[str, Any]], object]:
    """Put the last of ``path`` under the rest of it."""
    *steps, last, what = path

    def change(manifest: dict[str, Any]) -> None:
        holder: Any = manifest
        for step in steps:
            holder = holder[step]
        holder[last] = what

    return change


def _named(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda manifest: manifest["files"].update({name: {"bytes": 3, "sha256": "0" * 64}})


def _swapped(manifest: dict[str, Any]) -> None:
    first, second = list(manifest["parts"])[:2]
    parts = manifest["parts"]
    parts[first], parts[second] = parts[second], parts[first]


_OUTSIDE = {
    "above": "../secret.skops",
    "absolute": "/etc/passwd",
    "in a folder": "parts/part.skops",
    "with NUL": "part\0.skops",
    "hidden": ".bashrc",
    "empty": "",
    "two dots": "..",
    "the manifest": "manifest.json",
    "very long": "x" * 5000,
    "turned round": "a\u202e.skops",
}
SAID |= {f"a file named {what}": _named(name) for what, name in _OUTSIDE.items()}
SAID |= {
    f"{size} bytes": _put("files", "part-00.skops", "bytes", size) for size in (-1, 1 << 70, 1.5, "12", None, True)
}
SAID |= {
    "a newer format": _put("format", 2),
    "a format of true": _put("format", True),
    "a format of nought": _put("format", 0),
    "a field more": _put("loader", "module:function"),
    "a field less": lambda manifest: manifest.pop("router"),
    "versions that are a list": _put("versions", ["1"]),
    "another kind of task": _put("task", "kind", "ranking"),
    "a class twice": _put("task", "classes", ["a", "a"]),
    "a class more": _put("task", "classes", ["a", "b", "c"]),
    "a negative variance": _put("task", "variance", -1.0),
    "a prior of one": _put("prior", [1.0]),
    "a prior of texts": _put("prior", ["a", "b"]),
    "a prior without end": _put("prior", [float("nan"), 1.0]),
    "a threshold of text": _put("threshold", "high"),
    "an infinite threshold": _put("threshold", float("inf")),
    "an unknown single": _put("router", "choices", "note+photo+table", "single", "note/secret"),
    "an unknown modality asked": _put("router", "choices", "note+photo+table", "asked", ["sound"]),
    "nothing asked": _put("router", "choices", "note+photo+table", "asked", []),
    "a choice for an unknown pattern": lambda manifest: manifest["router"]["choices"].update(
        {"sound": manifest["router"]["choices"]["note+photo+table"]}
    ),
    "an order of others": _put("router", "order", ["a/b"]),
    "a single twice": lambda manifest: manifest["singles"].append(manifest["singles"][0]),
    "no single": _put("singles", []),
    "parts swapped": _swapped,
    "a part for all": lambda manifest: manifest["parts"].update(dict.fromkeys(manifest["parts"], "part-00")),
    "a part that is not there": lambda manifest: manifest["parts"].update({manifest["singles"][0]: "../../outside"}),
    "a vocabulary that is a text": _put("encodings", "note", "counts", "vocabularies", 0, "abcdef"),
    "a vocabulary of numbers": _put("encodings", "note", "counts", "vocabularies", 0, [1, [2], None]),
    "columns that are a text": _put("encodings", "note", "counts", "columns", "ab"),
    "columns of another modality": _put("encodings", "note", "counts", "columns", ["size", "shop"]),
    "an encoding of another modality": _put("encodings", "note", "counts", "modality", "photo"),
    "another view": _put("encodings", "note", "counts", "view", "os"),
    "an enormous width": _put("encodings", "photo", "vectors", "width", 10**12),
    "a wide width": _put("encodings", "photo", "vectors", "width", 10**9),
    "a negative width": _put("encodings", "photo", "vectors", "width", -3),
    "levels that are numbers": _put("encodings", "table", "cells", "cells", 1, "levels", [1, 2]),
    "an origin that is text": _put("encodings", "table", "cells", "cells", 2, "origin", "now"),
    "a recording with a root that is a number": _put(
        "encodings",
        "photo",
        "vectors",
        {
            **{"view": "statistics", "modality": "photo", "width": 3, "weights": ""},
            "recording": {"kind": "image", "columns": ["photo"], "encoders": ["statistics"], "root": 1},
        },
    ),
    "a modality of an unknown kind": _put("modalities", "photo", {"kind": "smell", "columns": ["photo"]}),
    "a modality without columns": _put("modalities", "photo", {"kind": "embedding", "columns": []}),
    "an answer that is none": lambda manifest: manifest["probe"].update({min(manifest["probe"]): None}),
    "answers of another shape": lambda manifest: manifest["probe"].update({min(manifest["probe"]): [[0.5]]}),
    "answers of NaN": lambda manifest: manifest["probe"].update({max(manifest["probe"]): [[float("nan")] * 2] * 6}),
    "an answer less": lambda manifest: manifest["probe"].pop(max(manifest["probe"])),
    "other answers": lambda manifest: manifest["probe"].update({max(manifest["probe"]): [[0.5, 0.5]] * 6}),
    "what the study said as a list": _put("about", []),
}


def write_folders(good: Path, root: Path) -> list[str]:
    """A folder of each kind under ``root``, from copies of a good model; returns the kinds."""
    for kind, spoil in FOLDERS.items():
        shutil.copytree(good, root / kind)
        spoil(root / kind)
    for kind, change in SAID.items():
        own = root / kind
        shutil.copytree(good, own)
        signed(own, change)
    surrogate = root / "a name of half a character"
    shutil.copytree(good, surrogate)
    body = json.dumps({"content": read_json(good / "manifest.json") | {"target": "\ud800"}, "sha256": "0"})
    (surrogate / "manifest.json").write_text(body)
    return [*FOLDERS, *SAID, surrogate.name]
