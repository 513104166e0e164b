"""What a study would make of a table, and what is wrong with it: seconds, nothing trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import patterns
from fuseworthy.inputs.duplicates import merge_groups
from fuseworthy.inputs.files import Files
from fuseworthy.inputs.linkage import Linkage
from fuseworthy.inputs.modality import Modality, Tabular
from fuseworthy.inspection.absence import Absence, measure_absence, missing_cells, pattern_table, telling_problems
from fuseworthy.inspection.association import Truth, truth_of
from fuseworthy.inspection.copies import Copies, RepeatedTexts, copy_groups, copy_problems, count_copies, repeated_texts
from fuseworthy.inspection.grouping import (
    GroupHint,
    Groups,
    describe_groups,
    group_hints,
    group_problems,
    target_columns,
)
from fuseworthy.inspection.inspected import Inspected, read_inspected, read_roles
from fuseworthy.inspection.leakage import Evidence, Suspect, Use, find_suspects
from fuseworthy.inspection.partners import find_linkages, pairing_problems
from fuseworthy.inspection.problem import Problem, sorted_problems
from fuseworthy.inspection.roles import (
    ColumnFacts,
    ModalityFacts,
    TargetFacts,
    describe_columns,
    describe_modalities,
    describe_target,
    role_problems,
)
from fuseworthy.inspection.split import Split, plan_split
from fuseworthy.inspection.suspicion import suspect_problems
from fuseworthy.study.question import Question


@dataclass(frozen=True)
class Inspection:
    """What would be used as what, and what to mend first.

    Parameters
    ----------
    source : str
    rows : int
        Rows looked at: those with a target, if one is given.
    target : TargetFacts or None
    modalities : tuple of ModalityFacts
    columns : tuple of ColumnFacts
        Every column, its role and the reason.
    patterns : tuple of dict
        Rows of each availability pattern, and the target there.
    missing : tuple of Absence
        Modalities first, then columns.
    copies : Copies
    texts : tuple of RepeatedTexts
    suspects : tuple of Suspect
        Columns that tell the target suspiciously well.
    groups : Groups or None
    hints : tuple of GroupHint
        Columns that look like a group.
    split : Split or None
    pairing : tuple of Linkage
        Whether the rows of every two modalities belong together.
    notices : tuple of str
        What was coerced or left out in reading.
    problems : tuple of Problem
        Errors first.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 200)
    >>> notes = [f"case {i} was seen on day {i % 7}" for i in range(200)]
    >>> seen = inspect(pa.table({"note": notes, "age": rng.normal(size=200), "outcome": y, "died": y}), "died")
    >>> seen.ok, seen.problems[0].title
    (False, 'a column is the target itself')
    """

    source: str
    rows: int
    target: TargetFacts | None
    modalities: tuple[ModalityFacts, ...]
    columns: tuple[ColumnFacts, ...]
    patterns: tuple[dict[str, Any], ...]
    missing: tuple[Absence, ...]
    copies: Copies
    texts: tuple[RepeatedTexts, ...]
    suspects: tuple[Suspect, ...] = ()
    groups: Groups | None = None
    hints: tuple[GroupHint, ...] = ()
    split: Split | None = None
    pairing: tuple[Linkage, ...] = ()
    notices: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether nothing found would stop a study or make it meaningless (no error; warnings may be there)."""
        return not any(problem.severity == "error" for problem in self.problems)

    def to_dict(self) -> dict[str, Any]:
        """All facts as plain lists, dicts, numbers and strings."""
        return {"ok": self.ok} | asdict(self) | {"pairing": [pair.to_dict() for pair in self.pairing]}

    def __repr__(self) -> str:
        from fuseworthy.inspection.text import describe

        return describe(self)


def inspect(
    table: Any,
    target: str | None = None,
    *,
    modalities: Mapping[str, Modality] | None = None,
    group: str | None = None,
    time: str | None = None,
    id: str | None = None,
    task: str | None = None,
    folds: int | None = None,
    join: Mapping[str, Any] | None = None,
    files: Mapping[str, Files] | None = None,
    drop_unlabelled: bool = False,
    root: str | Path | None = None,
    random_state: int = 0,
) -> Inspection:
    """Say what `compare` would use as what, and what is suspicious, without training anything.

    Parameters
    ----------
    table : path, or pandas, polars or Arrow table, of n rows
    target : str, optional
        Column to predict; without it everything that needs none is shown.
    modalities : mapping of name to Text, Tabular, Image, Audio, Video, Series or Embedding, optional
        Inferred from the columns if left out.
    group, time, id : str, optional
        Columns: rows to keep together, when a row happened, its key.
    task : {"binary", "multiclass", "regression"}, optional
    folds : int, optional
    join : mapping of key column to a further table, or to a list of them, optional
    files : mapping of name to Files, optional
        Files that belong to rows by their names: ``{"photo": Files("photos/{id}.png", kind="image")}``.
    drop_unlabelled : bool
        Whether rows without a target may be left out.
    root : path, optional
        The folder that paths of files are relative to; the table's own if left out.
    random_state : int
        Seed of folds, samples and shuffles.

    Returns
    -------
    Inspection

    Raises
    ------
    InputError
        A table that cannot be read, or a name that is no column.

    Examples
    --------
    >>> import pyarrow as pa
    >>> inspect(pa.table({"age": [30, 41, 52, 60] * 10, "note": [f"case {i} went well" for i in range(40)]})).ok
    True
    """
    question = Question(
        target=target or "",
        modalities=modalities,
        task=task,
        group=group,
        time=time,
        id=id,
        folds=folds,
        random_state=random_state,
        drop_unlabelled=drop_unlabelled,
        files=files,
        root=root,
    )
    return _inspection(read_inspected(table, question, join or {}), question)


def _inspection(seen: Inspected, question: Question) -> Inspection:
    groups, moments = read_roles(seen, question)
    truth = truth_of(seen.task, seen.y) if seen.task is not None and seen.y is not None else None
    columns = describe_columns(seen, question)
    n, problems = seen.table.num_rows, [*seen.problems, *role_problems(seen, columns)]
    missing, telling = _missing(seen, question, columns, truth)
    rich = any(not isinstance(m, Tabular) for m in seen.modalities.values())
    sets = copy_groups(seen.column, seen.table.num_rows, seen.modalities, seen.vectors)
    copies = count_copies(sets, seen.y, rich, seen.numbers)
    texts = tuple(repeated_texts(name, found, seen.numbers) for name, found in seen.texts.items())
    suspects = _suspects(seen, question, columns, truth)
    described = describe_groups(str(question.group), groups, seen.task, seen.y) if groups is not None else None
    hints = _hints(seen, question, columns, groups, suspects)
    split: Split | None = None
    refused: list[Problem] = []
    if seen.task is not None and seen.y is not None:
        clusters = _clusters(groups, sets if rich and copies.rows else None)
        split, refused = plan_split(seen.y, seen.task, question, clusters, moments)
    pairing = find_linkages(seen)
    grouped = {hint.column for hint in hints if hint.strong}
    problems += suspect_problems([s for s in suspects if s.column not in grouped or s.level == "equal"])
    problems += refused + telling + group_problems(described, hints, n) + copy_problems(copies, texts, n)
    problems += pairing_problems(pairing)
    return Inspection(
        source=seen.source,
        rows=n,
        target=describe_target(seen, question),
        modalities=describe_modalities(seen),
        columns=columns,
        patterns=_patterns(seen),
        missing=missing,
        copies=copies,
        texts=texts,
        suspects=suspects,
        groups=described,
        hints=hints,
        split=split,
        pairing=pairing,
        notices=tuple(seen.notices),
        problems=sorted_problems(problems),
    )


def _missing(
    seen: Inspected, question: Question, columns: tuple[ColumnFacts, ...], truth: Truth | None
) -> tuple[tuple[Absence, ...], list[Problem]]:
    cells = {c.name: missing_cells(seen.column(c.name)) for c in columns if c.name in seen.table.column_names}
    cells.pop(str(question.target), None)
    modalities = {name: ~present for name, present in seen.present.items()}
    missing = measure_absence(cells, modalities, truth)
    return missing, telling_problems(missing, cells, modalities, seen.table.num_rows)


def _suspects(
    seen: Inspected, question: Question, columns: tuple[ColumnFacts, ...], truth: Truth | None
) -> tuple[Suspect, ...]:
    """Look at all columns but the target, the group, free texts and vectors, and those the user left out on purpose."""
    if truth is None or seen.task is None or seen.y is None:
        return ()
    uses: dict[str, Use] = {}
    for column in columns:
        if column.role in ("id", "time"):
            uses[column.name] = "declared"
        elif column.role not in ("target", "group", "text", "embedding") and column.reason != "not asked for":
            uses[column.name] = "used" if column.modality else "left out"
    evidence = Evidence(
        {name: seen.column(name) for name in uses},
        uses,
        seen.texts,
        {name: (np.asarray(block.pooled), block.present) for name, block in seen.vectors.items()},
    )
    return find_suspects(evidence, seen.task, seen.y, truth, question.random_state)


def _hints(
    seen: Inspected,
    question: Question,
    columns: tuple[ColumnFacts, ...],
    groups: Ints | None,
    suspects: tuple[Suspect, ...],
) -> tuple[GroupHint, ...]:
    copies = {s.column for s in suspects if s.level == "equal"}
    roles = {c.name: c.role for c in columns if c.role not in ("target", "group", "time", "id")}
    arrays = {name: seen.column(name) for name in roles if name in seen.table.column_names and name not in copies}
    known = target_columns(seen.task, seen.y) if seen.task is not None and seen.y is not None else None
    return group_hints(arrays, roles, known, groups, question.random_state)


def _clusters(groups: Ints | None, copies: Ints | None) -> Ints | None:
    if groups is None or copies is None:
        return copies if groups is None else groups
    return merge_groups(groups, copies)


def _patterns(seen: Inspected) -> tuple[dict[str, Any], ...]:
    if not seen.present:
        return ()
    pattern = patterns(seen.present)
    return pattern_table(pattern, seen.y, seen.task)
