"""A model to a folder with one ONNX graph and its description, once both were held against the model."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from fuseworthy import __version__
from fuseworthy.deploy.export.described import DESCRIPTION, GRAPH, Outputs, description
from fuseworthy.deploy.export.graph import Graph
from fuseworthy.deploy.export.parity import MOST_ROWS, Parity, measured
from fuseworthy.deploy.export.routing import Table, routed, table_of
from fuseworthy.deploy.export.rows import Input, Rows
from fuseworthy.deploy.export.settled import settled
from fuseworthy.deploy.probe import empty_blocks
from fuseworthy.durable import write_bytes
from fuseworthy.errors import InputError, require
from fuseworthy.inputs.tables import read_table

if TYPE_CHECKING:
    from fuseworthy.deploy.model import Model

PACKAGES = ("numpy", "onnx", "onnxruntime", "scikit-learn", "scipy", "torch")


@dataclass(frozen=True)
class Exported:
    """What was written: the folder, the size of the graph, and how far its answers are from the model's."""

    folder: Path
    bytes: int
    parity: Parity


def export(model: Model, folder: Path, *, check: Any = None, root: str | Path | None = None) -> Exported:
    """Write a model as ONNX to a new or empty folder.

    Parameters
    ----------
    check : path, or pandas, polars or Arrow table, optional
        Rows to compare on as well, of which the first 1,000 are taken.
    root : path, optional
        The folder that paths of files in them are relative to.

    Raises
    ------
    InputError
        The folder holds something, a part has no form in ONNX, or the graph does not answer as the model does.
    """
    for package in ("onnx", "onnxruntime"):
        require(package, extra="onnx")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"an export must be written to a new or empty folder, but {folder} holds something. Choose another."
        )
    content, inputs, outputs, table = built(model)
    real = None if check is None else model.blocks_of(*_first_rows(check, root))
    parity = measured(model, content, inputs, outputs, real)
    facts = description(model, content, inputs, outputs, table, parity, _versions())
    _write(folder, content, facts)
    return Exported(folder, len(content), parity)


def built(model: Model) -> tuple[bytes, list[Input], Outputs, Table]:
    """A model's graph, its inputs and outputs, and its router's table.

    Raises
    ------
    InputError
        A part has no form in ONNX.
    """
    graph, width, shapes = Graph(), model.task.width, empty_blocks(model)
    table = table_of(model)
    rows = Rows.of(graph, model.task, shapes)
    found = routed(settled(model, shapes), rows, table)

    def told(wanted: str, value: str) -> str:
        return graph.told(wanted, value, np.float64, ("n", width))

    outputs = Outputs(
        prediction=told("prediction", found.prediction),
        route=graph.told("route", found.route, np.int64, ("n",)),
        fusion=None if found.fusion is None else told("fusion", found.fusion),
        singles={m: told(m, value) for m, value in found.singles.items()},
        routes=table.routes,
    )
    return graph.model().SerializeToString(deterministic=True), rows.inputs, outputs, table


def _first_rows(check: Any, root: str | Path | None) -> tuple[pa.Table, Path | None]:
    table = check if isinstance(check, pa.Table) else read_table(check)[0]
    place = Path(check).absolute().parent if root is None and isinstance(check, (str, Path)) else root
    return table.slice(0, MOST_ROWS), None if place is None else Path(place)


def _versions() -> dict[str, str]:
    """This package and those that made the graph or that its answers were compared with."""
    found = {"fuseworthy": __version__}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _write(folder: Path, content: bytes, facts: dict[str, Any]) -> None:
    """Whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        write_bytes(made / GRAPH, content)
        write_bytes(made / DESCRIPTION, json.dumps(facts, ensure_ascii=False, allow_nan=False, indent=1).encode())
        made.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        made.replace(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
