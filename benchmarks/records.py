"""Where a benchmark puts what it measured: a Parquet table of its own, and lines for `LEDGER.md` that a person keeps."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
RESULTS = HERE / "results"


def commit() -> str:
    """Short hash of the checkout, with + if it has changes."""
    found = subprocess.run(["git", "describe", "--always", "--dirty=+"], cwd=HERE, capture_output=True, text=True)
    return found.stdout.strip() or "no checkout"


def machine() -> str:
    """Processor count, Python and the libraries that set the pace."""
    import os

    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scikit-learn"))
    return f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}, {libraries}"


def save(name: str, rows: list[dict[str, Any]]) -> Path:
    """Write rows to ``results/<name>.parquet``."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path
