"""Networks, rightly signed, whose design or weights are not what they must be; each changes a copy of a good model."""

from __future__ import annotations

import json
import pickle
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile_parts import NETWORK, Thief
from signed_folders import part_of, signed


def _designed(change: Callable[[list[Any]], Any]) -> Callable[[Path], object]:
    def edit(folder: Path) -> None:
        path = part_of(folder, NETWORK, "json")
        path.write_text(json.dumps(change(json.loads(path.read_text()))))
        signed(folder)

    return edit


def _put(**more: Any) -> Callable[[Path], object]:
    return _designed(lambda designs: [{**design, **more} for design in designs])


def _weights(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    def edit(folder: Path) -> None:
        path = part_of(folder, NETWORK, "safetensors")
        path.write_bytes(change(path.read_bytes()))
        signed(folder)

    return edit


def _header(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], object]:
    def edit(content: bytes) -> bytes:
        size = struct.unpack("<Q", content[:8])[0]
        said = json.loads(content[8 : 8 + size])
        change(said)
        text = json.dumps(said).encode()
        return struct.pack("<Q", len(text)) + text + content[8 + size :]

    return _weights(edit)


def _first(said: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = said[min(name for name in said if name != "__metadata__")]
    return found


def _without(ending: str) -> Callable[[Path], object]:
    return lambda folder: (part_of(folder, NETWORK, ending).unlink(), signed(folder))


def _deep(levels: int) -> Any:
    spec: Any = ["note", "photo"]
    for level in range(levels):
        spec = {f"n{level}": spec}
    return spec


HYBRID = {"kind": "hybrid", "inner": "gated", "outer": "gated"}
NETWORKS: dict[str, Callable[[Path], object]] = {
    "a pickle called safetensors": _weights(lambda content: pickle.dumps(Thief())),
    "no weights": _weights(lambda content: b""),
    "weights cut off": _weights(lambda content: content[:-100]),
    "a header of 100 MB": _weights(lambda content: struct.pack("<Q", 100 << 20) + content[8:]),
    "a header of spaces": _weights(lambda content: struct.pack("<Q", 9 << 20) + b" " * (9 << 20)),
    "a header without end": _weights(lambda content: struct.pack("<Q", 2**63) + content[8:]),
    "weights that overlap": _header(lambda said: [own.update(data_offsets=[0, 4]) for own in said.values()]),
    "an enormous shape": _header(lambda said: _first(said).update(shape=[2**40, 2**22])),
    "another type of numbers": _header(lambda said: _first(said).update(dtype="I32")),
    "an unknown type of numbers": _header(lambda said: _first(said).update(dtype="OBJECT")),
    "weights of NaN": _weights(lambda content: content[:-400] + struct.pack("<f", float("nan")) * 100),
    "a weight less": _header(lambda said: said.pop(max(said))),
    "no file of weights": _without("safetensors"),
    "no file of the design": _without("json"),
    "a design that is a text": _designed(lambda designs: "concat"),
    "no design": _designed(lambda designs: []),
    "a thousand designs": _designed(lambda designs: designs * 1000),
    "an enormous design": _put(width=10**9),
    "a design wider than its weights": _put(width=65_536),
    "a negative design": _put(width=-64),
    "a design of half a number": _put(width=64.5),
    "a design of many outputs": _put(outputs=65_536),
    "an unknown kind": _put(kind="os.system"),
    "a kind that is a list": _put(kind=["concat"]),
    "inputs that are a list": _put(inputs=["note"]),
    "ten thousand inputs": _put(kind="crossmodal", inputs={f"m{k}": 3 for k in range(10_000)}),
    "a tensor of everything": _put(kind="tensor", inputs={f"m{k}": 60_000 for k in range(50)}),
    "another kind": _put(kind="gated"),
    "a deep hybrid": _put(**HYBRID, spec=_deep(900)),
    "a hybrid of itself": _put(**HYBRID, spec={"a": {"a": {"a": "a"}}}),
    "a hybrid of nothing": _put(**HYBRID, spec={}),
    "a hybrid of numbers": _put(**HYBRID, spec={"note": 3, "photo": None}),
    "a hybrid of unknown kinds": _put(kind="hybrid", spec={"a": ["note", "photo"], "t": "table"}, inner="x", outer="y"),
}


def write_networks(good: Path, root: Path) -> list[str]:
    """A folder of each kind under ``root``; returns the kinds."""
    for kind, change in NETWORKS.items():
        shutil.copytree(good, root / kind)
        change(root / kind)
    return list(NETWORKS)
