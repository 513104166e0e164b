"""What a user asks of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuseworthy.errors import InputError, nearest
from fuseworthy.inputs.modality import Modality
from fuseworthy.strategies.catalogue import EARLY, LATE

FUSIONS = LATE + EARLY
GROUPS = {"all": FUSIONS, "late": LATE, "early": EARLY}


@dataclass(frozen=True)
class Question:
    """The columns, the metric and the folds of a comparison.

    Parameters
    ----------
    target : str
    modalities : mapping of name to Modality, optional
        Inferred from the columns if left out.
    task : {"binary", "multiclass", "regression"}, optional
    group, time, id : str, optional
        Columns: rows to keep together, when a row happened, its key.
    metric : str, optional
        Headline metric.
    margin : float
        Smallest gain in the deciding loss that is worth a fusion's cost.
    folds, repeats : int, optional
        By the number of rows if left out.
    strategies : sequence of str, optional
        Fusions to try, by name or by family ("late", "early", "all").
    random_state : int
    """

    target: str
    modalities: Mapping[str, Modality] | None = None
    task: str | None = None
    group: str | None = None
    time: str | None = None
    id: str | None = None
    metric: str | None = None
    margin: float = 0.01
    folds: int | None = None
    repeats: int | None = None
    strategies: Sequence[str] | None = None
    random_state: int = 0
    drop_unlabelled: bool = False

    def __post_init__(self) -> None:
        if not self.margin >= 0:
            raise InputError(f"margin must be zero or more, but {self.margin} came.")
        if self.repeats is not None and self.repeats < 1:
            raise InputError(f"repeats must be at least 1, but {self.repeats} came.")
        if self.folds is not None and self.folds < 2:
            raise InputError(f"folds must be at least 2, but {self.folds} came.")
        roles = [c for c in (self.target, self.group, self.time, self.id) if c]
        if self.target in (self.group, self.time, self.id):
            raise InputError(f"the target {self.target!r} must not be the group, time or id column as well.")
        for name, modality in (self.modalities or {}).items():
            if "/" in name or "|" in name or not name.strip():
                raise InputError(f"a modality's name must not be empty or hold '/' or '|', but {name!r} came.")
            if taken := set(modality.columns) & set(roles):
                raise InputError(
                    f"a column must have one role, but {min(taken)!r} is in modality {name!r} and is the "
                    "target, group, time or id as well. Take it out of one."
                )

    @property
    def fusions(self) -> list[str]:
        """Names of the fusions to try, in order of complexity."""
        wanted: set[str] = set()
        for name in self.strategies or ("all",):
            if name in GROUPS:
                wanted |= set(GROUPS[name])
            elif name in FUSIONS:
                wanted.add(name)
            else:
                raise InputError(
                    f"a strategy must be one this version has, but {name!r} came: {nearest(name, [*FUSIONS, *GROUPS])}."
                )
        return [name for name in FUSIONS if name in wanted]


@dataclass(frozen=True)
class Join:
    """A further table, joined by key."""

    table: Any
    on: str | None


def joins_from(tables: Mapping[str, Any] | None) -> tuple[Join, ...]:
    """Joins from a mapping of key column to a table, or to a list of tables."""
    return tuple(
        Join(table, key)
        for key, given in (tables or {}).items()
        for table in (given if isinstance(given, (list, tuple)) else [given])
    )


@dataclass(frozen=True)
class Options:
    """How a study runs, none of which changes what it finds.

    Parameters
    ----------
    command : str, optional
        How to ask again, for the note.
    name : str, optional
        What note and report call the table; the file's name if left out.
    out : path, optional
        Run folder; a temporary one if left out.
    budget : float, optional
        Minutes after which no new work is begun; whole repeats that are done are kept.
    jobs : int, optional
        Worker processes.
    resume : bool
        Insist that ``out`` holds a study begun before.
    """

    out: str | Path | None = None
    budget: float | None = None
    jobs: int | None = None
    resume: bool = False
    joins: Sequence[Join] = field(default_factory=tuple)
    command: str | None = None
    name: str | None = None
