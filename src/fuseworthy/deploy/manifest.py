"""What a model's manifest must say before anything that it names is opened."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

from fuseworthy import __version__
from fuseworthy.durable import read_json
from fuseworthy.errors import InputError, first_line
from fuseworthy.task import Kind

FORMAT = 1
MANIFEST = "manifest.json"
MOST_MANIFEST, MOST_FILE, MOST_FILES = 64 << 20, 4 << 30, 1000
"""Bytes of the manifest and of any other file, and files."""


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder that holds the files it names, of the sizes it names, and no others.

    Raises
    ------
    InputError
    """
    path = folder / MANIFEST
    try:
        if not folder.is_dir() or not path.is_file() or path.is_symlink():
            raise InputError(f"{folder} must be the folder of a model, but has no {MANIFEST}.")
        size = path.stat().st_size
        if size > MOST_MANIFEST:
            raise InputError(f"{path} must have at most {MOST_MANIFEST >> 20} MiB, but has {size:,} bytes.")
        manifest = read_json(path)
        _require_format(manifest, folder)
        _require_fields(manifest, path)
        _require_files(folder, manifest["files"])
    except InputError:
        raise
    except (ValueError, OSError, RecursionError, MemoryError) as error:
        raise InputError(f"{path} must be a model's manifest, but: {first_line(error)}.") from error
    return dict(manifest)


def _require_format(manifest: Any, folder: Path) -> None:
    found = manifest.get("format") if isinstance(manifest, dict) else None
    if type(found) is int and 1 <= found <= FORMAT:
        return
    versions = manifest.get("versions") if isinstance(manifest, dict) else None
    by = versions.get("fuseworthy") if isinstance(versions, dict) else None
    raise InputError(
        f"{folder} must be of a format this version reads (1 to {FORMAT}), but is of format {str(found)[:20]}, written by "
        f"fuseworthy {str(by)[:20]}; this is {__version__}. Upgrade fuseworthy, or deploy again."
    )


def _require_fields(manifest: Mapping[str, Any], path: Path) -> None:
    if strange := sorted(set(manifest) ^ set(FIELDS)):
        known = "lacks" if strange[0] in FIELDS else "has"
        by = manifest["versions"].get("fuseworthy") if _texts_by_name(manifest.get("versions")) else None
        raise InputError(
            f"{path} must have the fields of format {FORMAT}, but {known} {strange[0][:80]!r}; it was written by fuseworthy "
            f"{str(by)[:20]}, and this is {__version__}. Deploy again with this version."
        )
    for field, (holds, what) in FIELDS.items():
        if not holds(manifest[field]):
            raise InputError(f"{path} must give {what} as {field!r}, but does not. Save or fetch the model again.")
    wanted = [*manifest["singles"], *([manifest["fusion"]] if manifest["fusion"] else [])]
    stems = list(manifest["parts"].values())
    if sorted(wanted) != sorted(manifest["parts"]) or len(set(stems)) != len(stems):
        raise InputError(f"{path} must name one part for each single and the fusion, but does not.")


def _require_files(folder: Path, files: Mapping[str, Any]) -> None:
    """The folder holds these files and no others, regular ones, of the size they should have."""
    if len(files) > MOST_FILES:
        raise InputError(f"{folder} must hold at most {MOST_FILES:,} files, but names {len(files):,}.")
    for name, own in files.items():
        if not name or Path(name).name != name or name.startswith(".") or name == MANIFEST or not name.isprintable():
            raise InputError(f"a model's file must lie in its folder, but {name[:80]!r} is named.")
        if not 0 <= own["bytes"] <= MOST_FILE:
            raise InputError(
                f"a model's file must have at most {MOST_FILE >> 30} GiB, but {name[:80]!r} is said to have more."
            )
    there = sorted(entry.name for entry in os.scandir(folder))
    if strange := sorted(set(there) - set(files) - {MANIFEST}):
        raise InputError(f"{folder} must hold the files its manifest names and no others, but holds {strange[0]!r}.")
    for name, own in files.items():
        path = folder / name
        if name not in there:
            raise InputError(f"{folder} must hold {name[:80]!r}, but it is missing.")
        if path.is_symlink() or not path.is_file() or path.stat().st_size != own["bytes"]:
            raise InputError(
                f"{path} must be a file of {own['bytes']:,} bytes, but is not. Save or fetch the model again."
            )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _number(value: Any) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300 and math.isfinite(value)
    )


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(own, str) for own in value)


def _texts_by_name(value: Any) -> bool:
    return isinstance(value, dict) and _texts(list(value.values()))


def _by_name(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(own, dict) for own in value.values())


def _task(value: Any) -> bool:
    if not isinstance(value, dict) or set(value) != {"kind", "classes", "variance"} or not _texts(value["classes"]):
        return False
    classes = value["classes"]
    some = {"binary": len(classes) == 2, "multiclass": len(classes) > 2, "regression": not classes}
    right = value["kind"] in get_args(Kind) and some[value["kind"]] and len(set(classes)) == len(classes)
    return bool(right and _number(value["variance"]) and value["variance"] >= 0)


def _router(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"order", "choices"}
        and _texts(value["order"])
        and _by_name(value["choices"])
    )


def _about(value: Any) -> bool:
    kinds = {"sentence": str, "note": str, "rows": int, "limits": list}
    return isinstance(value, dict) and all(
        isinstance(value[name], kind) for name, kind in kinds.items() if name in value
    )


def _files(value: Any) -> bool:
    return _by_name(value) and all(
        set(own) == {"bytes", "sha256"} and type(own["bytes"]) is int and isinstance(own["sha256"], str)
        for own in value.values()
    )


FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "format": (lambda value: type(value) is int, "a number"),
    "versions": (_texts_by_name, "versions by name"),
    "task": (_task, "a kind of target, its classes and variance"),
    "target": (_is_text, "a name"),
    "modalities": (lambda value: _by_name(value) and bool(value), "modalities by name"),
    "encodings": (
        lambda value: _by_name(value) and all(map(_by_name, value.values())),
        "encodings by modality and view",
    ),
    "singles": (lambda value: _texts(value) and len(set(value)) == len(value) > 0, "names of singles"),
    "fusion": (lambda value: value is None or (isinstance(value, str) and value != ""), "a name or nothing"),
    "parts": (_texts_by_name, "beginnings of files by name"),
    "router": (_router, "choices and an order"),
    "prior": (lambda value: isinstance(value, list) and all(map(_number, value)), "numbers"),
    "threshold": (lambda value: value is None or _number(value), "a number or nothing"),
    "about": (_about, "what the study said"),
    "files": (_files, "files with their bytes and sha256"),
    "probe": (
        lambda value: isinstance(value, dict) and all(isinstance(p, list) for p in value.values()),
        "answers by part",
    ),
}
"""Field -> whether a value will do, and what it must be."""
