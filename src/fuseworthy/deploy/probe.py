"""Rows that no one brought: drawn at random in the shape of a model's blocks, to see that it still answers alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy import sparse

from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.encode import encode_rows
from fuseworthy.strategies.hidden import hidden, visible_sets
from fuseworthy.task import Floats

if TYPE_CHECKING:
    from fuseworthy.deploy.model import Model

ROWS, TOKENS, SEED = 6, 4, 20_231
COUNTED = 12
"""Tokens of a drawn text."""


def answers_to_probe(model: Model) -> dict[str, Floats]:
    """What every part of a model says of the probe: ``part:a+b`` -> (rows, width).

    The probe is the same for the same encodings, and holds nothing of the rows that were learned from.
    """
    blocks, found = probe_blocks(model), {}
    for visible in visible_sets(list(model.modalities)):
        answers = model.answer_blocks(hidden(blocks, visible))
        found[f"routed:{'+'.join(visible)}"] = answers.prediction
        if answers.fusion is not None:
            found[f"fusion:{'+'.join(visible)}"] = answers.fusion
    return found | {f"single:{model.single_of[m]}": own for m, own in answers.singles.items()}


def probe_blocks(model: Model) -> dict[str, dict[str, Block]]:
    """Blocks of random rows in which every modality is present."""
    rng, empty = np.random.default_rng(SEED), empty_blocks(model)
    return {
        m: {view: _drawn(block, rng) for view, block in sorted(views.items())} for m, views in sorted(empty.items())
    }


def empty_blocks(model: Model) -> dict[str, dict[str, Block]]:
    """Blocks of rows that have no modality: the shapes and types of all that a model reads."""
    columns = {c for views in model.encodings.values() for e in views.values() for c in e.columns}
    return encode_rows(pa.table({c: pa.nulls(ROWS) for c in sorted(columns)}), model.encodings)


def _drawn(block: Block, rng: np.random.Generator) -> Block:
    present, width = np.ones(ROWS, dtype=bool), block.values.shape[-1]
    if block.form == "counts":
        rows, columns = np.repeat(np.arange(ROWS), COUNTED), rng.integers(0, max(width, 1), ROWS * COUNTED)
        counts = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(ROWS, width))
        return replace(block, values=counts.astype(block.values.dtype), present=present)
    if block.form == "cells":
        sizes = np.array(block.meta["categories"])
        cells = np.where(
            sizes > 0, rng.integers(0, np.maximum(sizes, 1), (ROWS, width)), rng.normal(size=(ROWS, width))
        )
        return replace(block, values=cells.astype(np.float64), present=present)
    if block.mask is None:
        return replace(block, values=rng.normal(size=(ROWS, width)).astype(np.float32), present=present)
    values = rng.normal(size=(ROWS, TOKENS, width)).astype(np.float32)
    mask = np.arange(TOKENS) < rng.integers(1, TOKENS + 1, ROWS)[:, None]
    times = None if block.times is None else np.cumsum(rng.random((ROWS, TOKENS)), axis=1).astype(np.float32)
    return replace(block, values=values, present=present, mask=mask, times=times)
