"""What is missing where, and whether missing alone tells the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fuseworthy.inspection.association import FEWEST, Truth, rank_aucs, two_sided
from fuseworthy.inspection.problem import Problem
from fuseworthy.task import Task

TELLING = 0.6
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Absence:
    """How often a column or modality is missing, and what that says about the target.

    Parameters
    ----------
    name : str
    is_modality : bool
    rows : int
        Rows in which it is missing.
    auc : float or None
        AUC of "is missing" for the target (for the class it tells best); above .5 means missing goes with that class,
        or with high values. None without a target, or where nothing (or all) is missing.
    label : str or None
        That class.
    telling : bool
        AUC beyond .6 or below .4, and no accident (p < .001 over all that was looked at).
    """

    name: str
    is_modality: bool
    rows: int
    auc: float | None = None
    label: str | None = None
    telling: bool = False


def missing_cells(column: Any) -> Flags:
    """Cells that are null, NaN, or text without a visible character."""
    empty = pc.is_null(column, nan_is_null=True)
    if pa.types.is_string(column.type):
        empty = pc.or_(empty, pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True))
    return np.asarray(empty.to_numpy(zero_copy_only=False), dtype=bool)


def measure_absence(
    columns: Mapping[str, Flags], modalities: Mapping[str, Flags], truth: Truth | None
) -> tuple[Absence, ...]:
    """One `Absence` a modality and a column.

    Parameters
    ----------
    columns, modalities : mapping of name to (n,) bool array, true where missing
    truth : Truth, optional
    """
    items = [(name, True, gone) for name, gone in modalities.items()]
    items += [(name, False, gone) for name, gone in columns.items()]
    tests = max(1, sum(0 < gone.sum() < len(gone) for _, _, gone in items))
    return tuple(_measured(name, is_modality, gone, truth, tests) for name, is_modality, gone in items)


def _measured(name: str, is_modality: bool, gone: Flags, truth: Truth | None, tests: int) -> Absence:
    rows = int(gone.sum())
    if truth is None or not truth.usable or min(rows, len(gone) - rows) < FEWEST:
        return Absence(name, is_modality, rows)
    n = len(gone)
    if not truth.labels:
        auc = (truth.ranks[gone].sum() - rows * (rows + 1) / 2) / (rows * (n - rows))
        p = two_sided((auc - 0.5) / np.sqrt((n + 1) / (12 * rows * (n - rows)))) * tests
        return Absence(name, is_modality, rows, float(auc), None, _is_telling(auc, p))
    ranks = np.where(gone, n - (rows - 1) / 2, (n - rows + 1) / 2)
    aucs = rank_aucs(ranks[:, None], truth)[0]
    top = int(np.abs(aucs - 0.5).argmax())
    inside = truth.hot[:, top].mean()
    spread = np.sqrt(rows / n * (1 - rows / n) / (n * inside * (1 - inside)))
    p = two_sided((2 * aucs[top] - 1) / spread) * tests * len(aucs)
    return Absence(name, is_modality, rows, float(aucs[top]), truth.labels[top], _is_telling(aucs[top], p))


def _is_telling(auc: float, p: float) -> bool:
    return bool(abs(auc - 0.5) > TELLING - 0.5 and p < 0.001)


def telling_problems(
    absences: tuple[Absence, ...], columns: Mapping[str, Flags], modalities: Mapping[str, Flags], n: int
) -> list[Problem]:
    """A warning for each mask that tells the target; a mask that several share is named once."""
    problems, seen = [], set()
    for item in absences:
        mask = (modalities if item.is_modality else columns)[item.name]
        if not item.telling or item.auc is None or mask.tobytes() in seen:
            continue
        seen.add(mask.tobytes())
        where = f"class {item.label!r}" if item.label is not None else "high values of the target"
        way = "more" if item.auc > 0.5 else "less"
        problems.append(
            Problem(
                "warning",
                "missingness tells the target",
                f"{'modality' if item.is_modality else 'column'} {item.name!r} is missing in {item.rows:,} of {n:,} "
                f"rows, and {way} often for {where}: whether it is missing has an AUC of {item.auc:.2f} by itself.",
                "Ask whether it will be missing for the same reason when the model is used; if not, this is leakage.",
            )
        )
    return problems


def pattern_table(pattern: NDArray[Any], y: NDArray[Any] | None, task: Task | None) -> tuple[dict[str, Any], ...]:
    """Rows of each availability pattern, the commonest first, with the target's class shares or mean there.

    Parameters
    ----------
    pattern : (n,) array of str
    y : (n,) target, optional
    task : Task, optional
    """
    names, inverse, counts = np.unique(pattern.astype(str), return_inverse=True, return_counts=True)
    rows = []
    for i in np.argsort(-counts, kind="stable"):
        entry = {"pattern": str(names[i]), "rows": int(counts[i]), "share": float(counts[i] / len(pattern))}
        if y is not None and task is not None:
            here = y[inverse == i]
            if task.is_classification:
                shares = np.bincount(here.astype(np.intp), minlength=task.width) / len(here)
                entry["target"] = dict(zip(task.classes, shares.tolist(), strict=True))
            else:
                entry["target"] = {"mean": float(here.mean())}
        rows.append(entry)
    return tuple(rows)
