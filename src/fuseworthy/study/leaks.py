"""Features that know the answer: table columns and vector entries that determine the target, and identifiers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.duplicates import cell_codes
from fuseworthy.inputs.infer import ID_NAME
from fuseworthy.inputs.modality import Tabular
from fuseworthy.task import Floats

if TYPE_CHECKING:
    from fuseworthy.study.prepare import Loaded

PURE, EQUAL = 0.99, 0.999


def find_leaks(loaded: Loaded, blocks: Mapping[str, Block], rows: Ints) -> list[dict[str, Any]]:
    """Table columns and vector entries that determine the target, and identifiers among the table columns.

    Parameters
    ----------
    rows : (rows,) looked at; identifiers are told by the whole column
    """
    targets = loaded.y[rows].reshape(len(rows), -1).T[:20]
    classes, found = len(loaded.task.classes), []
    for name, modality in loaded.inference.modalities.items():
        said: list[tuple[str, str, str | None]] = []
        if isinstance(modality, Tabular):
            for column in modality.columns:
                cells = loaded.table[column].combine_chunks()
                said.append((column, "target", _determines(cells.take(pa.array(rows)), targets, classes)))
                said.append((column, "id", _identifies(column, cells)))
        elif blocks[name].view != "counts":
            block = blocks[name]
            said.append((name, "target", _entry(np.asarray(block.pooled[rows]), block.present[rows], targets)))
        found += [{"modality": name, "column": c, "kind": kind, "why": why} for c, kind, why in said if why]
    return found


def _determines(cells: Any, targets: NDArray[Any], classes: int) -> str | None:
    if pa.types.is_nested(cells.type) or cells.null_count > len(cells) / 2:
        return None
    known = pc.is_valid(cells).to_numpy(zero_copy_only=False)
    codes = cell_codes(cells)[known]
    levels = int(codes.max()) + 1
    for y in targets[:, known]:
        if classes and levels <= max(20, 2 * classes) and (pure := _purity(codes, y.astype(np.int64))) >= PURE:
            return f"one class a value in {pure:.1%} of the rows"
        if pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type):
            numbers = np.asarray(cells.drop_null().cast(pa.float64(), safe=False).to_numpy())
            if (r := _correlation(numbers[:, None], y)[0]) > EQUAL and classes <= 2:
                return f"correlation {r:.4f}"
    return None


def _purity(codes: Ints, y: Ints) -> float:
    """Share of rows that have the commonest class of their value; 0 where the classes hardly vary."""
    table = np.zeros((int(codes.max()) + 1, int(y.max()) + 1))
    np.add.at(table, (codes, y), 1)
    pure, base = table.max(axis=1).sum() / len(y), table.sum(axis=0).max() / len(y)
    enough = len(y) >= 20 and len(table) <= len(y) / 2
    return float(pure) if enough and 1 - pure <= 0.2 * (1 - base) and base < 1 else 0.0


def _entry(values: Floats, present: NDArray[np.bool_], targets: NDArray[Any]) -> str | None:
    """The vector's entry that is the target, if one is."""
    for y in targets:
        found = _correlation(values[present], y[present])
        if len(found) and found.max() > EQUAL:
            return f"entry {int(found.argmax())} has correlation {found.max():.4f}"
    return None


def _correlation(x: Floats, y: NDArray[Any]) -> Floats:
    """Absolute correlation of every column with y, (d,); 0 for a constant."""
    if len(y) < 20:
        return np.zeros(x.shape[1])
    x, y = x - x.mean(axis=0), y - y.mean()
    scale = np.sqrt((x**2).sum(axis=0) * (y**2).sum())
    return np.asarray(np.abs(np.divide(x.T @ y, scale, out=np.zeros(x.shape[1]), where=scale > 0)))


def _identifies(name: str, cells: Any) -> str | None:
    """Why the column is an identifier: all different, and in sequence, in order, named like one, or single words."""
    known = cells.drop_null()
    if len(known) < 20 or pa.types.is_nested(cells.type) or pc.count_distinct(known).as_py() < len(known):
        return None
    if pa.types.is_integer(cells.type):
        step = np.diff(known.to_numpy().astype(np.float64))
        spread = pc.max(known).as_py() - pc.min(known).as_py()
        ordered = bool((step > 0).all() or (step < 0).all()) or spread == len(known) - 1
        return "whole numbers, all different" if ordered or ID_NAME.search(name) else None
    if pa.types.is_string(cells.type):
        words = pc.any(pc.match_substring_regex(known, r"\S\s+\S")).as_py()
        return None if words else "single words, all different"
    return None
