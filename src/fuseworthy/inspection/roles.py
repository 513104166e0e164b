"""Which column plays which part, the target's classes or distribution, and what is odd about the parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fuseworthy.inputs.modality import Tabular
from fuseworthy.inspection.absence import missing_cells
from fuseworthy.inspection.inspected import Inspected
from fuseworthy.inspection.problem import Problem
from fuseworthy.study.question import Question

FEW_PRESENT = 50


@dataclass(frozen=True)
class TargetFacts:
    """The target column.

    Parameters
    ----------
    column, kind, reason : str
    counts : dict of str to int
        Rows of each class; empty for regression.
    quantiles : dict of str to float
        Minimum, quartiles, maximum, mean and sd; empty for classification.
    missing : int
        Rows without a target, not looked at.
    """

    column: str
    kind: str
    reason: str
    counts: dict[str, int]
    quantiles: dict[str, float]
    missing: int


@dataclass(frozen=True)
class ModalityFacts:
    """One modality: its columns, why, and in how many rows it is present."""

    name: str
    kind: str
    columns: tuple[str, ...]
    reason: str
    present: int


@dataclass(frozen=True)
class ColumnFacts:
    """One column: "target", "group", "time", "id", what it was read as, or "left out"; its modality and the reason."""

    name: str
    role: str
    modality: str | None
    reason: str
    missing: int


def describe_target(seen: Inspected, question: Question) -> TargetFacts | None:
    """Class counts, or the distribution."""
    if seen.task is None or seen.y is None:
        return None
    counts: dict[str, int] = {}
    quantiles: dict[str, float] = {}
    if seen.task.is_classification:
        tally = np.bincount(seen.y.astype(np.intp), minlength=seen.task.width)
        counts = {label: int(count) for label, count in zip(seen.task.classes, tally, strict=True)}
    else:
        names = ("minimum", "lower quartile", "median", "upper quartile", "maximum")
        quantiles = dict(zip(names, np.quantile(seen.y, (0, 0.25, 0.5, 0.75, 1)).tolist(), strict=True))
        quantiles |= {"mean": float(seen.y.mean()), "sd": float(seen.y.std())}
    return TargetFacts(str(question.target), seen.task.kind, seen.reason, counts, quantiles, seen.unlabelled)


def describe_modalities(seen: Inspected) -> tuple[ModalityFacts, ...]:
    """Modalities with their reasons."""
    return tuple(
        ModalityFacts(name, m.kind, m.columns, seen.inference.reasons[name], int(seen.present[name].sum()))
        for name, m in seen.modalities.items()
    )


def describe_columns(seen: Inspected, question: Question) -> tuple[ColumnFacts, ...]:
    """Every column's part, in the order of the table; numbered columns of one embedding as one."""
    table, facts = seen.table, []
    home = {column: name for name, m in seen.modalities.items() for column in m.columns}
    readings = {r.column: r for r in seen.inference.readings}
    roles = {getattr(question, role): role for role in ("id", "time", "group", "target") if getattr(question, role)}
    for name in table.column_names:
        if name in roles:
            role, reason = roles[name], seen.reason if roles[name] == "target" else "as asked"
        elif name in readings:
            role, reason = readings[name].role, readings[name].reason
        elif name in seen.inference.left_out:
            role, reason = "left out", seen.inference.left_out[name]
        else:
            continue
        facts.append(ColumnFacts(name, role, home.get(name), reason, int(missing_cells(seen.column(name)).sum())))
    for name, reading in readings.items():
        if name not in table.column_names:
            stem = next(m for m in seen.modalities if seen.modalities[m].columns[0] == name.split(" … ")[0])
            gone = int((~seen.present[stem]).sum())
            facts.append(ColumnFacts(name, reading.role, stem, reading.reason, gone))
    return tuple(facts)


def role_problems(seen: Inspected, columns: tuple[ColumnFacts, ...]) -> list[Problem]:
    """Odd columns and modalities."""
    return _left_out(columns) + _misused(seen, columns) + _too_few(seen, columns) + _absent(seen)


def _too_few(seen: Inspected, columns: tuple[ColumnFacts, ...]) -> list[Problem]:
    if not seen.modalities:
        why = "; ".join(f"{c.name}: {c.reason}" for c in columns if c.role == "left out")
        return [
            Problem("error", "nothing to learn from", f"no column can be a modality ({why[:300]}).", "Add columns.")
        ]
    if len(seen.modalities) > 1:
        return []
    return [
        Problem(
            "error",
            "one modality",
            f"only modality {next(iter(seen.modalities))!r} was found, so there is nothing to fuse.",
            "Name the modalities (--modality NAME=KIND:COLUMN,COLUMN), or join a further table (--join).",
        )
    ]


def _absent(seen: Inspected) -> list[Problem]:
    problems, n = [], seen.table.num_rows
    for name, present in seen.present.items():
        here = int(present.sum())
        if here == 0:
            problems.append(
                Problem(
                    "error",
                    "a modality is never there",
                    f"modality {name!r} is missing in all {n:,} rows.",
                    "Leave it out.",
                )
            )
        elif here < min(FEW_PRESENT, n / 2):
            problems.append(
                Problem(
                    "warning",
                    "a modality is rarely there",
                    f"modality {name!r} is present in only {here:,} of {n:,} rows.",
                    "Little can be learned from so few rows; leave it out, or study those rows alone.",
                )
            )
    for name, block in seen.vectors.items():
        zero = int((block.present & ~np.asarray(block.pooled).any(axis=1)).sum())
        if zero:
            problems.append(
                Problem(
                    "note",
                    "zero vectors",
                    f"{zero:,} vectors of {name!r} are all zeros.",
                    "If they stand for missing items, make them missing.",
                )
            )
    return problems


def _left_out(columns: tuple[ColumnFacts, ...]) -> list[Problem]:
    kinds = (
        ("constant", "constant columns", "A constant says nothing; no need to act."),
        ("every cell is missing", "empty columns", "Check how the table was made."),
        ("identifier", "identifiers left out", "Pass one as id (--id) or as group (--group) if it is one."),
    )
    problems = []
    for start, title, advice in kinds:
        if names := [c.name for c in columns if c.role == "left out" and not c.modality and c.reason.startswith(start)]:
            problems.append(Problem("note", title, f"{_listed(names)} left out.", advice))
    return problems


def _misused(seen: Inspected, columns: tuple[ColumnFacts, ...]) -> list[Problem]:
    """Columns read by a modality although they look like something else."""
    problems = []
    for column in columns:
        if column.modality is None or not isinstance(seen.modalities[column.modality], Tabular):
            continue
        if column.role == "left out" and column.reason.startswith("identifier"):
            problems.append(
                Problem(
                    "warning",
                    "an identifier as a feature",
                    f"column {column.name!r} of modality {column.modality!r} looks like an identifier ({column.reason}).",
                    "Take it out: what is learned from an identifier does not hold for new rows.",
                )
            )
        elif column.role == "text":
            problems.append(
                Problem(
                    "warning",
                    "free text as a category",
                    f"column {column.name!r} of modality {column.modality!r} is {column.reason}.",
                    "Read it as text (--text), or every text is a category of its own.",
                )
            )
        elif column.reason.endswith("(many)"):
            problems.append(
                Problem(
                    "note",
                    "many categories",
                    f"column {column.name!r} has {column.reason.removesuffix(' (many)')}.",
                    "Few rows stand behind each; group rare ones, or leave it out.",
                )
            )
    return problems


def _listed(names: list[Any]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{shown}{more} {'is' if len(names) == 1 else 'are'}"
