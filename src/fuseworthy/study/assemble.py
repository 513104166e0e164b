"""Unit parts to one Ledger, and receipts to one table of costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fuseworthy.errors import LedgerError
from fuseworthy.folds import Folds
from fuseworthy.ledger import RAW, Ledger, long_folds
from fuseworthy.strategies.catalogue import NEURAL, strategies_of
from fuseworthy.study.units import Unit, read_columns, read_receipt
from fuseworthy.study.workspace import Workspace
from fuseworthy.task import Floats


@dataclass(frozen=True)
class Costs:
    """Per strategy, mean over folds: CPU seconds to fit, CPU seconds per 1 000 rows predicted, parameters;
    and the peak memory (MB) of the process that fitted it."""

    fit_seconds: float
    predict_seconds: float
    parameters: int
    memory_mb: float = 0.0


def assemble(workspace: Workspace, units: Iterable[Unit], repeats: int) -> tuple[Ledger, dict[str, Costs]]:
    """Read every unit's part, check that it belongs, and stack the predictions.

    Parameters
    ----------
    units : units that are done
    repeats : how many repeats are complete

    Raises
    ------
    LedgerError
        A part is damaged, or of other data or folds.
    """
    full = workspace.folds
    folds = Folds(full.kind, full.assignment[:repeats], full.clusters, full.order)
    plan, n, labels = workspace.plan, len(workspace.ids), len(workspace.plan.labels)
    shape = (repeats, n * max(labels, 1), workspace.task.width)
    found: dict[str, Floats] = {}
    costs: dict[str, list[dict[str, float]]] = {}
    for unit in units:
        receipt = read_receipt(workspace, unit)
        if receipt is None:
            raise LedgerError(f"the part {unit.stem(workspace)} must be whole, but it is missing or damaged. Resume.")
        table = _read_part(workspace, unit)
        rows = table["row"].to_numpy()
        for name in {column.rpartition("|")[0] for column in table.column_names if "|" in column}:
            values = found.setdefault(name, np.full(shape, np.nan))
            values[unit.repeat, rows + unit.label * n] = read_columns(table, name, workspace)
        for name, cost in receipt["costs"].items():
            costs.setdefault(name, []).append(cost | {"rows": len(rows), "peak_mb": receipt["peak_mb"]})
    maskable = "mask-only" in found
    fusions = [*plan.fusions, *(n for n in found if n in NEURAL and n not in plan.fusions)]
    strategies = strategies_of({m: spec["forms"] for m, spec in plan.modalities.items()}, fusions, maskable)
    strategies = {name: s for name, s in strategies.items() if name in found}
    times = max(labels, 1)
    ledger = Ledger(
        task=workspace.task,
        y=workspace.y.T.ravel() if labels else workspace.y,
        folds=long_folds(folds, labels) if labels else folds,
        strategies=strategies,
        predictions={name: found[name] for name in strategies},
        ids=np.tile(workspace.ids, times),
        pattern=np.tile(workspace.pattern, times),
        data_hash=plan.data_hash,
        raw={name.removesuffix(RAW): values for name, values in sorted(found.items()) if name.endswith(RAW)},
        labels=np.repeat(plan.labels, n) if labels else None,
    )
    return ledger, {name: _mean_cost(costs[name]) for name in strategies}


def mean_shares(workspace: Workspace, units: Iterable[Unit]) -> dict[str, dict[str, float]]:
    """Share of weight of each modality in each network that has weights, mean over its units."""
    found: dict[str, list[dict[str, float]]] = {}
    for unit in units:
        receipt = read_receipt(workspace, unit) if _has_weights(unit) else None
        if receipt and (shares := receipt["settings"].get(unit.strategy, {}).get("shares")):
            found.setdefault(unit.strategy, []).append(shares)
    return {name: {m: float(np.mean([s[m] for s in own])) for m in own[0]} for name, own in found.items()}


def _has_weights(unit: Unit) -> bool:
    return unit.kind == "network" and bool(unit.strategy) and unit.strategy not in ("placebo-network", "placebo-tuned")


def _read_part(workspace: Workspace, unit: Unit) -> pa.Table:
    path = workspace.folder / "ledger" / f"{unit.stem(workspace)}.parquet"
    table = pq.read_table(path)
    metadata = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    if (metadata.get("data_hash"), metadata.get("fold_hash")) != (workspace.plan.data_hash, workspace.plan.fold_hash):
        raise LedgerError(f"{path} must be of this study's data and folds, but carries other hashes.")
    return table


def _mean_cost(costs: list[dict[str, Any]]) -> Costs:
    rows = sum(c["rows"] for c in costs)
    return Costs(
        fit_seconds=sum(c["fit_seconds"] for c in costs) / len(costs),
        predict_seconds=1000 * sum(c["predict_seconds"] for c in costs) / max(rows, 1),
        parameters=round(sum(c["parameters"] for c in costs) / len(costs)),
        memory_mb=max(c["peak_mb"] for c in costs),
    )


def complete_repeats(workspace: Workspace, done: Mapping[Unit, bool], repeats: int) -> int:
    """Leading repeats of which every unit is done."""
    count = 0
    for r in range(repeats):
        if not all(ok for unit, ok in done.items() if unit.repeat == r):
            break
        count += 1
    return count
