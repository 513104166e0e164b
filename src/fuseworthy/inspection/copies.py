"""Rows and texts that occur more than once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.duplicates import cell_codes, equal_rows
from fuseworthy.inputs.modality import Embedding, Modality, Tabular
from fuseworthy.inspection.problem import Problem

SHORTEST = 20
"""Letters and digits a text must have for its repetition to be no accident."""
_ASCII_NOISE = bytes(b for b in range(128) if not chr(b).isalnum())
_NOISE = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Copies:
    """Rows that repeat an earlier row in every column used.

    Parameters
    ----------
    rows : int
        Rows that repeat an earlier one.
    differing_rows, differing_sets : int
        Rows in sets of copies whose targets differ, and how many such sets.
    kept_together : bool
        Whether a study keeps copies on one side of each fold (it does unless all modalities are tables).
    example : tuple of int
        Numbers (from 1) of two rows that are copies.
    """

    rows: int
    differing_rows: int = 0
    differing_sets: int = 0
    kept_together: bool = True
    example: tuple[int, ...] = ()


@dataclass(frozen=True)
class RepeatedTexts:
    """Texts of a modality that repeat an earlier one, of those with at least 20 letters and digits.

    Parameters
    ----------
    modality : str
    exact : int
        Rows whose text repeats an earlier one letter by letter.
    near : int
        Further rows whose text repeats an earlier one but for case, white space and punctuation.
    example : tuple of int
        Numbers (from 1) of two rows that are near copies.
    """

    modality: str
    exact: int
    near: int
    example: tuple[int, ...] = ()


def copy_groups(
    column: Callable[[str], Any], n: int, modalities: Mapping[str, Modality], blocks: Mapping[str, Block]
) -> Ints:
    """Number of each row's set of equal rows; as `duplicate_groups`, but of tables alone as well, and quick for vectors.

    Parameters
    ----------
    column : function from a name to its Arrow array
    n : int
        Rows.
    blocks : mapping of embedding to Block
    """
    rich: list[Ints] = []
    cells: list[Ints] = []
    for name, modality in modalities.items():
        if isinstance(modality, Embedding) and name in blocks:
            block = blocks[name]
            codes = np.array(
                [hash(vector.tobytes()) for vector in np.ascontiguousarray(block.values) + 0.0], dtype=np.int64
            )
            rich.append(np.where(block.present, np.unique(codes, return_inverse=True)[1], -1))
        else:
            target = cells if isinstance(modality, Tabular) else rich
            target += [cell_codes(column(c)) for c in modality.columns]
    return equal_rows(rich, cells, n)


def count_copies(group: Ints, y: NDArray[Any] | None, kept_together: bool, numbers: Ints) -> Copies:
    """Summary of `copy_groups`; ``numbers`` are the rows' numbers in the table as it came."""
    sizes = np.bincount(group)
    rows = len(group) - len(sizes)
    if rows == 0:
        return Copies(0, kept_together=kept_together)
    first = np.flatnonzero(group == group[int(np.flatnonzero(sizes[group] > 1)[0])])[:2]
    example = tuple(int(numbers[row]) for row in first)
    if y is None:
        return Copies(rows, kept_together=kept_together, example=example)
    codes = np.unique(y, return_inverse=True)[1]
    kinds = np.bincount(np.unique(group * (int(codes.max()) + 1) + codes) // (int(codes.max()) + 1))
    mixed = kinds > 1
    return Copies(rows, int(sizes[mixed].sum()), int(mixed.sum()), kept_together, example)


def repeated_texts(modality: str, texts: Sequence[str], numbers: Ints) -> RepeatedTexts:
    """Count texts that are equal, and equal once case, white space and punctuation are folded away."""
    seen: dict[str, int] = {}
    folded: dict[bytes, int] = {}
    exact = near = 0
    example: tuple[int, ...] = ()
    for row, text in zip(numbers.tolist(), texts, strict=True):
        if len(text) < SHORTEST:
            continue
        key = _fold(text)
        if len(key) < SHORTEST:
            continue
        if text in seen:
            exact += 1
        elif key in folded:
            near += 1
            example = example or (folded[key], row)
        seen.setdefault(text, row)
        folded.setdefault(key, row)
    return RepeatedTexts(modality, exact, near, example)


def _fold(text: str) -> bytes:
    if text.isascii():
        return text.lower().encode().translate(None, _ASCII_NOISE)
    return _NOISE.sub("", text.casefold()).encode("utf-8", "surrogatepass")


def copy_problems(copies: Copies, texts: Sequence[RepeatedTexts], n: int) -> list[Problem]:
    """What repetition means for a study."""
    problems = []
    if copies.rows:
        pair = f"e.g. rows {copies.example[0]} and {copies.example[1]}" if copies.example else ""
        fate = (
            "A study keeps copies on one side of each fold."
            if copies.kept_together
            else "A study does not treat copies of table rows as one, as few categories repeat by nature; remove "
            "them if they are the same case twice."
        )
        many = copies.rows > 0.01 * n
        problems.append(
            Problem(
                "warning" if many and copies.kept_together else "note",
                "duplicate rows",
                f"{copies.rows:,} of {n:,} rows ({copies.rows / n:.1%}) repeat an earlier row in every column used "
                f"({pair}).",
                fate,
            )
        )
    if copies.differing_rows and copies.kept_together:
        problems.append(
            Problem(
                "warning",
                "copies with different targets",
                f"{copies.differing_rows:,} rows in {copies.differing_sets:,} sets of copies have the same inputs but "
                "different targets.",
                "Check the labels of these rows: no model can get them all right.",
            )
        )
    return problems + [_text_problem(found, n) for found in texts if found.near]


def _text_problem(found: RepeatedTexts, n: int) -> Problem:
    return Problem(
        "warning" if found.near > 0.01 * n else "note",
        "near-duplicate texts",
        f"{found.near:,} texts of {found.modality!r} repeat an earlier one but for case, white space or punctuation "
        f"(e.g. rows {found.example[0]} and {found.example[1]}); {found.exact:,} more are equal letter by letter.",
        "Give such rows one number in a column and pass it as group (--group), or keep one of each.",
    )
