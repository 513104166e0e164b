"""What each modality contributed to each answer: exact Shapley values by hiding modalities."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from fuseworthy.deploy.answers import Answers
from fuseworthy.deploy.router import FUSION
from fuseworthy.evidence.shapley import shapley
from fuseworthy.folds import Ints
from fuseworthy.strategies.hidden import hidden
from fuseworthy.strategies.part import Blocks
from fuseworthy.task import Floats

if TYPE_CHECKING:
    from fuseworthy.deploy.model import Model


def contributions(model: Model, blocks: Blocks, answers: Answers) -> dict[str, Floats]:
    """Modality -> (n,) share of the answer minus the prior, of the likeliest class or of the value.

    Where a single answered it is all its modality's. Where the fusion did, it is the Shapley value (Shapley 1953) of the
    game whose value of a set is what the fusion says with only that set visible, the prior for the empty one. A modality
    that a row lacks, or that the router hid from the fusion, gets zero.
    """
    chosen = answers.prediction.argmax(axis=1)
    rows = np.arange(len(chosen))
    found = {m: np.zeros(len(chosen)) for m in sorted(model.modalities)}
    for m, name in model.single_of.items():
        alone = answers.route == name
        found[m][alone] = (answers.prediction[rows, chosen] - model.prior[chosen])[alone]
    for pattern in np.unique(answers.pattern[answers.route == FUSION]):
        own = np.flatnonzero((answers.route == FUSION) & (answers.pattern == pattern))
        asked = sorted(model.router.choose(str(pattern)).asked)
        values = _values(model, blocks, own, asked, chosen[own])
        values[tuple(asked)] = answers.prediction[own, chosen[own]]
        for m in asked:
            found[m][own] = shapley(m, asked, values)
    return found


def _values(model: Model, blocks: Blocks, rows: Ints, names: list[str], chosen: Ints) -> dict[tuple[str, ...], Floats]:
    """What the fusion says of the chosen classes with each smaller subset visible."""
    assert model.fusion is not None
    values: dict[tuple[str, ...], Floats] = {(): model.prior[chosen]}
    for size in range(1, len(names)):
        for visible in combinations(names, size):
            said = model.fusion[1].predict(hidden(blocks, visible), rows)
            values[visible] = said[np.arange(len(rows)), chosen]
    return values
