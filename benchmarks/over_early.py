"""Is a network better than the best early fusion, by the verdict? From the ledger of a run that is there.

    python benchmarks/over_early.py RUN [--network cross-attention]

The early fusions of the run take the place of the singles, the network that of the fusion, and `fuseworthy.judge` decides
on the same out-of-fold predictions as the run did. Works while a run is going on, on the folds that are done.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import fuseworthy as fw
from fuseworthy.errors import InputError
from fuseworthy.study.workspace import open_workspace

EARLY = ("early-linear", "early-boosting")


def predictions_of(run: Path, names: list[str]) -> pa.Table:
    """Rows of the folds on which all of these strategies are done: row, fold, group, truth, ``NAME_CLASS``."""
    workspace = open_workspace(run)
    classes, folds = workspace.task.classes, []
    for fold in range(workspace.folds.count):
        parts = [pq.read_table(path) for path in sorted((run / "ledger").glob(f"r00-f{fold:02d}-*.parquet"))]
        found = {
            f"{name}_{label}": part[f"{name}|{c}"]
            for name in names
            for part in parts
            for c, label in enumerate(classes)
            if f"{name}|{c}" in part.column_names
        }
        if len(found) == len(names) * len(classes):
            truth = np.array(classes, dtype=object)[parts[0]["target"].to_numpy()]
            about = {name: parts[0][name] for name in ("row", "fold", "cluster") if name in parts[0].column_names}
            folds.append(pa.table({**about, "truth": truth.tolist(), **found}))
    if not folds:
        raise InputError(f"{run} must have a fold on which {', '.join(names)} are done, but has none.")
    return pa.concat_tables(folds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--network", default="cross-attention")
    asked = parser.parse_args()
    table = predictions_of(asked.run, [*EARLY, asked.network])
    folds = len(set(table["fold"].to_pylist()))
    study = fw.judge(
        table,
        "truth",
        singles={f"early/{name.removeprefix('early-')}": f"{name}_*" for name in EARLY},
        fusions={asked.network: f"{asked.network}_*"},
        row="row",
        fold="fold" if folds > 1 else None,
        group="cluster" if "cluster" in table.column_names else None,
        metric="accuracy",
    )
    print(study)
    print(f"{folds} folds, {study.ledger.rows:,} rows scored")


if __name__ == "__main__":
    main()
