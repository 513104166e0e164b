"""The verdict on other people's predictions: straight into the ledger."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fuseworthy.errors import InputError, LedgerError, nearest
from fuseworthy.evidence.deciding import deciding_losses
from fuseworthy.evidence.metrics import check_metric
from fuseworthy.evidence.verdict import decide
from fuseworthy.folds import FoldKind, Folds, Ints
from fuseworthy.inputs.cache import table_digest
from fuseworthy.inputs.tables import read_table, require_columns, source_name
from fuseworthy.inputs.target import read_target
from fuseworthy.ledger import Ledger, Strategy, stack_labels
from fuseworthy.study.facts import build_facts
from fuseworthy.study.question import Question
from fuseworthy.study.study import Study
from fuseworthy.task import Floats, Task

Columns = str | Sequence[str]


@dataclass(frozen=True)
class Judgement:
    """Which columns hold what.

    Parameters
    ----------
    target : str, or sequence of str
        With several yes/no targets (a sequence, or "a,b,c") each model names a column a target.
    singles, fusions : mapping of name to column, pattern or list of columns
    row, repeat, fold, group : str, optional
        Columns; ``row`` tells which rows of several repeats are the same.
    margin : float
    metric, task : str, optional
    """

    target: str | Sequence[str]
    singles: Mapping[str, Columns]
    fusions: Mapping[str, Columns]
    row: str | None = None
    repeat: str | None = None
    fold: str | None = None
    group: str | None = None
    margin: float = 0.01
    metric: str | None = None
    task: str | None = None
    decide_on: str | None = None

    def targets_in(self, columns: Sequence[str]) -> tuple[str, ...]:
        """The target columns of a table."""
        return Question(self.target).targets_in(columns)


def run_judgement(source: Any, ask: Judgement, out: str | Path | None = None) -> Study:
    """Build the ledger from the columns, decide, and write note and report if a folder is given.

    Raises
    ------
    InputError, LedgerError
        A column that is not there, predictions that are no probabilities, rows that differ between repeats.
    """
    table, notices = read_table(source)
    targets = ask.targets_in(table.column_names)
    require_columns(table, list(targets), "the target")
    for role in ("row", "repeat", "fold", "group"):
        if name := getattr(ask, role):
            require_columns(table, [name], f"the {role}")
    if both := set(ask.singles) & set(ask.fusions):
        raise InputError(f"a name must be a single or a fusion, but {min(both)!r} is both.")
    ledger = _ledger(table, ask, targets)
    metric = check_metric(ask.metric or ask.decide_on, ledger.task)
    verdict = decide(ledger, margin=ask.margin, metric=metric, decide_on=ask.decide_on)
    if ledger.folds.kind == "held-out":
        notices.append(
            "without folds these rows are one held-out set: the interval speaks of these trained models on new rows, "
            "not of what training again would give; candidates were chosen on four fifths of the rows and scored on "
            "the rest"
        )
    notices.append(
        "controls (twin, placebo) need retraining and are not part of a judgement: a gain may come from averaging alone"
    )
    question = {
        "source": source_name(source),
        "target": ", ".join(targets),
        "group": ask.group,
        "time": None,
        "seed": None,
        "margin": ask.margin,
    }
    facts = build_facts(
        ledger,
        verdict,
        question,
        metric=metric,
        notices=notices,
        losses=deciding_losses(ledger, ask.decide_on),
        modalities=[
            {
                "name": m,
                "kind": "judged",
                "columns": [str(ask.singles[n]) for n in ledger.names(modality=m)],
                "reason": "given",
                "rows_present": ledger.rows,
                "share_present": 1.0,
            }
            for m in ledger.modalities
        ],
    )
    study = Study(ledger, verdict, facts, Path(out) if out else None)
    if out:
        study.write(Path(out))
    return study


def _ledger(table: pa.Table, ask: Judgement, targets: Sequence[str]) -> Ledger:
    """The ledger of one target, or of several as labels."""
    if len(targets) == 1:
        return _ledger_of(table, ask, targets[0])
    own = []
    for place, target in enumerate(targets):
        columns = [
            {name: _column_of(table, given, targets, place, name) for name, given in models.items()}
            for models in (ask.singles, ask.fusions)
        ]
        own.append(_ledger_of(table, replace(ask, singles=columns[0], fusions=columns[1], task="binary"), target))
    return stack_labels(own, targets)


def _column_of(table: pa.Table, given: Columns, targets: Sequence[str], place: int, name: str) -> str:
    """The column of one target: the list's entry, or the pattern with the target's name."""
    if isinstance(given, str):
        column = given.replace("*", targets[place], 1)
        if "*" not in given:
            raise InputError(f"several targets need a column each, but {name!r} names one. Pass a pattern such as p_*.")
        require_columns(table, [column], f"the predictions of {name!r}")
        return column
    if len(given) != len(targets):
        raise InputError(f"several targets need a column each, but {name!r} has {len(given)} for {len(targets)}.")
    return given[place]


def _ledger_of(table: pa.Table, ask: Judgement, target: str) -> Ledger:
    task, codes, _ = read_target(_array(table, target), target, ask.task)
    repeat = _codes(table, ask.repeat) if ask.repeat else np.zeros(table.num_rows, dtype=np.int64)
    row, ids = _rows(table, ask, repeat)
    y = _one_a_row(codes, row, ids, "target")
    if not task.is_classification:
        task = Task("regression", variance=float(y.var()))
    fold = _codes(table, ask.fold) if ask.fold else np.zeros(table.num_rows, dtype=np.int64)
    assignment = np.full((int(repeat.max()) + 1, len(ids)), -1)
    assignment[repeat, row] = fold
    if (assignment < 0).any():
        raise LedgerError(
            "every row must be predicted once in every repeat, but some rows are missing in some repeats. "
            "Same rows, same folds: leave incomplete repeats out."
        )
    clusters = _one_a_row(_codes(table, ask.group), row, ids, "group") if ask.group else None
    kind: FoldKind = "given" if ask.fold and assignment.max() > 0 else "held-out"
    predictions, strategies = {}, {}
    for names, family in ((ask.singles, "single"), (ask.fusions, "judged")):
        for place, (name, columns) in enumerate(names.items()):
            predictions[name] = np.full((*assignment.shape, task.width), np.nan)
            predictions[name][repeat, row] = _predictions(table, columns, task, name)
            modality = name.split("/")[0] if family == "single" else None
            strategies[name] = Strategy(name, family, "given predictions", modality, place)
    return Ledger(
        task=task,
        y=y,
        folds=Folds(kind, assignment, clusters),
        predictions=predictions,
        strategies=strategies,
        ids=ids,
        pattern=np.full(len(ids), "given", dtype=object),
        data_hash=table_digest(table),
    )


def _one_a_row(values: NDArray[Any], row: Ints, ids: NDArray[Any], what: str) -> NDArray[Any]:
    """What is said of each prediction's row, row by row: the same in every repeat."""
    found = np.zeros(len(ids), dtype=values.dtype)
    found[row] = values
    if len(differ := np.flatnonzero(found[row] != values)):
        raise LedgerError(
            f"a row must have one {what}, but row {ids[row[differ[0]]]!r} has different {what}s in different repeats."
        )
    return found


def _rows(table: pa.Table, ask: Judgement, repeat: Ints) -> tuple[Ints, NDArray[Any]]:
    """Number of the row that each prediction is for, and the rows' keys."""
    if ask.row is None:
        if repeat.max() > 0:
            raise LedgerError("with several repeats a column must say which rows are the same. Pass row= (--row).")
        return np.arange(table.num_rows), np.arange(1, table.num_rows + 1)
    column = _array(table, ask.row).dictionary_encode()
    row = column.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    seen, counts = np.unique(np.column_stack([repeat, row]), axis=0, return_counts=True)
    if (counts > 1).any():
        key = column.dictionary[int(seen[int(counts.argmax()), 1])].as_py()
        raise LedgerError(
            f"a row must be predicted once a repeat, but row {key!r} is there {counts.max()} times. "
            "Pass repeat= (--repeat) if these are repeats."
        )
    return row, np.array(column.dictionary.to_pylist(), dtype=object)


def _predictions(table: pa.Table, columns: Columns, task: Task, name: str) -> Floats:
    """(rows of the file, width) predictions from one column, a pattern or a list."""
    names = _expand(table, columns, task, name)
    require_columns(table, names, f"the predictions of {name!r}")
    values = np.column_stack([_numbers(table, column) for column in names])
    if not task.is_classification:
        return values
    if (values < 0).any() or (values > 1).any():
        row = int(np.flatnonzero(((values < 0) | (values > 1)).any(axis=1))[0])
        raise InputError(
            f"predictions of a {task.kind} target must be probabilities between 0 and 1, but {name!r} has "
            f"{values[row].tolist()} in row {row + 1}. Pass probabilities, not scores or labels."
        )
    if task.kind == "binary" and values.shape[1] == 1:
        return np.column_stack([1 - values[:, 0], values[:, 0]])
    total = values.sum(axis=1)
    if (np.abs(total - 1) > 1e-3).any():
        row = int(np.flatnonzero(np.abs(total - 1) > 1e-3)[0])
        raise InputError(
            f"class probabilities must add up to 1, but those of {name!r} add up to {total[row]:.4f} in row {row + 1}."
        )
    return np.asarray(values / total[:, None])


def _expand(table: pa.Table, columns: Columns, task: Task, name: str) -> list[str]:
    if not isinstance(columns, str):
        return list(columns)
    if "*" not in columns:
        if task.kind == "multiclass":
            raise InputError(
                f"a target of {task.width} classes needs a column a class, but {name!r} names one. "
                f"Pass a pattern such as {columns}_*."
            )
        return [columns]
    prefix, _, suffix = columns.partition("*")
    wanted = [f"{prefix}{label}{suffix}" for label in task.classes]
    found = fnmatch.filter(table.column_names, columns)
    if lost := [column for column in wanted if column not in found]:
        raise InputError(
            f"{columns!r} must match a column for each class, but {lost[0]!r} is not there: "
            f"{nearest(lost[0], found or table.column_names)}."
        )
    return wanted


def _numbers(table: pa.Table, name: str) -> Floats:
    column = _array(table, name)
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        raise InputError(f"predictions must be numbers, but column {name!r} has type {column.type}.")
    values = np.asarray(pc.fill_null(column.cast(pa.float64()), float("nan")).to_numpy(zero_copy_only=False))
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise InputError(f"predictions must be known and finite, but column {name!r} is not in row {row + 1}.")
    return values


def _codes(table: pa.Table, name: str) -> Ints:
    """Numbers from 0 in sorted order of the column's values."""
    column = _array(table, name)
    if column.null_count:
        raise InputError(f"column {name!r} must be known in every row, but {column.null_count} are missing.")
    return np.unique(np.array(column.to_pylist()), return_inverse=True)[1].astype(np.int64)


def _array(table: pa.Table, name: str) -> Any:
    column = table[name]
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
