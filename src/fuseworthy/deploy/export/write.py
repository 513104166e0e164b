"""A model to a folder with one ONNX graph and its description, once both were held against the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fuseworthy.deploy.export.described import Outputs, description
from fuseworthy.deploy.export.files import DESCRIPTION, GRAPH
from fuseworthy.deploy.export.graph import Graph
from fuseworthy.deploy.export.parity import MOST_ROWS, Parity, measured
from fuseworthy.deploy.export.routing import Table, routed, table_of
from fuseworthy.deploy.export.rows import Input, Rows
from fuseworthy.deploy.export.settled import settled
from fuseworthy.deploy.folder import LIBRARIES, versions_here
from fuseworthy.deploy.probe import empty_blocks
from fuseworthy.durable import new_folder, require_new, write_bytes
from fuseworthy.errors import require
from fuseworthy.inputs.tables import home_of, read_table
from fuseworthy.inputs.unreadable import require_readable
from fuseworthy.strategies.part import Blocks

if TYPE_CHECKING:
    from fuseworthy.deploy.model import Model

PACKAGES = (*LIBRARIES, "onnx", "onnxruntime")
"""What made the graph, or what its answers were compared with."""


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
        The folder holds something, a part has no form in ONNX, the graph does not answer as the model does, or more than
        1 % of a modality's files to compare on cannot be read.
    """
    for package in ("onnx", "onnxruntime"):
        require(package, extra="onnx")
    require_new(folder, "an export's folder")
    content, inputs, outputs, table = built(model)
    real = None if check is None else _rows(model, check, root)
    parity = measured(model, content, inputs, outputs, real)
    facts = description(model, content, inputs, outputs, table, parity, versions_here(PACKAGES))
    with new_folder(folder) as made:
        write_graph(made, content, facts)
    return Exported(folder, len(content), parity)


def _rows(model: Model, check: Any, root: str | Path | None) -> Blocks:
    blocks = model.blocks_of(
        read_table(check, model.text_columns, model.columns)[0].slice(0, MOST_ROWS), root or home_of(check)
    )
    require_readable(blocks)
    return blocks


def write_graph(folder: Path, content: bytes, facts: Mapping[str, Any]) -> None:
    """The two files of an export."""
    write_bytes(folder / GRAPH, content)
    write_bytes(folder / DESCRIPTION, json.dumps(facts, ensure_ascii=False, allow_nan=False, indent=1).encode())


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
