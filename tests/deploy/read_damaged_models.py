"""Read model folders damaged at random and rightly signed again, watched; print how many were read and refused: ``COUNT``
``GOOD...``. A process of its own, as `read_hostile` is.

Damage is of four kinds: bytes of any file; a value of the manifest; bytes of an array of a part; a number or text in a
part's table of contents.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from read_hostile import answer_to, begin, peak
from signed_folders import archive_of, entries_of, signed

ODD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    -(2**63),
    10**30,
    0.5,
    float("nan"),
    float("inf"),
    "",
    "a",
    "../x",
]
ODD += [[], [0], [[]], {}, {"a": 1}, "\0", "note", "note/linear", [None], ["a"], "fusion", 3, 1e308]


def flipped(content: bytes, rng: np.random.Generator) -> bytes:
    """A few bytes changed, a piece cut out, or the end cut off."""
    found = bytearray(content)
    how = rng.random()
    if how < 0.7 or len(found) < 8:
        for place in rng.integers(0, max(len(found), 1), int(rng.integers(1, 9))):
            found[place : place + 1] = bytes([rng.integers(256)])
    elif how < 0.9:
        start = int(rng.integers(len(found)))
        del found[start : start + int(rng.integers(1, 64))]
    else:
        del found[int(rng.integers(len(found))) :]
    return bytes(found)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to all values; of long lists to the first few."""
    found = [path] if path else []
    below = value.items() if isinstance(value, dict) else enumerate(value[:4]) if isinstance(value, list) else ()
    return found + [way for key, own in below for way in places(own, (*path, key))]


def replaced(value: Any, rng: np.random.Generator) -> Any:
    """One value replaced by an odd one."""
    ways = places(value)
    *steps, last = ways[rng.integers(len(ways))]
    holder = value
    for step in steps:
        holder = holder[step]
    holder[last] = ODD[rng.integers(len(ODD))]
    return value


def spoil(folder: Path, rng: np.random.Generator) -> str:
    """Damage a folder; says how."""
    how = str(rng.choice(["bytes", "manifest", "array", "contents"], p=[0.2, 0.3, 0.25, 0.25]))
    if how == "manifest":
        signed(folder, lambda manifest: replaced(manifest, rng))
        return how
    files = sorted(path for path in folder.iterdir() if path.name not in ("manifest.json", "README.md"))
    if how != "bytes":
        files = [path for path in files if path.suffix == ".skops"]
    path = files[rng.integers(len(files))]
    content = path.read_bytes()
    if how == "bytes":
        path.write_bytes(flipped(content, rng))
    else:
        entries = entries_of(content)
        arrays = sorted(name for name in entries if name != "schema.json")
        if how == "array" and arrays:
            name = arrays[rng.integers(len(arrays))]
            entries[name] = entries[name][:128] + flipped(entries[name][128:], rng)
        else:
            schema = json.loads(entries["schema.json"])
            for _ in range(int(rng.integers(1, 4))):
                replaced_number(schema, rng)
            entries["schema.json"] = json.dumps(schema).encode()
        path.write_bytes(archive_of(entries))
    signed(folder)
    return how


def replaced_number(schema: Any, rng: np.random.Generator) -> None:
    """A number or text that a part holds, or anything of its table, replaced by an odd one."""
    waiting, found = [schema], []
    while waiting:
        own = waiting.pop()
        if isinstance(own, dict):
            found += [own] if own.get("__loader__") == "JsonNode" else []
            waiting += own.values()
        elif isinstance(own, list):
            waiting += own
    if found and rng.random() < 0.7:
        node = found[rng.integers(len(found))]
        node |= {"content": json.dumps(ODD[rng.integers(len(ODD))]), "__id__": int(rng.integers(1, 2**40))}
    else:
        replaced(schema, rng)


if __name__ == "__main__":
    count, *good = sys.argv[1:]
    table, watch = begin(good)
    before, answers = peak(), Counter()
    with tempfile.TemporaryDirectory() as root:
        for seed in range(int(count)):
            rng = np.random.default_rng([12, seed])
            folder = Path(root) / f"seed {seed}"
            shutil.copytree(good[seed % len(good)], folder)
            how = spoil(folder, rng)
            print(json.dumps({"at": seed}), flush=True)
            found = answer_to(folder, table, watch)
            answers[f"{how} {found['outcome']}"] += 1
            if found["outcome"] == "crash" or found["seen"] or "\n" in found["said"]:
                print(json.dumps(found | {"how": how}), flush=True)
            shutil.rmtree(folder)
    print(json.dumps({"answers": dict(sorted(answers.items())), "grown": peak() - before}))
