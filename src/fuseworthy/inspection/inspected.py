"""A table as an inspection sees it: read as a study reads it, but what would stop a study becomes a problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fuseworthy.errors import FuseworthyError, InputError
from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.duplicates import cell_codes
from fuseworthy.inputs.encode import encode, views_of
from fuseworthy.inputs.encoders.recordings import openable
from fuseworthy.inputs.encoders.words import join_texts
from fuseworthy.inputs.files import columns_of, join_files, with_files
from fuseworthy.inputs.infer import Inference, infer_modalities, readings_of
from fuseworthy.inputs.kinds import encoder_notices
from fuseworthy.inputs.modality import Embedding, Modality, Text
from fuseworthy.inputs.pairing import join_by_key
from fuseworthy.inputs.recordings import Recording
from fuseworthy.inputs.tables import read_table, require_columns, source_name
from fuseworthy.inputs.target import read_target
from fuseworthy.inspection.absence import Flags, missing_cells
from fuseworthy.inspection.problem import Problem, problem_of
from fuseworthy.study.moments import read_time
from fuseworthy.study.prepare import read_ids, settle_modalities
from fuseworthy.study.question import Question, joins_from
from fuseworthy.task import Task


@dataclass
class Inspected:
    """What was read, and what went wrong in reading it.

    Parameters
    ----------
    table : Arrow table of the rows looked at (those with a target, if there is one)
    rows : int
        Rows of the table as it came.
    unlabelled : int
        Rows without a target; they are not looked at.
    numbers : (n,) int array
        The number of each row in the table as it came, from 1.
    inference : Inference
    task, y, reason : the target, or None
    present : mapping of modality to (n,) bool array
    texts : mapping of text modality to n texts
    vectors : mapping of embedding to Block
    root : folder that files are looked for in, or None
    """

    table: Any
    source: str
    rows: int
    notices: list[str]
    problems: list[Problem] = field(default_factory=list)
    unlabelled: int = 0
    numbers: Ints = field(default_factory=lambda: np.arange(0))
    inference: Inference = field(default_factory=lambda: Inference({}, {}, ()))
    task: Task | None = None
    y: NDArray[Any] | None = None
    reason: str = ""
    present: dict[str, Flags] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    vectors: dict[str, Block] = field(default_factory=dict)
    root: Path | None = None

    @property
    def modalities(self) -> dict[str, Modality]:
        return self.inference.modalities

    def column(self, name: str) -> Any:
        """One column as one Arrow array."""
        return self.table[name].combine_chunks()


def read_inspected(source: Any, question: Question, join: Mapping[str, Any]) -> Inspected:
    """Read and join the tables, find target and modalities, and read every modality that is cheap to read.

    Raises
    ------
    InputError
        A table that cannot be read, or a name that is no column. All else becomes a problem.
    """
    table, notices = read_table(source)
    for other in joins_from(join):
        right, more = read_table(other.table)
        table, pairing = join_by_key(table, right, other.on, source_name(other.table))
        notices += [*more, f"{source_name(other.table)} {pairing}"]
    table, more = join_files(table, question.files, question.folder_of(source))
    notices += more
    one_target(question, table.column_names)
    for role in ("target", "group", "time", "id"):
        if name := getattr(question, role):
            require_columns(table, [name], f"the {role}")
    seen = Inspected(table, source_name(source), table.num_rows, notices)
    seen.root = question.folder_of(source)
    seen.numbers = np.arange(1, seen.rows + 1)
    if question.target:
        _find_target(seen, question)
    _settle(seen, question)
    seen.notices += encoder_notices(seen.modalities)
    for name, modality in seen.modalities.items():
        _read_modality(seen, name, modality)
    return seen


def one_target(question: Question, columns: Sequence[str]) -> str:
    """The target's name; an inspection looks at one target at a time."""
    targets = question.targets_in(columns) if question.target else ("",)
    if len(targets) > 1:
        raise InputError(
            f"an inspection looks at one target at a time, but {len(targets)} came. Pass --target {targets[0]}."
        )
    return targets[0]


def _find_target(seen: Inspected, question: Question) -> None:
    name = one_target(question, seen.table.column_names)
    column = seen.table[name]
    known = pc.is_valid(column)
    seen.unlabelled = int(column.null_count)
    if seen.unlabelled == seen.rows:
        seen.unlabelled = 0
        seen.problems.append(
            Problem(
                "error", "no target", f"target {name!r} is missing in all {seen.rows:,} rows.", "Pass another target."
            )
        )
        return
    if seen.unlabelled:
        seen.table = seen.table.filter(known)
        seen.numbers = seen.numbers[known.to_numpy()]
        if question.drop_unlabelled:
            seen.notices.append(f"{seen.unlabelled:,} rows without a target are left out, as asked")
        else:
            row = int(pc.index(known, False).as_py())
            seen.problems.append(
                Problem(
                    "error",
                    "rows without a target",
                    f"target {name!r} is missing in {seen.unlabelled:,} of {seen.rows:,} rows (first: row {row + 1}); "
                    "the rest of this inspection is about the others.",
                    "Fill them in, or pass drop_unlabelled (--drop-unlabelled) to leave them out.",
                )
            )
    if pa.types.is_nested(column.type):
        found = f"a target must hold labels or numbers, but {name!r} has type {column.type}."
        seen.problems.append(Problem("error", "the target cannot be learned", found, "Pass another target."))
        return
    try:
        seen.task, seen.y, seen.reason = read_target(seen.column(name), name, question.task)
    except InputError as error:
        if question.task is not None:
            raise
        seen.problems.append(problem_of(error, "the target cannot be learned"))


def _settle(seen: Inspected, question: Question) -> None:
    for name, modality in (question.modalities or {}).items():
        require_columns(seen.table, modality.columns, f"every column of modality {name!r}")
    roles = {
        c for c in (one_target(question, seen.table.column_names), question.group, question.time, question.id) if c
    }
    try:
        seen.inference = settle_modalities(seen.table, question, seen.root)
    except InputError as error:
        seen.inference = (
            _asked(seen, question.modalities, roles)
            if question.modalities
            else infer_modalities(seen.table, roles | columns_of(question.files), seen.root)
        )
        seen.inference = with_files(seen.inference, question.files)
        if len(seen.modalities) > 1:  # with fewer, `role_problems` says so
            seen.problems.append(problem_of(error, "the modalities cannot be used"))


def _asked(seen: Inspected, modalities: Mapping[str, Modality], roles: set[str]) -> Inference:
    """The modalities as asked for, although a study would refuse them."""
    used = {column for modality in modalities.values() for column in modality.columns}
    readings = readings_of(seen.table, modalities.values())
    left = {name: "not asked for" for name in seen.table.column_names if name not in used | roles}
    return Inference(dict(modalities), dict.fromkeys(modalities, "asked for"), readings, left)


def _read_modality(seen: Inspected, name: str, modality: Modality) -> None:
    columns = seen.table.select(list(modality.columns))
    try:
        if isinstance(modality, Text):
            seen.texts[name], seen.present[name], cut = join_texts(columns)
            if cut:
                seen.notices.append(f"modality {name!r}: {cut:,} texts are longer than a study reads, and will be cut")
        elif isinstance(modality, Embedding):
            seen.vectors[name] = block = encode(name, next(iter(views_of(modality, columns))), columns)
            seen.present[name] = block.present
        elif isinstance(modality, Recording):
            seen.present[name] = _look_at_files(seen, name, modality.under(seen.root), columns)
        else:
            seen.present[name] = encode(name, "cells", columns).present
    except FuseworthyError as error:
        seen.problems.append(problem_of(error, "a modality cannot be read"))
        gone = [missing_cells(columns[c].combine_chunks()) for c in columns.column_names]
        seen.present[name] = ~np.logical_and.reduce(gone)


def _look_at_files(seen: Inspected, name: str, recording: Recording, columns: Any) -> Flags:
    """Which rows name files that are there; nothing is decoded."""
    present, unreadable = openable(recording, columns)
    if unreadable:
        row, item, why = unreadable[0]
        seen.problems.append(
            Problem(
                "warning",
                "files that cannot be read",
                f"files of {len(unreadable):,} rows of {name!r} cannot be opened (first: {item} in row "
                f"{seen.numbers[row - 1]}: {why}).",
                "Mend them or check root (--root); a study counts them as missing, and refuses above --max-unreadable.",
            )
        )
    return present


def read_roles(seen: Inspected, question: Question) -> tuple[Ints | None, Ints | None]:
    """Group codes and times of the rows; an id, group or time that a study would refuse becomes a problem."""
    group = time = None
    try:
        read_ids(seen.table, question)
    except InputError as error:
        seen.problems.append(problem_of(error, "the id cannot be used"))
    try:
        time = read_time(seen.table, question)
    except InputError as error:
        seen.problems.append(problem_of(error, "the time cannot be used"))
    if question.group:
        codes = cell_codes(seen.column(question.group))
        if (missing := int((codes < 0).sum())) == 0:
            return codes, time
        row = int(seen.numbers[codes < 0][0])
        seen.problems.append(
            Problem(
                "error",
                "rows without a group",
                f"group {question.group!r} is missing in {missing:,} rows (first: row {row}).",
                "Fill it in for every row.",
            )
        )
    return group, time
