"""``fuseworthy export``: a model as a graph that runs without us."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    model: Annotated[Path, typer.Argument(help="Folder of a model, as compare --model wrote it.")],
    onnx: Annotated[Path, typer.Option(help="New or empty folder for model.onnx and export.json.")],
    check: Annotated[
        Path | None, typer.Option(help="Table of real rows to compare on as well; the first 1,000 are taken.")
    ] = None,
    root: Annotated[Path | None, typer.Option(help="Folder that paths in it are relative to (the table's).")] = None,
) -> None:
    """Write a model as one ONNX graph: singles, fusion, calibration and router, in double precision.

    onnxruntime answers with it wherever it runs, without Python if need be. The graph is given encoded rows (vectors, cells, token counts, sequences) and which modalities each row has, so one batch may mix rows that lack different ones. export.json says how a raw row becomes its inputs. Before anything is written the graph is held against the model, on rows drawn at random with every set of modalities and on those of --check: more than 0.00001 apart, and nothing is written.

    Example: fuseworthy export runs/visits/model --onnx runs/visits/onnx --check visits.parquet
    """
    from fuseworthy.deploy.folder import load

    found = load(model).export(onnx, check=check, root=root)
    parity = found.parity
    typer.echo(f"{found.folder}: model.onnx of {found.bytes:,} bytes, export.json")
    typer.echo(f"largest difference from the model: {parity.largest:.2g} (rows drawn at random: {parity.probe:.2g})")
    if parity.real is not None:
        typer.echo(f"over {parity.rows:,} real rows: {parity.real:.2g}")
    if parity.on_edge:
        typer.echo(
            f"{parity.on_edge:,} real rows stand on a split of boosted trees and fall to its other side, see docs/export.md"
        )
