"""Rows that belong together: what the group column does to a study, and which column looks like one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fuseworthy.folds import Ints
from fuseworthy.inputs.duplicates import cell_codes
from fuseworthy.inputs.infer import ID_NAME
from fuseworthy.inspection.problem import Problem
from fuseworthy.task import Floats, Task

NAMED, UNNAMED = 0.2, 0.5
"""Likeness from which a repeated value is a fingerprint: of columns named like an identifier, and of others."""
FEWEST_VALUES, FEWEST_UNNAMED = 20, 50
SHUFFLES = 30


@dataclass(frozen=True)
class Groups:
    """The group column.

    Parameters
    ----------
    column : str
    count : int
    smallest, median, largest : float
        Rows per group.
    varying : int
        Groups of two or more rows in which the target is not the same everywhere.
    several : int
        Groups of two or more rows.
    likeness : float or None
        How alike targets are within a group: 0 as by chance, 1 always the same.
    """

    column: str
    count: int
    smallest: int
    median: float
    largest: int
    several: int
    varying: int | None = None
    likeness: float | None = None


@dataclass(frozen=True)
class GroupHint:
    """A column whose repeated values may mark rows that belong together.

    Parameters
    ----------
    column : str
    values : int
        Different values.
    rows : int
        Rows whose value occurs more than once.
    likeness, chance : float or None
        How alike targets are within a value (0 as by chance, 1 always the same), and the most that 30 shuffles gave.
    strong : bool
        Whether that is far more than chance; if not, the column is only named like an identifier.
    """

    column: str
    values: int
    rows: int
    likeness: float | None
    chance: float | None
    strong: bool


def describe_groups(column: str, codes: Ints, task: Task | None, y: NDArray[Any] | None) -> Groups:
    """Number and sizes of groups, and whether the target varies within them."""
    sizes = np.bincount(codes)
    sizes = sizes[sizes > 0]
    few, middle, most = int(sizes.min()), float(np.median(sizes)), int(sizes.max())
    several = int((sizes > 1).sum())
    if task is None or y is None:
        return Groups(column, len(sizes), few, middle, most, several)
    kinds = np.unique(y, return_inverse=True)[1]
    pairs = np.unique(codes * (int(kinds.max()) + 1) + kinds) // (int(kinds.max()) + 1)
    varying = int((np.bincount(pairs) > 1).sum())
    return Groups(column, len(sizes), few, middle, most, several, varying, likeness(codes, target_columns(task, y)))


def group_hints(
    columns: Mapping[str, Any], roles: Mapping[str, str], truth: Floats | None, group: Ints | None, seed: int = 0
) -> tuple[GroupHint, ...]:
    """Columns that repeat and look like a group, the likest first.

    Parameters
    ----------
    columns : mapping of name to (n,) Arrow array
    roles : mapping of name to "numeric", "categorical", "left out", ...
    truth : (n, d) array, optional
        `target_columns` of the target.
    group : (n,) int array, optional
        The group column in use; columns whose values lie inside single groups are safe already.
    """
    hints = []
    for name, column in columns.items():
        named = bool(ID_NAME.search(name))
        if not _may_group(column, roles.get(name, ""), named):
            continue
        codes = cell_codes(column)
        known = codes >= 0
        if group is not None and _inside(codes[known], group[known]):
            continue
        hint = _hint(name, codes, known, truth, named, _neighbours(column) if not named else None, seed)
        if hint is not None and (hint.strong or group is None):
            hints.append(hint)
    return tuple(sorted(hints, key=lambda h: (-(h.likeness or 0.0), h.column)))


def target_columns(task: Task, y: NDArray[Any]) -> Floats:
    """One column a class (1 for its members), or the values themselves, (n, d)."""
    if not task.is_classification:
        return np.asarray(y, dtype=np.float64)[:, None]
    width = min(task.width, 20)
    top = np.argsort(-np.bincount(y.astype(np.intp), minlength=task.width), kind="stable")[:width]
    return np.asarray(y[:, None] == top, dtype=np.float64)


def likeness(codes: Ints, truth: Floats) -> float | None:
    """1 - variance within values over variance at all, rows with a repeated value only: 0 by chance, 1 if equal.

    The unbiased within-value variance makes the expectation under shuffling exactly zero (up to the drop of single
    rows); for classes it is Cohen's kappa of two rows with one value.

    Examples
    --------
    >>> likeness(np.array([0, 0, 1, 1]), np.array([[0.0], [0.0], [1.0], [1.0]]))
    1.0
    """
    sizes = np.bincount(codes)
    kept = sizes[codes] > 1
    if not kept.any():
        return None
    codes, truth = codes[kept], truth[kept]
    total = float(truth.var(axis=0, ddof=1).sum())
    if total == 0:
        return None
    sizes = np.maximum(np.bincount(codes), 1)
    inside = 0.0
    for column in truth.T:
        sums, squares = np.bincount(codes, column), np.bincount(codes, column**2)
        spread = np.maximum(squares - sums**2 / sizes, 0.0)
        inside += float((spread * sizes / np.maximum(sizes - 1, 1)).sum()) / len(codes)
    return 1 - inside / total


def _hint(
    name: str, codes: Ints, known: Any, truth: Floats | None, named: bool, wider: Ints | None, seed: int
) -> GroupHint | None:
    used = codes[known]
    values, sizes = len(np.unique(used)), np.bincount(used)
    rows = int(sizes[sizes > 1].sum())
    if values < (FEWEST_VALUES if named else FEWEST_UNNAMED) or rows < max(20, 0.2 * len(codes)):
        return None
    alike = likeness(used, truth[known]) if truth is not None else None
    if alike is None or truth is None:
        return GroupHint(name, values, rows, None, None, False) if named else None
    enough = alike > (NAMED if named else UNNAMED)
    if enough and wider is not None:
        nearby = likeness(wider[known], truth[known])
        enough = nearby is None or alike - nearby > 0.25 * alike
    if not enough:
        return GroupHint(name, values, rows, alike, None, False) if named else None
    rng = np.random.default_rng(seed)
    shuffled = [likeness(rng.permutation(used), truth[known]) or 0.0 for _ in range(SHUFFLES)]
    far = alike > max(shuffled) and alike > 6 * float(np.std(shuffled))
    return GroupHint(name, values, rows, alike, max(shuffled), True) if far else None


def _may_group(column: Any, role: str, named: bool) -> bool:
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_string(kind)) or role in ("text", "embedding"):
        return False
    return named or pa.types.is_integer(kind) or role in ("categorical", "left out")


def _neighbours(column: Any) -> Ints | None:
    """Pairs of neighbouring whole numbers as one value: a trend (age, year) is as alike over these, a group is not."""
    if not pa.types.is_integer(column.type):
        return None
    values = column.fill_null(0).to_numpy(zero_copy_only=False)
    return np.asarray(np.unique(values, return_inverse=True)[1] // 2, dtype=np.int64)


def _inside(codes: Ints, group: Ints) -> bool:
    pairs = np.unique(codes * (int(group.max()) + 1) + group) if len(codes) else codes
    return len(pairs) == len(np.unique(codes))


def group_problems(groups: Groups | None, hints: tuple[GroupHint, ...], n: int) -> list[Problem]:
    """What groups mean for a study."""
    return (_given_problems(groups, n) if groups is not None else []) + [_hint_problem(hint) for hint in hints]


def _given_problems(groups: Groups, n: int) -> list[Problem]:
    problems = []
    if groups.count == n:
        problems.append(
            Problem(
                "warning",
                "every row is its own group",
                f"group {groups.column!r} has {groups.count:,} values in {n:,} rows, so it keeps nothing together.",
                "Pass it as id (--id), or pass another column as group (--group).",
            )
        )
    elif groups.largest > 0.2 * n:
        problems.append(
            Problem(
                "warning",
                "one large group",
                f"the largest group of {groups.column!r} has {groups.largest:,} of {n:,} rows, more than a fold.",
                "Folds will be uneven; check that its value is not a stand-in for 'unknown'.",
            )
        )
    if groups.several and groups.varying == 0:
        problems.append(
            Problem(
                "note",
                "groups of one target each",
                f"the target never varies within a group of {groups.column!r}.",
                f"Then the {groups.count:,} groups are the independent cases, not the {n:,} rows; intervals count them so.",
            )
        )
    return problems


def _hint_problem(hint: GroupHint) -> Problem:
    advice = f"If new values of {hint.column!r} will come, pass group={hint.column!r} (--group {hint.column})"
    if hint.strong:
        return Problem(
            "warning",
            "rows may belong together",
            f"rows that share {hint.column!r} ({hint.values:,} values, {hint.rows:,} rows that repeat one) have targets "
            f"far more alike than chance: likeness {hint.likeness:.2f}, at most {hint.chance:.2f} when shuffled.",
            f"{advice}, so that no value is both learned from and scored.",
        )
    alike = "" if hint.likeness is None else f"; their targets are hardly alike ({hint.likeness:.2f})"
    return Problem(
        "note",
        "an identifier repeats",
        f"{hint.rows:,} rows share their {hint.column!r} with others ({hint.values:,} values){alike}.",
        f"{advice}.",
    )
