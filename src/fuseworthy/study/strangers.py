"""From which rows a shuffled modality is taken in a study."""

from __future__ import annotations

import numpy as np

from fuseworthy.folds import Ints
from fuseworthy.strategies.controls import all_moved_but, placebo_order
from fuseworthy.strategies.part import Blocks, Part
from fuseworthy.study.workspace import Workspace


def strangers(workspace: Workspace, part: Part) -> dict[str, Ints]:
    """Modality -> for each row the row whose value of it it gets, (n,); see `placebo_order`.

    Copies of a row are no groups to shuffle in: only those of a group column are.
    """
    groups = workspace.folds.clusters if workspace.plan.group else None
    if groups is None:
        return dict.fromkeys(workspace.blocks, placebo_order(part, None, True))
    target = _target_varies(workspace, part)
    orders = {varies: placebo_order(part, groups, varies) for varies in (False, True)}
    return {m: orders[target and m not in workspace.shared_in_groups] for m in workspace.blocks}


def placebo_blocks(workspace: Workspace, part: Part, kept: str) -> Blocks:
    """The study's blocks with every modality but one moved to other rows."""
    return all_moved_but(kept, workspace.blocks, strangers(workspace, part))


def _target_varies(workspace: Workspace, part: Part) -> bool:
    """Whether the target differs between rows of one cluster."""
    clusters, rows = workspace.folds.clusters, part.train
    if clusters is None:
        return True
    order = np.lexsort((part.y[rows], clusters[rows]))
    y, c = part.y[rows][order], clusters[rows][order]
    return bool(((y[1:] != y[:-1]) & (c[1:] == c[:-1])).any())
