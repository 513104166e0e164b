"""From which rows a shuffled modality is taken in a study."""

from __future__ import annotations

import numpy as np

from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.controls import all_moved_but, placebo_order
from fuseworthy.strategies.part import Blocks, Part
from fuseworthy.study.workspace import Workspace

AT_ONCE = 2048
"""Rows that are compared with their neighbours in one step."""


def strangers(workspace: Workspace, part: Part) -> dict[str, Ints]:
    """Modality -> for each row the row whose value of it it gets, (n,); see `placebo_order`.

    Copies of a row are no groups to shuffle in: only those of a group column are.
    """
    groups = workspace.folds.clusters if workspace.plan.group else None
    target = _target_varies(workspace, part)
    orders: dict[bool, Ints] = {}
    found = {}
    for m, views in workspace.blocks.items():
        varies = groups is None or (target and block_varies(next(iter(views.values())), groups))
        if varies not in orders:
            orders[varies] = placebo_order(part, groups, varies)
        found[m] = orders[varies]
    return found


def placebo_blocks(workspace: Workspace, part: Part, kept: str) -> Blocks:
    """The study's blocks with every modality but one moved to other rows."""
    return all_moved_but(kept, workspace.blocks, strangers(workspace, part))


def block_varies(block: Block, groups: Ints) -> bool:
    """Whether a modality differs between rows of one group; a picture that all rows of a group are about does not.

    Examples
    --------
    >>> picture = Block("picture", "vectors", np.array([[1.0], [1.0], [2.0]]), np.ones(3, dtype=bool))
    >>> block_varies(picture, np.array([0, 0, 1])), block_varies(picture, np.array([0, 1, 1]))
    (False, True)
    """
    order = np.argsort(groups, kind="stable")
    together = np.flatnonzero(groups[order][1:] == groups[order][:-1])
    for start in range(0, len(together), AT_ONCE):
        before = order[together[start : start + AT_ONCE]]
        after = order[together[start : start + AT_ONCE] + 1]
        if (block.present[before] != block.present[after]).any():
            return True
        here = block.present[before]
        if here.any() and _differ(block, before[here], after[here]):
            return True
    return False


def _differ(block: Block, before: Ints, after: Ints) -> bool:
    one, two = block.values[before], block.values[after]
    if not isinstance(one, np.ndarray):
        return bool(abs(one - two).nnz)
    if block.mask is not None:
        real = block.mask[before]
        if (real != block.mask[after]).any():
            return True
        one, two = one[real], two[real]
    return not np.array_equal(one, two, equal_nan=True)


def _target_varies(workspace: Workspace, part: Part) -> bool:
    """Whether the target differs between rows of one cluster."""
    clusters, rows = workspace.folds.clusters, part.train
    if clusters is None:
        return True
    order = np.lexsort((part.y[rows], clusters[rows]))
    y, c = part.y[rows][order], clusters[rows][order]
    return bool(((y[1:] != y[:-1]) & (c[1:] == c[:-1])).any())
