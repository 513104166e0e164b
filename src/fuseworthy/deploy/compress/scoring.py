"""Every candidate's answers to the unseen rows in one ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fuseworthy.deploy.compress.candidate import ORIGINAL, Candidate
from fuseworthy.deploy.compress.unseen import Unseen
from fuseworthy.folds import Folds, make_folds
from fuseworthy.ledger import Ledger, Strategy
from fuseworthy.task import Floats, Task

if TYPE_CHECKING:
    from fuseworthy.deploy.model import Model


def folds_of(unseen: Unseen, task: Task, count: int, seed: int, *, fits: bool) -> Folds:
    """Folds of the unseen rows; one held-out set where nothing is fitted on them."""
    if not fits:
        return Folds("held-out", np.zeros((1, unseen.n), dtype=np.int64), unseen.clusters)
    return make_folds(unseen.y, task, n_folds=count, n_repeats=1, clusters=unseen.clusters, random_state=seed)


def ledger_of(
    model: Model,
    unseen: Unseen,
    folds: Folds,
    candidates: Sequence[Candidate],
    answers: Mapping[str, Floats],
) -> Ledger:
    """The ledger of the original, the candidates, and references that were fitted beside them.

    Parameters
    ----------
    answers : name -> (n, width), of the candidates and of references
    """
    titles = {own.name: own.title for own in candidates}
    strategies = {
        name: Strategy(
            name, "reference" if name == ORIGINAL or name not in titles else "judged", titles.get(name, name)
        )
        for name in answers
    }
    return Ledger(
        task=model.task,
        y=unseen.y,
        folds=folds,
        predictions={name: own[None] for name, own in answers.items()},
        strategies=strategies,
        ids=unseen.ids,
        pattern=unseen.pattern,
        data_hash=unseen.data_hash,
    )
