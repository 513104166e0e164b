"""The rows of a table that a model has not learned from, with their truth: nothing else is scored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fuseworthy.deploy.learned import LearnedRows, row_digests
from fuseworthy.errors import InputError, nearest
from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import patterns
from fuseworthy.inputs.cache import table_digest
from fuseworthy.inputs.tables import home_of, read_table, require_columns
from fuseworthy.inputs.target import label_of
from fuseworthy.inputs.unreadable import require_readable, unreadable_notices
from fuseworthy.strategies.part import Blocks, presence

if TYPE_CHECKING:
    from fuseworthy.deploy.model import Model

FEWEST = 100
"""Rows below which nothing is compared."""


@dataclass(frozen=True)
class Unseen:
    """Rows to score on, and to distil with.

    Parameters
    ----------
    blocks : modality -> view -> Block
    ids : (n,) number of each row in the table, from 1
    y : (n,) class codes or values
    pattern : (n,) the modalities that each row has
    clusters : (n,) rows that stay together, or None: those of a group, or of one content
    learned : LearnedRows, digests of these rows
    rows : of the table; of which ``seen`` were learned from and ``unlabelled`` have no truth
    data_hash : str
    notices : what was left out, what could not be checked
    """

    blocks: Blocks
    ids: Ints
    y: NDArray[Any]
    pattern: NDArray[Any]
    clusters: Ints | None
    learned: LearnedRows
    rows: int
    seen: int
    unlabelled: int
    data_hash: str
    notices: tuple[str, ...]

    @property
    def n(self) -> int:
        return len(self.y)


def read_unseen(
    model: Model,
    source: Any,
    *,
    group: str | None = None,
    keep_seen: bool = False,
    root: str | Path | None = None,
) -> Unseen:
    """Read a table, and leave out rows without a truth and rows that the model was fitted on.

    Parameters
    ----------
    source : path, or pandas, polars or Arrow table with the target and the columns of every modality
    group : str, optional
        Rows with one value stay together.
    keep_seen : bool
        Also score rows whose content the model learned from: where few contents are possible, new rows equal old ones.

    Raises
    ------
    InputError
        A column is not there, a class is new, too many files cannot be read, or fewer than 100 rows are left.
    """
    table, notices = read_table(source, model.text_columns)
    require_columns(table, [model.target], "the target")
    require_columns(table, list(model.columns), "every column of the model")
    require_columns(table, [group] if group else [], "the group")
    known = np.asarray(pc.is_valid(table[model.target]).to_numpy(zero_copy_only=False))
    everyone = row_digests(table, model.columns)
    seen, said = _seen(model, everyone, keep_seen)
    kept = np.flatnonzero(known & ~seen)
    left_out = [f"{(~known).sum():,} rows have no {model.target!r} and were left out"] if not known.all() else []
    if len(kept) < FEWEST:
        raise InputError(
            f"a model must be compressed on {FEWEST} rows or more that it has not learned from, but {table.num_rows:,} "
            f"came, of which {int((seen & known).sum()):,} were learned from, and {len(kept):,} are left. Bring rows that "
            "were not in the study; where new rows equal old ones by chance, pass keep_seen=True (--keep-seen)."
        )
    own = table.take(pa.array(kept))
    blocks = model.blocks_of(own, home_of(source) if root is None else root)
    require_readable(blocks, numbers=(kept + 1).tolist())
    digests = everyone[kept]
    return Unseen(
        blocks=blocks,
        ids=kept + 1,
        y=truth_of(model, own),
        pattern=patterns({m: presence(views) for m, views in blocks.items()}),
        clusters=_clusters(own, group, digests),
        learned=LearnedRows(np.unique(digests)),
        rows=table.num_rows,
        seen=int((seen & known).sum()),
        unlabelled=int((~known).sum()),
        data_hash=table_digest(own.select(sorted({model.target, *model.columns}))),
        notices=(*notices, *left_out, *said, *unreadable_notices(blocks, numbers=(kept + 1).tolist())),
    )


def truth_of(model: Model, table: pa.Table) -> NDArray[Any]:
    """The target as the model counts it, (n,): codes of its classes, or values.

    Raises
    ------
    InputError
        A class that the model does not know, or a value that is no number.
    """
    column, task = table[model.target], model.task
    if task.is_classification:
        places = {label: code for code, label in enumerate(task.classes)}
        labels = [label_of(value) for value in column.to_pylist()]
        if pa.types.is_boolean(column.type) and not set(labels) <= set(places):  # words in a file that had others too
            labels = [label.lower() for label in labels]
        if strange := sorted(set(labels) - set(places)):
            raise InputError(
                f"{model.target!r} must hold classes that the model knows, but {strange[0]!r} is none: "
                f"{nearest(strange[0], places)}."
            )
        return np.array([places[label] for label in labels], dtype=np.int64)
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise InputError(f"{model.target!r} must hold numbers, as the model predicts one, but has type {column.type}.")
    values = np.asarray(pc.cast(column, pa.float64()).to_numpy(), dtype=np.float64)
    if not np.isfinite(values).all():
        raise InputError(
            f"{model.target!r} must be finite, but {values[~np.isfinite(values)][0]} came. Mend or drop it."
        )
    return values


def _seen(model: Model, digests: NDArray[np.uint64], keep_seen: bool) -> tuple[NDArray[np.bool_], list[str]]:
    """Which rows the model learned from, and what is to be said of that."""
    nothing = np.zeros(len(digests), dtype=bool)
    if model.learned_rows is None:
        return nothing, [
            "this model keeps no digests of the rows it learned from, so nobody could check that these rows are new to "
            "it: if some are not, it and what is cut from it look better than they are"
        ]
    seen = model.learned_rows.holds(digests)
    if not seen.any():
        return nothing, []
    share = f"{int(seen.sum()):,} of {len(digests):,} rows"
    if keep_seen:
        return nothing, [f"{share} hold what a row held that the model learned from; they were scored, as asked for"]
    return seen, [f"{share} were learned from by the model, and left out"]


def _clusters(table: pa.Table, group: str | None, digests: NDArray[np.uint64]) -> Ints | None:
    """Rows of one group; without groups rows of one content, unless contents are so few that they say nothing."""
    if group is not None:
        column = table[group]
        if column.null_count:
            raise InputError(f"the group must be known in every row, but {group!r} is missing in {column.null_count}.")
        return np.unique(np.array([str(v) for v in column.to_pylist()]), return_inverse=True)[1].astype(np.int64)
    names, inverse = np.unique(digests, return_inverse=True)
    return inverse.astype(np.int64) if len(table) / 2 <= len(names) < len(table) else None
