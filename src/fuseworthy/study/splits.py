"""Which rows belong together, and the folds that keep them so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fuseworthy.errors import InputError
from fuseworthy.folds import Folds, Ints, default_plan, make_folds
from fuseworthy.inputs.duplicates import duplicate_groups, merge_groups
from fuseworthy.inputs.modality import Modality
from fuseworthy.strategies.catalogue import GROUPS, NEURAL
from fuseworthy.study.question import Question
from fuseworthy.task import Task

MANY_NETWORKS, MANY_ROWS = 8, 5000
"""From so many networks and rows on, the folds are gone through once: each further time costs as much again."""


def plan_folds(y: NDArray[Any], task: Task, question: Question, clusters: Ints | None, time: Ints | None) -> Folds:
    """The folds asked for, or the usual ones for so many rows and strategies; in time six, not repeated.

    Raises
    ------
    FoldError
    """
    usual_folds, usual_repeats = default_plan(len(y), costly=is_costly(len(y), question))
    folds = make_folds(
        y,
        task,
        n_folds=question.folds or (6 if time is not None else usual_folds),
        n_repeats=1 if time is not None else question.repeats or usual_repeats,
        clusters=clusters,
        time=time,
        random_state=question.random_state,
    )
    if folds.kind == "grouped" and not question.group:  # only copies are kept together
        folds = replace(folds, kind="stratified" if task.is_classification else "shuffled")
    return folds


def fold_notices(question: Question, rows: int, *, in_time: bool) -> list[str]:
    """What of the repeats is otherwise than asked for, or than usual."""
    if in_time:
        asked = (question.repeats or 1) > 1
        return [f"folds in time are not repeated: repeats={question.repeats} is not used"] if asked else []
    if question.repeats is None and is_costly(rows, question):
        return ["so many networks on so many rows: the folds are gone through once (repeats=2 does it again)"]
    return []


def is_costly(rows: int, question: Question) -> bool:
    """Whether so many networks are asked for on so many rows that one pass over the folds must do.

    Examples
    --------
    >>> is_costly(10_000, Question("y", strategies=["all"])), is_costly(10_000, Question("y", strategies=["gated"]))
    (True, False)
    """
    named = [item for item in question.strategies or () if isinstance(item, str)]
    asked = {name for item in named for name in GROUPS.get(item, (item,))}
    return rows >= MANY_ROWS and len(asked & set(NEURAL)) >= MANY_NETWORKS


def read_clusters(
    table: pa.Table,
    question: Question,
    modalities: Mapping[str, Modality],
    notices: list[str],
    contents: Mapping[str, Sequence[str | None]],
) -> Ints | None:
    """Rows that must stay on one side: the group column, and rows that are exact copies of each other.

    Parameters
    ----------
    contents : mapping of modality to the digests of what its files hold
    """
    groups = None
    if question.group:
        column = table[question.group].combine_chunks()
        if column.null_count:
            row = pc.index(pc.is_null(column), True).as_py()
            raise InputError(f"group {question.group!r} must be known for every row, but row {row + 1} has none.")
        groups = column.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    copies = duplicate_groups(table, modalities, contents)
    if copies is None:
        return groups
    doubled = len(copies) - len(np.unique(copies))
    notices.append(
        f"{doubled:,} rows repeat another row in every column used; copies are kept on one side of each fold"
    )
    return merge_groups(groups, copies) if groups is not None else copies
