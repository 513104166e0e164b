"""Which column is what, and why: shown before anything trains, and overridable."""

from __future__ import annotations

import re
from collections.abc import Collection, Container
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fuseworthy.inputs.blocks import NOTHING
from fuseworthy.inputs.csv import looks_like_vector
from fuseworthy.inputs.encoders.tokens import is_list, is_number, is_sequence
from fuseworthy.inputs.kinds import make_modality
from fuseworthy.inputs.media.guess import FILE_KINDS, read_files
from fuseworthy.inputs.modality import SIGNS, Embedding, Modality, Tabular, Text
from fuseworthy.inputs.recordings import Recording

ID_NAME = re.compile(r"(^|_|\b)(id|uuid|guid|key|index|row|rownum|row_?number)$", re.IGNORECASE)
NUMBERED = re.compile(r"^(.*?)[_.\-]?(\d+)$")
NUMBER = re.compile(r"\d+")
SMALLEST_VECTOR = 8
MOST_WORDS = 3
"""Of an identifier in words."""
CHECKSUM = "sha256 of files, which are held against it"
"""Why a column of checksums is used."""


@dataclass(frozen=True)
class Reading:
    """What one column was taken for: "text", "numeric", "categorical", "date", "embedding", a kind of files ("image",
    "audio", "video", "series"), "checksum" or "left out"."""

    column: str
    role: str
    reason: str


@dataclass(frozen=True)
class Inference:
    """Modalities by name, each with its reason, and one reading a column."""

    modalities: dict[str, Modality]
    reasons: dict[str, str]
    readings: tuple[Reading, ...]
    left_out: dict[str, str] = field(default_factory=dict)


def infer_modalities(table: pa.Table, reserved: set[str], root: Path | None = None) -> Inference:
    """Group the columns that are not reserved (target, id, group, time) into modalities.

    All numbers, categories and dates become the modality ``table``; each text column, each embedding and each column of
    files becomes a modality of its own name.

    Parameters
    ----------
    root : path, optional
        The folder that files are looked for in; without one, columns of paths are not taken for files.

    Examples
    --------
    >>> t = pa.table({"note": [f"a long remark on case {i}" for i in range(40)], "age": list(range(20)) * 2})
    >>> infer_modalities(t, set()).modalities
    {'note': Text(columns=('note',)), 'table': Tabular(columns=('age',))}
    """
    names = [name for name in table.column_names if name not in reserved]
    vectors = _numbered_vectors(table, names)
    clocks = _clocks(table, names)
    inside = {column for columns in vectors.values() for column in columns} | set(clocks.values())
    readings = [read_column(name, table[name], root) for name in names if name not in inside]
    modalities: dict[str, Modality] = {}
    reasons: dict[str, str] = {}
    cells = [r.column for r in readings if r.role in ("numeric", "categorical", "date")]
    for reading in readings:
        if reading.role == "text":
            name = free_name(reading.column, modalities)
            modalities[name], reasons[name] = Text(reading.column), reading.reason
        elif reading.role == "embedding":
            name = free_name(reading.column, modalities)
            modality = Embedding(reading.column, times=clocks.get(reading.column))
            modalities[name], reasons[name] = modality, reading.reason
        elif reading.role in FILE_KINDS:
            name = free_name(reading.column, modalities)
            modalities[name], reasons[name] = make_modality(reading.role, (reading.column,)), reading.reason
    for stem, columns in vectors.items():
        name = free_name(stem, modalities)
        modalities[name] = Embedding(*columns)
        reasons[name] = f"{len(columns)} numbered number columns {columns[0]} … {columns[-1]}"
        readings.append(Reading(f"{columns[0]} … {columns[-1]}", "embedding", reasons[name]))
    if cells:
        name = free_name("table", modalities)
        modalities[name] = Tabular(*cells)
        reasons[name] = f"{len(cells)} numbers, categories and dates"
    left_out = {r.column: r.reason for r in readings if r.role == "left out"}
    return Inference(modalities, reasons, tuple(readings), left_out)


def readings_of(table: pa.Table, modalities: Collection[Modality]) -> tuple[Reading, ...]:
    """What each column is taken for that modalities were given."""
    sums = {m.sha256 for m in modalities if isinstance(m, Recording)}
    used = {column for modality in modalities for column in modality.columns}
    return tuple(
        Reading(c, "checksum", CHECKSUM) if c in sums else read_column(c, table[c])
        for c in table.column_names
        if c in used
    )


def _clocks(table: pa.Table, names: list[str]) -> dict[str, str]:
    """Columns of sequences -> columns ``NAME.times`` with the times of their vectors, as `embed` writes them."""
    kinds = {name: table.schema.field(name).type for name in names}
    pairs = {name: f"{name}.times" for name in names if is_sequence(kinds[name])}
    return {
        name: clock
        for name, clock in pairs.items()
        if clock in kinds and is_list(kinds[clock]) and is_number(kinds[clock].value_type)
    }


def free_name(wanted: str, taken: Container[str]) -> str:
    """A modality name that is not taken, without the signs that names of strategies and ledger columns use.

    Examples
    --------
    >>> free_name("title/body", {"title-body"})
    'title-body-2'
    """
    plain = "".join("-" if sign in SIGNS else sign for sign in wanted)
    names = [*([] if plain == NOTHING else [plain]), *(f"{plain}-{i}" for i in range(2, 1000))]
    return next(name for name in names if name not in taken)


def read_column(name: str, column: pa.Array | pa.ChunkedArray, root: Path | None = None) -> Reading:
    """Say what a column is taken for, and why; ``root`` is the folder that files are looked for in."""
    known = column.drop_null()
    if len(known) == 0:
        return Reading(name, "left out", "every cell is missing")
    kind = column.type
    files = read_files(known, root)
    if files is not None and files.kind:
        return Reading(name, files.kind, files.reason)
    if is_list(kind):
        if is_number(kind.value_type):
            return Reading(name, "embedding", "lists of numbers")
        if is_sequence(kind) and is_number(kind.value_type.value_type):
            counts = pc.min_max(pc.list_value_length(known)).as_py()
            return Reading(name, "embedding", f"sequences of {counts['min']:,} to {counts['max']:,} vectors")
        return Reading(name, "left out", f"lists of {kind.value_type} are not read")
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_null(kind):
        return Reading(name, "left out", f"type {kind} is not read")
    distinct = pc.count_distinct(known).as_py()
    if distinct == 1:
        return Reading(name, "left out", f"constant: every known cell is {str(known[0].as_py())[:40]!r}")
    if pa.types.is_duration(kind) or pa.types.is_time(kind):
        return Reading(name, "left out", f"type {kind} is not read; pass it as a number")
    if pa.types.is_temporal(kind):
        return Reading(name, "date", "dates: read as days since the first, month, weekday and hour")
    if pa.types.is_boolean(kind):
        return Reading(name, "categorical", "yes/no")
    if pa.types.is_string(kind):
        reading = _read_strings(name, known, distinct)
        lost = files is not None and reading.role == "left out"
        return Reading(name, "left out", files.reason) if files and lost else reading
    return _read_numbers(name, known, distinct)


def _read_numbers(name: str, known: Any, distinct: int) -> Reading:
    n = len(known)
    if pa.types.is_integer(known.type):
        if distinct == n and n >= 20 and (ID_NAME.search(name) or _is_sequence(known)):
            return Reading(name, "left out", "identifier: whole numbers, all different")
        if ID_NAME.search(name) and distinct > max(20, 0.01 * n):
            return Reading(name, "left out", f"identifier by its name, with {distinct:,} values; pass it as a group?")
    return Reading(name, "numeric", f"numbers, {distinct:,} different")


def _is_sequence(known: Any) -> bool:
    low, high = pc.min(known).as_py(), pc.max(known).as_py()
    return bool(high - low == len(known) - 1)


def _read_strings(name: str, known: Any, distinct: int) -> Reading:
    n = len(known)
    sample = [str(cell) for cell in known.slice(0, 500).to_pylist()]
    words = sum(len(cell.split()) for cell in sample) / len(sample)
    if all(looks_like_vector(cell) for cell in sample):
        return Reading(name, "embedding", "written lists of numbers")
    if distinct > 0.9 * n and n >= 20 and words < 1.5:
        return Reading(name, "left out", "identifier: one word, nearly all different")
    if distinct > 0.9 * n and n >= 20 and words <= MOST_WORDS and _is_numbered(sample):
        return Reading(name, "left out", "identifier: the same words and a number, nearly all different")
    if distinct <= max(20, 0.05 * n) and not (words >= 5 and distinct > 0.5 * n):
        return Reading(name, "categorical", f"{distinct:,} categories")
    if words >= 2:
        return Reading(name, "text", f"free text, {words:.0f} words on average, {distinct:,} different")
    if ID_NAME.search(name):
        return Reading(name, "left out", f"identifier by its name, with {distinct:,} values; pass it as a group?")
    return Reading(name, "categorical", f"{distinct:,} categories (many)")


def _is_numbered(cells: list[str]) -> bool:
    """Whether cells differ in nothing but a number, as in "Order no 4711"."""
    return len({NUMBER.sub("0", cell) for cell in cells}) == 1


def _numbered_vectors(table: pa.Table, names: list[str]) -> dict[str, tuple[str, ...]]:
    """Runs of floating columns ``emb_0 … emb_383`` that share a stem and are numbered without a gap."""
    stems: dict[str, dict[int, str]] = {}
    for name in names:
        match = NUMBERED.match(name)
        if match and match[1] and pa.types.is_floating(table.schema.field(name).type):
            stems.setdefault(match[1].rstrip("_.-"), {})[int(match[2])] = name
    found = {}
    for stem, numbered in stems.items():
        order = sorted(numbered)
        if len(order) >= SMALLEST_VECTOR and order == list(range(order[0], order[0] + len(order))):
            found[stem] = tuple(numbered[i] for i in order)
    return found
