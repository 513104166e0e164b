"""A model's folder to the graph that is served: exported once, by a process of its own, and kept in the cache."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from fuseworthy.deploy.export.files import DESCRIPTION
from fuseworthy.deploy.manifest import MANIFEST
from fuseworthy.durable import cache_root, file_digest
from fuseworthy.errors import InputError


def graph_of(source: Path) -> Path:
    """The folder of a model's export: the source itself if it is one, else made of the model if it is not there yet.

    Raises
    ------
    InputError
        Neither a model nor an export is there, or the model cannot be exported.
    """
    if (source / DESCRIPTION).is_file():
        return source
    if not (source / MANIFEST).is_file():
        raise InputError(
            f"{source} must be the folder of a model (compare --model) or of an export (export --onnx), but holds neither "
            f"{MANIFEST} nor {DESCRIPTION}."
        )
    kept = cache_root() / "served" / file_digest(source / MANIFEST)[:32]
    if not (kept / DESCRIPTION).is_file():
        _export(source, kept)
    return kept


def _export(source: Path, kept: Path) -> None:
    """Write the graph in another process, which may load torch."""
    print(f"preparing {source} (once)", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "fuseworthy", "export", str(source), "--onnx", str(kept)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(done.stderr.strip().removeprefix("error: ") or f"{source} could not be exported.")


def examples_of(folder: Path, table: Path, root: Path | None) -> list[Any]:
    """The first rows of a table as a request gives them, read by another process.

    Raises
    ------
    InputError
        The table cannot be read, or lacks columns.
    """
    command = [sys.executable, "-m", "fuseworthy.deploy.serving.examples", str(folder), str(table)]
    done = subprocess.run([*command, *([] if root is None else [str(root)])], capture_output=True, check=False)
    if done.returncode:
        raise InputError(done.stderr.decode(errors="replace").strip() or f"{table} could not be read.")
    found: list[Any] = json.loads(done.stdout)
    return found
