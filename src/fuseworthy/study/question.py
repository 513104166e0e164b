"""What a user asks of a study."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fuseworthy.errors import InputError
from fuseworthy.inputs.modality import Modality, require_name
from fuseworthy.inputs.tables import home_of
from fuseworthy.inputs.unreadable import MOST_UNREADABLE

if TYPE_CHECKING:
    from fuseworthy.inputs.files import Files


@dataclass(frozen=True)
class Question:
    """The columns, the metric and the folds of a comparison.

    Parameters
    ----------
    target : str, or sequence of str
        Several yes/no columns ("a,b,c", or a sequence) are decided on together.
    modalities : mapping of name to Modality, optional
        Inferred from the columns if left out.
    task : {"binary", "multiclass", "regression"}, optional
    group, time, id : str, optional
        Columns: rows to keep together, when a row happened, its key.
    metric : str, optional
        Headline metric.
    margin : float
        Smallest gain in what decides that is worth a fusion's cost.
    worth : str, optional
        The margin as a price of time instead: "0.5ms:0.002" asks for a gain of .002 for every half millisecond that a
        row takes longer.
    decide_on : str, optional
        A metric to decide on instead of the proper loss.
    anyway : bool
        Go on although the probes say that fusion is unlikely to pay.
    attribution : bool
        Retrain without each modality, to say what each is worth.
    slices : sequence of str
        Columns whose values are looked at as slices before any others.
    decompose : bool
        Estimate redundant, unique and synergistic information of two modalities.
    folds, repeats : int, optional
        By the number of rows if left out.
    strategies : sequence, optional
        Fusions to try, by name or by group ("cheap", "all", "late", "early", "intermediate", "attention",
        "uncertainty"); or your own, as objects or as "module:name". Left out ("auto"): the cheap ones, and networks
        where there are rows and reason enough.
    random_state : int
    root : path, optional
        The folder that paths of files in the table are relative to; the table's own if left out.
    max_unreadable : float
        Share of a modality's rows whose files may be unreadable; above it the study refuses.
    files : mapping of name to Files, optional
        Files that belong to rows by their names; each becomes a column of paths and a modality of that name.
    encoders : mapping of a modality's name, or of a kind, to its encoders, optional
        In place of the modalities' own; for those that are inferred as well.
    tune_encoders : bool
        Train encoders with the fusion, end to end, as one more strategy.
    """

    target: str | Sequence[str]
    modalities: Mapping[str, Modality] | None = None
    task: str | None = None
    group: str | None = None
    time: str | None = None
    id: str | None = None
    metric: str | None = None
    margin: float = 0.01
    folds: int | None = None
    repeats: int | None = None
    strategies: Sequence[Any] | None = None
    random_state: int = 0
    drop_unlabelled: bool = False
    worth: str | None = None
    decide_on: str | None = None
    anyway: bool = False
    attribution: bool = True
    slices: Sequence[str] = ()
    decompose: bool = False
    root: str | Path | None = None
    max_unreadable: float = MOST_UNREADABLE
    files: Mapping[str, Files] | None = None
    encoders: Mapping[str, Sequence[str]] = field(default_factory=dict)
    tune_encoders: bool = False

    def __post_init__(self) -> None:
        if not self.margin >= 0:
            raise InputError(f"margin must be zero or more, but {self.margin} came.")
        if self.repeats is not None and self.repeats < 1:
            raise InputError(f"repeats must be at least 1, but {self.repeats} came.")
        if self.folds is not None and self.folds < 2:
            raise InputError(f"folds must be at least 2, but {self.folds} came.")
        if not 0 <= self.max_unreadable <= 1:
            raise InputError(f"max_unreadable must be a share of rows from 0 to 1, but {self.max_unreadable} came.")
        price_of_time(self.worth)
        roles = [*self.named_targets, *[c for c in (self.group, self.time, self.id) if c]]
        if both := set(self.named_targets) & {self.group, self.time, self.id}:
            raise InputError(
                f"the target {min(filter(None, both))!r} must not be the group, time or id column as well."
            )
        for name, modality in (self.modalities or {}).items():
            require_name(name)
            if taken := set(modality.columns) & set(roles):
                raise InputError(
                    f"a column must have one role, but {min(taken)!r} is in modality {name!r} and is the "
                    "target, group, time or id as well. Take it out of one."
                )

    def folder_of(self, source: Any) -> Path | None:
        """The folder that paths of files are relative to: as asked for, or the table's own; None of a data frame."""
        if self.root is not None:
            if not Path(self.root).is_dir():
                raise InputError(f"root must be a folder that exists, but {self.root} is none.")
            return Path(self.root).absolute()
        return home_of(source)

    @property
    def named_targets(self) -> tuple[str, ...]:
        """The target as it was given, and what lies between its commas."""
        if not isinstance(self.target, str):
            return tuple(self.target)
        parts = tuple(part.strip() for part in self.target.split(",") if part.strip())
        return (self.target,) if len(parts) < 2 else (self.target, *parts)

    def targets_in(self, columns: Sequence[str]) -> tuple[str, ...]:
        """The target columns of a table; a column with a comma in its name is itself."""
        if isinstance(self.target, str) and (self.target in columns or len(self.named_targets) == 1):
            return (self.target,)
        return self.named_targets[1:] if isinstance(self.target, str) else tuple(self.target)


def price_of_time(worth: str | None) -> tuple[float, float] | None:
    """Milliseconds a row and the gain that they must bring; None if the margin is no price.

    Examples
    --------
    >>> price_of_time("0.5ms:0.002")
    (0.5, 0.002)

    Raises
    ------
    InputError
    """
    if worth is None:
        return None
    found = re.fullmatch(r"\s*([0-9.]+)\s*(ms|us|µs|s)\s*:\s*([0-9.]+)\s*", worth)
    try:
        if found and float(found[1]) > 0:
            return float(found[1]) * {"us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3}[found[2]], float(found[3])
    except ValueError:
        found = None
    raise InputError(
        f"worth must be a time a row and the gain it must bring, such as 0.5ms:0.002, or a plain margin, but {worth!r} "
        "came."
    )


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
    deploy : str, optional
        A strategy that must be tried, as it is to be deployed.
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
    deploy: str | None = None
