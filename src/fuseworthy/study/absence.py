"""What the fusion in question predicts where modalities are hidden from it: one more unit a fold, after the verdict."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow.parquet as pq

from fuseworthy.errors import StudyError
from fuseworthy.strategies.catalogue import TUNED
from fuseworthy.strategies.hidden import ask, replayed, visible_sets
from fuseworthy.strategies.late import best_single
from fuseworthy.strategies.part import Fitted, Part
from fuseworthy.strategies.strategy import FusionStrategy
from fuseworthy.study.engines import Engine
from fuseworthy.study.fusions import strategy_of
from fuseworthy.study.progress import Progress
from fuseworthy.study.trained_encoders import tuned_strategy
from fuseworthy.study.units import Unit, is_done, read_columns
from fuseworthy.study.workspace import Workspace
from fuseworthy.task import Floats


def ask_hidden(
    workspace: Workspace, engine: Engine, progress: Progress, deadline: float, name: str
) -> dict[str, Floats] | str:
    """Fit a fusion again on every fold of the first repeat and ask it with every subset of the modalities.

    Returns
    -------
    dict of ``a+b`` to (n, width) predictions, NaN where a row is not scored; or why there is none
    """
    units = [
        Unit("hidden", 0, k, label=label, strategy=name)
        for label in range(max(len(workspace.plan.labels), 1))
        for k in range(workspace.folds.count)
    ]
    ready = {unit for unit in units if is_done(workspace, unit)}
    progress.begin(f"{name} without some of the modalities", len(units), len(ready))
    waiting = [unit for unit in units if unit not in ready]
    outcome = engine.run(workspace, waiting, lambda unit: progress.advance(f"fold {unit.fold + 1}"), deadline)
    if outcome.failed:
        return next(iter(outcome.failed.values()))
    return "the budget ran out before" if outcome.skipped else _read(workspace, units)


def fit_hidden(workspace: Workspace, unit: Unit, part: Part, singles: Mapping[str, Fitted]) -> dict[str, Fitted]:
    """Predictions of the scored rows for every set of modalities, as ``a+b`` -> Fitted.

    Raises
    ------
    StudyError
        The strategy left no predictor.
    """
    plan, name, blocks = workspace.plan, unit.strategy, workspace.blocks
    strategy: FusionStrategy
    if name == TUNED:
        strategy, blocks = tuned_strategy(workspace), workspace.with_raw
    else:
        strategy = strategy_of(name, plan.custom, workspace.objects, best_single(singles, part).split("/")[0])
    fitted = strategy.fit(blocks, replayed(singles, part), part)
    if fitted.predictor is None:
        raise StudyError(f"a strategy must leave a predictor to be asked again, but {name!r} left none.")
    sets = visible_sets(list(workspace.blocks), np.unique(workspace.pattern.astype(str)).tolist())
    return {name: Fitted(p) for name, p in ask(fitted.predictor, blocks, part, sets).items()}


def _read(workspace: Workspace, units: list[Unit]) -> dict[str, Floats]:
    n, labels = len(workspace.ids), max(len(workspace.plan.labels), 1)
    found: dict[str, Floats] = {}
    for unit in units:
        table = pq.read_table(workspace.folder / "hidden" / f"{unit.stem(workspace)}.parquet")
        rows = table["row"].to_numpy() + unit.label * n
        for name in {column.rpartition("|")[0] for column in table.column_names if "|" in column}:
            values = found.setdefault(name, np.full((n * labels, workspace.task.width), np.nan))
            values[rows] = read_columns(table, name, workspace)
    return {name: found[name] for name in sorted(found, key=lambda s: (s.count("+"), s))}
