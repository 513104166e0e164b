"""Whether the rows of one group share a modality, as the questions about one picture share the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block

AT_ONCE = 2048
"""Rows that are compared with their neighbours in one step."""
LEAST_VARYING = 0.5
"""Share of the rows of groups that must be in groups that differ inside, or else the modality is one that groups share: a
single odd group is no reason to shuffle all the others in vain."""


def is_shared(block: Block, groups: Ints) -> bool:
    """Whether a modality is the same in all rows of a group, in most groups of two rows or more.

    Parameters
    ----------
    groups : (n,)

    Examples
    --------
    >>> picture = Block("picture", "vectors", np.array([[1.0], [1.0], [2.0]]), np.ones(3, dtype=bool))
    >>> is_shared(picture, np.array([0, 0, 1])), is_shared(picture, np.array([0, 1, 1]))
    (True, False)
    """
    _, own, size = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.argsort(own, kind="stable")
    together = np.flatnonzero(own[order][1:] == own[order][:-1])
    varying = np.zeros(len(size), dtype=bool)
    enough = LEAST_VARYING * size[size > 1].sum()
    for start in range(0, len(together), AT_ONCE):
        here = together[start : start + AT_ONCE]
        before, after = order[here], order[here + 1]
        varying[own[before[_differ(block, before, after)]]] = True
        if size[varying].sum() >= enough:
            return False
    return True


def _differ(block: Block, before: Ints, after: Ints) -> NDArray[np.bool_]:
    """Which of these pairs of rows are not the same, (k,); what stands in absent rows and in padding says nothing."""
    here, there = block.present[before], block.present[after]
    return np.asarray((here != there) | (here & _values_differ(block, before, after)))


def _values_differ(block: Block, before: Ints, after: Ints) -> NDArray[np.bool_]:
    one, two = block.values[before], block.values[after]
    if sparse.issparse(one):
        return np.asarray(np.diff(sparse.csr_array(one != two).indptr) > 0)
    apart = one != two
    if one.dtype.kind == "f":
        apart &= ~(np.isnan(one) & np.isnan(two))
    if block.mask is None:
        return np.asarray(apart.reshape(len(before), -1).any(axis=1))
    real, other = block.mask[before], block.mask[after]
    return np.asarray((real != other).any(axis=1) | (apart & real[:, :, None]).any(axis=(1, 2)))
