"""Which columns mark rows that belong together although nobody said so: groups, and time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.duplicates import cell_codes
from fuseworthy.inputs.reduce import reduced
from fuseworthy.task import Floats

FEWEST_LEVELS, MOST_COLUMNS, SAMPLE, SHUFFLES = 10, 60, 2_000, 20
LIKE, LIKE_IN_TIME, KNOWN = 0.5, 0.3, 0.3
TIME_NAME = re.compile(r"(^|_|\b)(time|timestamp|date|datetime|day)$", re.IGNORECASE)


@dataclass(frozen=True)
class Kin:
    """A column whose values mark rows with like targets.

    Parameters
    ----------
    column, kind : the column; "group" or "time"
    likeness : 0 as by chance, 1 if rows of one value always share the target
    handled : whether the folds were told of it
    modality, accuracy, chance : from which modality the value can be told (nearest neighbour), how often, and by chance
    """

    column: str
    kind: str
    likeness: float
    handled: bool
    modality: str | None = None
    accuracy: float | None = None
    chance: float | None = None


def find_kin(
    table: pa.Table,
    truth: Floats,
    blocks: Mapping[str, Block],
    columns: Mapping[str, Sequence[str]],
    group: str | None,
    reserved: set[str],
    timed: bool,
) -> list[dict[str, Any]]:
    """Undeclared groups and times, and the group that was declared if it would have leaked.

    Parameters
    ----------
    truth : (n, d), see `truth_columns`
    blocks, columns : modality -> a block of it, and the columns that it is read from
    reserved : target, id and time columns
    timed : whether the folds are in time
    """
    found = []
    for name in [c for c in table.column_names if c not in reserved][:MOST_COLUMNS]:
        column = table[name].combine_chunks()
        others = {m: block for m, block in blocks.items() if block.form == "cells" or name not in columns[m]}
        if (may_group(column) and (kin := group_kin(name, column, truth, others, name == group))) or (
            not timed and name != group and (kin := time_kin(name, column, truth))
        ):
            found.append(kin)
    return [asdict(kin) for kin in found]


def truth_columns(y: NDArray[Any], classes: int) -> Floats:
    """The target as columns whose variance counts likeness: one a class (at most 20), one a label, or the value."""
    if y.ndim > 1:
        return np.asarray(y[:, :20], dtype=np.float64)
    if not classes:
        return np.asarray(y, dtype=np.float64)[:, None]
    common = np.argsort(-np.bincount(y.astype(np.intp)), kind="stable")[:20]
    return np.asarray(y[:, None] == common, dtype=np.float64)


def may_group(column: Any) -> bool:
    """Whole numbers or words with at least ten values and two rows a value."""
    if not (pa.types.is_integer(column.type) or pa.types.is_string(column.type)):
        return False
    levels = pc.count_distinct(column).as_py()
    return bool(FEWEST_LEVELS <= levels <= (len(column) - column.null_count) / 2)


def group_kin(name: str, column: Any, truth: Floats, blocks: Mapping[str, Block], declared: bool) -> Kin | None:
    """The column as a group if its values share the target beyond chance and can be told from a modality.

    Parameters
    ----------
    blocks : of modalities that are not read from the column; of cells it is left out here
    """
    codes = cell_codes(column)
    known = np.flatnonzero((codes >= 0) & (np.bincount(codes + 1)[codes + 1] > 1))
    if len(known) < 20 or not blocks:
        return None
    alike = likeness(codes[known], truth[known])
    if alike < (0.1 if declared else LIKE):
        return None
    rng = np.random.default_rng(0)
    if alike <= max(likeness(rng.permutation(codes[known]), truth[known]) for _ in range(SHUFFLES)):
        return None
    rows = _whole_levels(codes, known, rng)
    told = {m: _told_by_neighbour(reduced(block, rows, {name}), codes[rows]) for m, block in blocks.items()}
    chance = float(((np.bincount(codes[rows])[codes[rows]] - 1) / max(len(rows) - 1, 1)).mean())
    best = max(told, key=lambda m: told[m])
    if told[best] < max(KNOWN, 5 * chance):
        return None
    if pa.types.is_integer(column.type) and told[best] < 0.8 and _is_trend(codes, column, known, truth, alike):
        return None
    return Kin(name, "group", round(alike, 4), declared, best, round(told[best], 4), round(chance, 4))


def time_kin(name: str, column: Any, truth: Floats) -> Kin | None:
    """The column as time if rows that follow each other in it have like targets."""
    numbers = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    dated = pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)
    if not (dated or (numbers and TIME_NAME.search(name))) or column.null_count:
        return None
    ordered = truth[np.argsort(pc.rank(column, tiebreaker="min").to_numpy(), kind="stable")]
    spread = 2 * float(ordered.var(axis=0).sum())
    if spread == 0 or len(ordered) < 50:
        return None
    alike = 1 - float(((ordered[1:] - ordered[:-1]) ** 2).sum(axis=1).mean()) / spread
    return Kin(name, "time", round(alike, 4), False) if alike > max(LIKE_IN_TIME, 6 / np.sqrt(len(ordered))) else None


def likeness(codes: Ints, truth: Floats) -> float:
    """1 - variance within values over variance at all: 0 as by chance, 1 if rows of one value are equal.

    Examples
    --------
    >>> likeness(np.array([0, 0, 1, 1]), np.array([[0.0], [0.0], [1.0], [1.0]]))
    1.0
    """
    sizes = np.maximum(np.bincount(codes), 1)
    total = float(truth.var(axis=0, ddof=1).sum())
    inside = 0.0
    for column in truth.T:
        sums, squares = np.bincount(codes, column), np.bincount(codes, column**2)
        spread = np.maximum(squares - sums**2 / sizes, 0.0)
        inside += float((spread * sizes / np.maximum(sizes - 1, 1)).sum()) / len(codes)
    return 1 - inside / total if total > 0 else 0.0


def _whole_levels(codes: Ints, known: Ints, rng: np.random.Generator) -> Ints:
    """Up to 2 000 rows: every row of as many values, so that neighbours of one value are there to be found."""
    levels = rng.permutation(np.unique(codes[known]))
    size = np.bincount(codes[known], minlength=int(codes.max()) + 1)[levels].cumsum()
    taken = levels[: max(int(np.searchsorted(size, SAMPLE, side="right")), 2)]
    return known[np.isin(codes[known], taken)][:SAMPLE]


def _told_by_neighbour(x: Floats, codes: Ints) -> float:
    """Share of rows whose nearest other row has the same value."""
    squares = (x**2).sum(axis=1)
    distance = squares[:, None] + squares - 2 * x @ x.T
    np.fill_diagonal(distance, np.inf)
    return float((codes[distance.argmin(axis=1)] == codes).mean())


def _is_trend(codes: Ints, column: Any, known: Ints, truth: Floats, alike: float) -> bool:
    """Whether pairs of neighbouring numbers are as alike as single ones: so for an age or a year, not for a group."""
    values = pc.fill_null(column, 0).to_numpy(zero_copy_only=False)[known]
    return likeness(np.unique(values, return_inverse=True)[1] // 2, truth[known]) > 0.75 * alike
