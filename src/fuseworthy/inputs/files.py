"""Files in a folder that belong to rows by their names: each row's path is made from its own columns."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path
from string import Formatter

import pyarrow as pa

from fuseworthy.errors import InputError, PairingError
from fuseworthy.inputs.infer import CHECKSUM, Inference, Reading
from fuseworthy.inputs.kinds import KINDS, make_modality, with_checksum
from fuseworthy.inputs.modality import Modality
from fuseworthy.inputs.pairing import SHOWN, nearly, plain_key, shown
from fuseworthy.inputs.recordings import Image, Recording
from fuseworthy.inputs.tables import require_columns


@dataclass(frozen=True)
class Files:
    """Where a modality's files lie: a path in which columns of the table stand in braces.

    Parameters
    ----------
    pattern : str
        Relative to the root, such as ``photos/{id}.png`` or ``calls/{site}/{call:05d}.wav``. A star in the file's name
        stands for anything.
    kind : {"image", "audio", "video", "series"}
    pool : {"mean"}, optional
        What to do with several pictures of one row; without it they are refused.
    sha256 : str, optional
        A column with what each row's file must have as sha256; see `Image`.

    Examples
    --------
    >>> Files("photos/{id}.png").columns
    ('id',)
    """

    pattern: str
    kind: str = "image"
    pool: str | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        if not (self.kind in KINDS and issubclass(KINDS[self.kind], Recording)):
            raise InputError(f"files must be of kind image, audio, video or series, but {self.kind!r} came.")
        if self.pool not in (None, "mean") or (self.pool and self.kind != "image"):
            raise InputError(f"pool must be 'mean', and of pictures, but {self.pool!r} came for {self.kind}.")
        parts = self.pattern.split("/")
        if _leaves(self.pattern):
            raise InputError(
                f"a pattern must be a relative path that stays under the root, but {self.pattern!r} came. Pass root= "
                "(--root) for the folder, and a pattern below it."
            )
        if any("*" in part for part in parts[:-1]):
            raise InputError(f"a star may only stand in a file's name, but {self.pattern!r} came.")
        if not self.columns:
            raise InputError(
                f"a pattern must name a column in braces, but {self.pattern!r} names none. For example: photos/{{id}}.png"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that paths are made from."""
        try:
            found = [(name, how) for _, name, _, how in Formatter().parse(self.pattern) if name is not None]
        except ValueError as error:
            raise InputError(
                f"a pattern must have its braces in pairs, but {self.pattern!r} came ({error})."
            ) from error
        if odd := [name for name, how in found if how or not name]:
            raise InputError(f"braces must hold a column's name, but {self.pattern!r} came ({odd[0]!r}).")
        return tuple(dict.fromkeys(name for name, _ in found))

    def modality(self, column: str) -> Modality:
        """The modality that reads the column of paths."""
        found = Image(column, pool=self.pool) if self.pool else make_modality(self.kind, (column,))
        return found if self.sha256 is None else with_checksum(found, self.sha256)


def parse_files(text: str) -> tuple[str, Files]:
    """Read ``NAME=KIND:PATTERN``, or ``NAME=KIND+mean:PATTERN`` for several pictures a row.

    Examples
    --------
    >>> parse_files("photo=image:photos/{id}.png")
    ('photo', Files(pattern='photos/{id}.png', kind='image', pool=None, sha256=None))
    """
    name, equals, rest = text.partition("=")
    kind, colon, pattern = rest.partition(":")
    if not (name and equals and colon and pattern):
        raise InputError(
            f"files must be written NAME=KIND:PATTERN, but {text!r} came. For example: --files 'photo=image:photos/{{id}}.png'"
        )
    kind, plus, pool = kind.strip().partition("+")
    return name.strip(), Files(pattern.strip(), kind, pool if plus else None)


def with_files(inference: Inference, files: Mapping[str, Files] | None) -> Inference:
    """The modalities, and one more for each set of files that none of them reads."""
    read = {column for modality in inference.modalities.values() for column in modality.columns}
    added = {name: wanted for name, wanted in (files or {}).items() if name not in read}
    if taken := set(added) & set(inference.modalities):
        raise InputError(f"modalities must have different names, but {min(taken)!r} is one of columns and of files.")
    return replace(
        inference,
        modalities=inference.modalities | {name: wanted.modality(name) for name, wanted in added.items()},
        reasons=inference.reasons | {name: f"files {wanted.pattern}" for name, wanted in added.items()},
        readings=inference.readings
        + tuple(Reading(n, w.kind, f"files {w.pattern}") for n, w in added.items())
        + tuple(Reading(w.sha256, "checksum", CHECKSUM) for w in added.values() if w.sha256 is not None),
    )


def columns_of(files: Mapping[str, Files] | None) -> set[str]:
    """The columns that sets of files add, and those of their checksums: none of them is looked at for what it may be."""
    return {name for added, own in (files or {}).items() for name in (added, own.sha256) if name is not None}


def join_files(table: pa.Table, files: Mapping[str, Files] | None, root: Path | None) -> tuple[pa.Table, list[str]]:
    """Add a column of paths for each set of files; a row without a file gets a missing cell.

    Parameters
    ----------
    table : Arrow table of n rows
    files : mapping of the new column's name to Files
    root : folder that patterns are relative to

    Returns
    -------
    table, and a notice for each: rows with a file and without, files of no row, files of several rows

    Raises
    ------
    PairingError
        No row has a file, or a row has several and they are not pooled.
    InputError
        No root, a column that is not there or whose cell leads elsewhere.
    """
    notices = []
    for name, wanted in (files or {}).items():
        if root is None:
            raise InputError(f"files must lie under a folder, but none is known for {name!r}. Pass root= (--root).")
        if name in table.column_names:
            raise PairingError(f"column names must differ, but {name!r} is in the table already. Rename one.")
        require_columns(table, wanted.columns, f"every column of the pattern {wanted.pattern!r}")
        require_columns(table, [wanted.sha256] if wanted.sha256 else [], f"the checksums of {name!r}")
        there = _listed(wanted.pattern, root)
        paths = _paths(table, wanted, name)
        found = [None if path is None else _matching(path, there) for path in paths]
        _require_right(found, wanted, name)
        cells = [(cell or None) if wanted.pool else (cell[0] if cell else None) for cell in found]
        kind = pa.list_(pa.string()) if wanted.pool else pa.string()
        table = table.append_column(name, pa.array(cells, kind))
        notices.append(_notice(name, wanted, paths, found, there))
    return table, notices


def _leaves(path: str) -> bool:
    parts = path.split("/")
    return path.startswith(("/", "~")) or "\\" in path or ":/" in path or ".." in parts or path[1:2] == ":"


def _listed(pattern: str, root: Path) -> list[str]:
    """Sorted paths of all files below the pattern's fixed part, relative to the root."""
    fixed = pattern[: pattern.index("{")].rpartition("/")[0]
    below = [
        os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")  # noqa: PTH118
        for folder, _, names in os.walk(root / fixed)
        for name in names
    ]
    return sorted(below)


def _paths(table: pa.Table, wanted: Files, name: str) -> list[str | None]:
    """Each row's path, as a shell pattern if it has a star; None where a column is empty."""
    columns = {column: table[column].to_pylist() for column in wanted.columns}
    paths: list[str | None] = []
    for row in range(table.num_rows):
        cells = {column: values[row] for column, values in columns.items()}
        if any(cell is None for cell in cells.values()):
            paths.append(None)
            continue
        if "*" in wanted.pattern:
            cells = {column: escape(cell) if isinstance(cell, str) else cell for column, cell in cells.items()}
        try:
            path = wanted.pattern.format(**cells)
        except (ValueError, TypeError) as error:
            raise InputError(f"a path of {name!r} must be made from every row, but row {row + 1}: {error}.") from error
        if _leaves(path):
            raise InputError(
                f"a row's path must stay under the root, but row {row + 1} makes {path!r} of {wanted.pattern!r}. Mend "
                "the cell."
            )
        paths.append(path)
    return paths


def _matching(path: str, there: Sequence[str]) -> list[str]:
    """The files that a row's path stands for; a sorted list makes the search short."""
    fixed = path.partition("*")[0].partition("[")[0] if "*" in path else path
    start = bisect_left(there, fixed)
    if "*" not in path:
        return [path] if start < len(there) and there[start] == path else []
    found = []
    for file in there[start:]:
        if not file.startswith(fixed):
            break
        if fnmatchcase(file, path) and file.count("/") == path.count("/"):
            found.append(file)
    return found


def _require_right(found: Sequence[list[str] | None], wanted: Files, name: str) -> None:
    if not any(found):
        raise PairingError(
            f"some rows must have a file of {name!r}, but {wanted.pattern!r} is there for none of {len(found):,}. Check the "
            "pattern and root= (--root)."
        )
    several = [(row, files) for row, files in enumerate(found, 1) if files and len(files) > 1]
    if several and not wanted.pool:
        row, files = several[0]
        raise PairingError(
            f"each row must have one file of {name!r}, but {len(several):,} rows have several (first: row {row} has "
            f"{', '.join(files[:SHOWN])}). Make the pattern narrower, or pass pool='mean' (image+mean) to average pictures."
        )


def _notice(
    name: str, wanted: Files, paths: Sequence[str | None], found: Sequence[list[str] | None], there: Sequence[str]
) -> str:
    lost = [path for path, files in zip(paths, found, strict=True) if not files]
    used = Counter(file for files in found for file in files or ())
    ending = wanted.pattern.rpartition("}")[2].rpartition("*")[2]
    orphans = [file for file in there if file not in used and file.endswith(ending)]
    shared = sum(count > 1 for count in used.values())
    plain = {plain_key(file): file for file in orphans}
    near = [(path, plain[plain_key(path)]) for path in lost if path is not None and plain_key(path) in plain]
    said = (
        f"files {wanted.pattern!r} as {name!r}: {len(found) - len(lost):,} rows have one, {len(lost):,} rows have none (it is "
        f"missing there{shown([path for path in lost if path][:SHOWN], '; first: ')}), {len(orphans):,} files belong to no "
        f"row{shown(orphans[:SHOWN], ' (first: ', ')')}"
    )
    said += f", {shared:,} files serve several rows" if shared else ""
    return f"{said}; {nearly(len(near), near)}" if near else said
