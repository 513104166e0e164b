"""What can be seen of the data before training: cheap, the same every time, and kept with the study for the checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from fuseworthy.evidence.checks.series import FEWEST_MOMENTS, lags_of
from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.duplicates import cell_codes
from fuseworthy.inputs.linkage import linkages_of
from fuseworthy.inputs.reduce import ROWS, contiguous_rows, reduced, row_codes
from fuseworthy.strategies.features import TEXT_DIMENSIONS, VECTOR_DIMENSIONS
from fuseworthy.strategies.views import dense_view
from fuseworthy.study.kinship import find_kin, truth_columns
from fuseworthy.study.leaks import find_leaks
from fuseworthy.study.question import Question

if TYPE_CHECKING:
    from fuseworthy.study.prepare import Loaded


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
        ``modalities``: features, columns, scale and view of each; ``pairing``: of each pair, see `Linkage`;
        ``groups``: see `find_kin`; ``leaks``: features that determine the target or name the row; ``rates``: share of
        rows that repeat the one before, of each modality, and ``lags``: of each pair, if there is time.
    """
    chosen = {name: views[dense_view(views)] for name, views in sorted(blocks.items())}
    table, classes = loaded.table, len(loaded.task.classes)
    rows = np.concatenate(contiguous_rows(table.num_rows))
    reserved = {c for c in (*loaded.targets, question.id, question.time) if c}
    columns = {name: modality.columns for name, modality in loaded.inference.modalities.items()}
    return {
        "modalities": {name: _features(block) for name, block in chosen.items()},
        "pairing": {pair: linkage.to_dict() for pair, linkage in linkages_of(chosen).items()},
        "groups": find_kin(
            table, truth_columns(loaded.y, classes), chosen, columns, question.group, reserved, time is not None
        ),
        "leaks": find_leaks(loaded, chosen, rows),
        "rates": {} if time is None else repetition(chosen, time, _groups(table, question)),
        "lags": {} if time is None or question.group else find_lags(chosen, time),
    }


def _features(block: Block) -> dict[str, Any]:
    """``features`` are those that an early fusion learns from (reduced where there are many), ``columns`` all there are,
    ``scale`` the median spread of a dense column."""
    columns = int(block.pooled.shape[1])
    most = {"counts": TEXT_DIMENSIONS, "cells": columns}.get(block.form, VECTOR_DIMENSIONS)
    scale = None
    if block.form != "counts":
        cells = np.asarray(block.pooled[block.present], dtype=np.float64)
        known = np.isfinite(cells).any(axis=0)
        spread = np.nanstd(cells[:, known], axis=0) if len(cells) else np.zeros(columns)
        scale = float(np.median(spread[spread > 0])) if (spread > 0).any() else None
    return {"features": min(columns, most), "columns": columns, "scale": scale, "view": block.view}


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


def find_lags(blocks: Mapping[str, Block], time: Ints) -> dict[str, dict[str, Any]]:
    """The lag between the features of every two modalities, see `lags_of`; rows of one moment are averaged."""
    order = np.argsort(time, kind="stable")
    start = max((len(order) - ROWS) // 2, 0)
    order = order[start : start + ROWS]
    moment, counts = np.unique(time[order], return_inverse=True, return_counts=True)[1:]
    known = {m: block for m, block in blocks.items() if block.present[order].mean() > 0.5}
    if len(counts) < FEWEST_MOMENTS or len(known) < 2:
        return {}
    return lags_of(
        {
            m: np.column_stack([np.bincount(moment, weights=column) / counts for column in reduced(block, order).T])
            for m, block in known.items()
        }
    )


def _groups(table: pa.Table, question: Question) -> Ints | None:
    return cell_codes(table[question.group].combine_chunks()) if question.group else None
