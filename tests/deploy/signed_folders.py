"""Model folders changed by someone who can also sign the manifest again."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fuseworthy.durable import read_json, write_json

_FRESH = itertools.count(1)


def signed(folder: Path, change: Callable[[dict[str, Any]], object] = lambda manifest: None) -> None:
    """Change the manifest, then give every file that is there its right size and sha256."""
    manifest = read_json(folder / "manifest.json")
    for path in folder.iterdir():
        if path.name != "manifest.json" and path.is_file():
            content = path.read_bytes()
            manifest["files"][path.name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    manifest["files"] = {name: own for name, own in manifest["files"].items() if (folder / name).is_file()}
    change(manifest)
    write_json(folder / "manifest.json", manifest)


def part_of(folder: Path, name: str, ending: str = "skops") -> Path:
    """The file of a single or the fusion."""
    return folder / f"{read_json(folder / 'manifest.json')['parts'][name]}.{ending}"


def entries_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return held.getvalue()


def rebuilt(folder: Path, name: str, edit: Callable[[Any, dict[str, bytes]], object]) -> None:
    """Edit the table of contents and the arrays of a part, and sign the folder."""
    path = part_of(folder, name)
    entries = entries_of(path.read_bytes())
    schema = json.loads(entries.pop("schema.json"))
    edit(schema, entries)
    path.write_bytes(archive_of({"schema.json": json.dumps(schema).encode(), **entries}))
    signed(folder)


def nodes(schema: Any, kind: str) -> Iterator[dict[str, Any]]:
    """Nodes of a class, wherever they are."""
    if isinstance(schema, dict):
        if schema.get("__class__") == kind:
            yield schema
        for below in schema.values():
            yield from nodes(below, kind)
    elif isinstance(schema, list):
        for below in schema:
            yield from nodes(below, kind)


def attributes(node: dict[str, Any]) -> dict[str, Any]:
    """The attributes of an object: name -> node."""
    found: dict[str, Any] = node["content"]["content"]
    return found


def value(own: Any) -> dict[str, Any]:
    """A number or text as a node of its own."""
    said = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "is_json": True}
    return said | {"content": json.dumps(own), "__id__": next(_FRESH)}


def array(own: Any, arrays: dict[str, bytes]) -> dict[str, Any]:
    """An array as a node of its own."""
    held, number = io.BytesIO(), next(_FRESH)
    np.save(held, np.asarray(own), allow_pickle=False)
    arrays[f"{number}.npy"] = held.getvalue()
    said = {"__class__": "ndarray", "__module__": "numpy", "__loader__": "NdArrayNode", "type": "numpy"}
    return said | {"file": f"{number}.npy", "__id__": number}


def array_in(node: dict[str, Any], arrays: dict[str, bytes]) -> Any:
    return np.load(io.BytesIO(arrays[node["file"]]))
