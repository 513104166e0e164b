"""What can be seen of the data before training: cheap, the same every time, and kept with the study for the checks."""

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
from fuseworthy.strategies.features import TEXT_DIMENSIONS, VECTOR_DIMENSIONS
from fuseworthy.study.kinship import find_kin, truth_columns
from fuseworthy.study.pairs import pairing_of
from fuseworthy.study.question import Question
from fuseworthy.study.reduce import ROWS, contiguous_rows, reduced, row_codes
from fuseworthy.task import Floats

if TYPE_CHECKING:
    from fuseworthy.study.prepare import Loaded

PURE, EQUAL = 0.99, 0.999


def observe(
    loaded: Loaded, blocks: Mapping[str, Mapping[str, Block]], question: Question, time: Ints | None
) -> dict[str, Any]:
    """What the checks need to know of the data, as plain JSON.

    Parameters
    ----------
    blocks : modality -> view -> Block
    time : (n,) sortable time of each row, if the folds are in time

    Returns
    -------
    dict
        ``modalities``: features, columns, scale and view of each; ``pairing``: of each pair, see `pairing_of`;
        ``groups``: see `find_kin`; ``leaks``: features that determine the target or name the row; ``rates``: share of
        rows that repeat the one before, of each modality, if there is time.
    """
    chosen = {name: views.get("minilm") or next(iter(views.values())) for name, views in sorted(blocks.items())}
    table, classes = loaded.table, len(loaded.task.classes)
    pieces = contiguous_rows(table.num_rows)
    rows = np.concatenate(pieces)
    places = np.split(np.arange(len(rows)), np.cumsum([len(piece) for piece in pieces])[:-1])
    reserved = {c for c in (*loaded.targets, question.id, question.time) if c}
    return {
        "modalities": {name: _features(block) for name, block in chosen.items()},
        "pairing": pairing_of(
            {name: reduced(block, rows) for name, block in chosen.items()},
            {name: np.asarray(block.present[rows]) for name, block in chosen.items()},
            places,
        ),
        "groups": find_kin(table, truth_columns(loaded.y, classes), chosen, question.group, reserved, time is not None),
        "leaks": find_leaks(loaded, chosen, rows),
        "rates": {} if time is None else repetition(chosen, time, _groups(table, question)),
    }


def _features(block: Block) -> dict[str, Any]:
    """``features`` are those that an early fusion learns from (reduced where there are many), ``columns`` all there are,
    ``scale`` the median spread of a dense column."""
    columns = int(block.values.shape[1])
    most = {"counts": TEXT_DIMENSIONS, "cells": columns}.get(block.view, VECTOR_DIMENSIONS)
    scale = None
    if block.view != "counts":
        cells = np.asarray(block.values[block.present], dtype=np.float64)
        known = np.isfinite(cells).any(axis=0)
        spread = np.nanstd(cells[:, known], axis=0) if len(cells) else np.zeros(columns)
        scale = float(np.median(spread[spread > 0])) if (spread > 0).any() else None
    return {"features": min(columns, most), "columns": columns, "scale": scale, "view": block.view}


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
            said.append((name, "target", _entry(np.asarray(block.values[rows]), block.present[rows], targets)))
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


def repetition(blocks: Mapping[str, Block], time: Ints, groups: Ints | None) -> dict[str, dict[str, Any]]:
    """Share of rows in time (within groups) that repeat each modality's previous row exactly.

    ``sampled`` is false where that says nothing of a rate: the modality never changes, or has a few values that return.
    """
    order = np.lexsort((time, np.zeros(len(time)) if groups is None else groups))
    start = max((len(order) - ROWS) // 2, 0)
    order = order[start : start + ROWS]
    same_group = np.ones(len(order) - 1, dtype=bool) if groups is None else np.diff(groups[order]) == 0
    found = {}
    for name, block in blocks.items():
        codes, present = row_codes(block, order), np.asarray(block.present[order])
        pairs = same_group & present[1:] & present[:-1]
        share = float((codes[1:] == codes[:-1])[pairs].mean()) if pairs.any() else 0.0
        runs = 1 + int((codes[1:] != codes[:-1])[pairs].sum())
        distinct = len(np.unique(codes[present]))
        found[name] = {"repeated": round(share, 4), "sampled": bool(share < 1 and 2 * distinct >= runs)}
    return found


def _groups(table: pa.Table, question: Question) -> Ints | None:
    return cell_codes(table[question.group].combine_chunks()) if question.group else None
