"""Table columns to a Block of cells: numbers as they are, categories as codes, dates as parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fuseworthy.errors import InputError
from fuseworthy.inputs.blocks import Block
from fuseworthy.task import Floats


class Column(Protocol):
    """What was learned about one column."""

    role: ClassVar[str]

    @property
    def name(self) -> str: ...

    @property
    def features(self) -> list[tuple[str, int]]:
        """Each feature's name and number of categories, or 0."""
        ...

    def encode(self, column: Any) -> list[Floats]:
        """One (n,) array a feature, NaN where nothing is known."""
        ...


@dataclass(frozen=True)
class Number:
    """A column of numbers, read as they are."""

    role: ClassVar[str] = "number"
    name: str

    @property
    def features(self) -> list[tuple[str, int]]:
        return [(self.name, 0)]

    def encode(self, column: Any) -> list[Floats]:
        kind = column.type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)):
            raise _changed(self, "numbers", kind)
        values = _numpy(column.cast(pa.float64(), safe=False))
        if np.isinf(values).any():
            row = int(np.flatnonzero(np.isinf(values))[0])
            raise InputError(
                f"numbers must be finite, but column {self.name!r} has {values[row]} in row {row + 1}. "
                "Make such cells missing, or leave the column out."
            )
        return [values]


@dataclass(frozen=True)
class Category:
    """A column of strings or flags, read as their place among the levels; a level that is not among them is NaN."""

    role: ClassVar[str] = "category"
    name: str
    levels: tuple[str, ...]

    @property
    def features(self) -> list[tuple[str, int]]:
        return [(self.name, len(self.levels))]

    def encode(self, column: Any) -> list[Floats]:
        kind = column.type
        if not (pa.types.is_boolean(kind) or pa.types.is_string(kind) or pa.types.is_null(kind)):
            raise _changed(self, "categories", kind)
        levels = pa.array(self.levels, pa.string())
        return [_numpy(pc.index_in(column.cast(pa.string()), value_set=levels, skip_nulls=True).cast(pa.float64()))]


@dataclass(frozen=True)
class Date:
    """A column of moments, read as days since the first, month, weekday and, where any is not midnight, hour.

    Parameters
    ----------
    name : str
    origin : days from 1970 to the first moment
    zone : time zone of the moments, or None
    hour : whether the hour is read
    """

    role: ClassVar[str] = "date"
    name: str
    origin: float
    zone: str | None
    hour: bool

    @property
    def features(self) -> list[tuple[str, int]]:
        return [(f"{self.name}:{part}", 0) for part in ("days", "month", "weekday", *(("hour",) if self.hour else ()))]

    def encode(self, column: Any) -> list[Floats]:
        kind = column.type
        if not pa.types.is_null(kind):
            if not _is_date(kind):
                raise _changed(self, "dates", kind)
            if (getattr(kind, "tz", None) is None) != (self.zone is None):
                raise _changed(self, f"dates {'with' if self.zone else 'without'} a time zone", kind)
        moments = _moments(column, self.zone)
        read = (pc.month, pc.day_of_week, *((pc.hour,) if self.hour else ()))
        return [_days(moments) - self.origin, *(_numpy(part(moments).cast(pa.float64())) for part in read)]


ROLES: dict[str, type[Number | Category | Date]] = {kind.role: kind for kind in (Number, Category, Date)}


@dataclass(frozen=True)
class CellsEncoding:
    """What was learned about the columns of a tabular modality: the levels of categories, the origins of dates."""

    modality: str
    cells: tuple[Column, ...]
    view: ClassVar[str] = "cells"

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.cells)

    def encode(self, table: pa.Table) -> Block:
        """Cells of the table's columns, (n, d), NaN for a cell that is missing or a category never seen.

        Either tells a learner nothing: no one-hot column is set, and trees go the way of missing values. But a row whose
        only cell is a category never seen has the modality, and a row without any cell has not. Categories never seen
        are counted in ``meta["unseen"]`` (column -> rows), which is there only if there are some.

        Raises
        ------
        InputError
            An infinite number (named by row and column), or another type than was learned from.
        """
        values: list[Floats] = []
        present = np.zeros(table.num_rows, dtype=bool)
        unseen: dict[str, int] = {}
        for column in self.cells:
            cells = table[column.name].combine_chunks()
            encoded = column.encode(cells)
            known = np.isfinite(encoded[0])
            if isinstance(column, Category):
                stated = np.asarray(pc.is_valid(cells).to_numpy(zero_copy_only=False), dtype=bool)
                if new := int((stated & ~known).sum()):
                    unseen[column.name] = new
                known = stated
            values += encoded
            present |= known
        features = [feature for column in self.cells for feature in column.features]
        meta: dict[str, Any] = {"features": [n for n, _ in features], "categories": [size for _, size in features]}
        if unseen:
            meta["unseen"] = unseen
        return Block(self.modality, "cells", np.column_stack(values), present, meta)

    def to_dict(self) -> dict[str, Any]:
        cells = [{"role": column.role} | asdict(column) for column in self.cells]  # type: ignore[call-overload]
        return {"view": self.view, "modality": self.modality, "cells": cells}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CellsEncoding:
        return cls(data["modality"], tuple(_column_from(cell) for cell in data["cells"]))


def learn_cells(modality: str, table: pa.Table) -> tuple[CellsEncoding, Block]:
    """The encoding of a table's columns, and the table as it encodes it.

    Raises
    ------
    InputError
        An infinite number, or a type that is no table cell.
    """
    encoding = CellsEncoding(modality, tuple(_learn(name, table[name].combine_chunks()) for name in table.column_names))
    return encoding, encoding.encode(table)


def encode_cells(modality: str, table: pa.Table) -> Block:
    """Cells of the table's columns, (n, d), by what they themselves teach; see `CellsEncoding.encode`."""
    return learn_cells(modality, table)[1]


def _learn(name: str, column: Any) -> Column:
    kind = column.type
    if pa.types.is_boolean(kind) or pa.types.is_string(kind):
        return Category(
            name, tuple(sorted(v for v in pc.unique(column.cast(pa.string())).to_pylist() if v is not None))
        )
    if _is_date(kind):
        zone = getattr(kind, "tz", None)
        days = _days(_moments(column, zone))
        known = days[np.isfinite(days)]
        return Date(name, float(known.min()) if len(known) else 0.0, zone, bool((known % 1 > 0).any()))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return Number(name)
    raise InputError(f"a tabular column must hold numbers, categories or dates, but {name!r} has type {kind}.")


def _column_from(cell: Mapping[str, Any]) -> Column:
    learned: dict[str, Any] = {key: value for key, value in cell.items() if key != "role"}
    if "levels" in learned:
        learned["levels"] = tuple(learned["levels"])
    return ROLES[cell["role"]](**learned)


def _changed(column: Column, held: str, kind: Any) -> InputError:
    return InputError(
        f"column {column.name!r} must hold {held}, as it did where its encoding was learned, but has type {kind}."
    )


def _is_date(kind: Any) -> bool:
    return bool(pa.types.is_temporal(kind) and not pa.types.is_duration(kind) and not pa.types.is_time(kind))


def _moments(column: Any, zone: str | None) -> Any:
    return column.cast(pa.timestamp("us", zone), safe=False)


def _days(moments: Any) -> Floats:
    return np.asarray(_numpy(moments.cast(pa.int64()).cast(pa.float64(), safe=False)) / 86_400e6)


def _numpy(column: Any) -> Floats:
    return np.asarray(pc.fill_null(column, float("nan")).to_numpy(zero_copy_only=False), dtype=np.float64)
