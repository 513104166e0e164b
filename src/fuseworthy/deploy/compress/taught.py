"""Learners that are taught by a model's answers: any family of the catalogue, on targets that are shares of classes.

Hinton, Vinyals & Dean 2015, "Distilling the knowledge in a neural network", equation 4 at temperature 1 (the answers are
calibrated); Lopez-Paz, Bottou, Schölkopf & Vapnik 2016, "Unifying distillation and privileged information", equation 5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.design import Design, Layout
from fuseworthy.strategies.families import Family, Setting
from fuseworthy.strategies.features import Features
from fuseworthy.task import Floats, Task

LEAST = 1e-3
"""Shares of a class that are not worth a copy of the row."""


def lesson(y: NDArray[Any], said: Floats, task: Task, truth: float) -> Floats:
    """What is taught of each row, (n, width): shares of the classes, or a value, between truth and teacher.

    Parameters
    ----------
    y : (n,)
    said : (n, width) what the teacher answers
    truth : share of the truth, from 0 to 1

    Examples
    --------
    >>> lesson(np.array([1]), np.array([[0.4, 0.6]]), Task("binary", ("no", "yes")), truth=0.5).round(2).tolist()
    [[0.2, 0.8]]
    """
    hard = np.eye(task.width)[y.astype(int)] if task.is_classification else y[:, None]
    return np.asarray(truth * hard + (1 - truth) * said)


class Pupil:
    """An estimator whose features end in its lesson: that is learned, whatever the truth passed beside it.

    A row of several classes is learned once for each, with its share as the weight, which is cross-entropy against shares.

    Parameters
    ----------
    model : a scikit-learn estimator that takes weights of rows
    task : Task
    """

    def __init__(self, model: Any, task: Task) -> None:
        self.model, self.task = model, task

    def fit(self, x: Any, y: NDArray[Any]) -> Pupil:
        features, taught = self._apart(x)
        if not self.task.is_classification:
            self.model.fit(features, taught[:, 0])
            return self
        rows, codes = np.nonzero(taught > LEAST)
        if isinstance(least := getattr(self.model, "min_samples_leaf", None), int):  # leaves of rows, not of copies
            self.model.set_params(min_samples_leaf=round(least * len(rows) / max(len(taught), 1)))
        self.model.fit(features[rows], codes, sample_weight=taught[rows, codes])
        self.classes_ = self.model.classes_
        return self

    def predict(self, x: Any) -> Any:
        return self.model.predict(self._apart(x)[0])

    def predict_proba(self, x: Any) -> Any:
        return self.model.predict_proba(self._apart(x)[0])

    def _apart(self, x: Any) -> tuple[Any, Floats]:
        width = self.task.width
        taught = x[:, -width:]
        return x[:, :-width], np.asarray(taught.toarray() if sparse.issparse(taught) else taught)


class WithLesson:
    """Features of a block with each row's lesson behind them.

    Parameters
    ----------
    features : Features
    lessons : (n, width) of all rows of the block
    """

    def __init__(self, features: Features, lessons: Floats) -> None:
        self.features, self.lessons = features, lessons

    def fit(self, block: Block, rows: Ints, seed: int) -> WithLesson:
        self.features.fit(block, rows, seed)
        return self

    def transform(self, block: Block, rows: Ints) -> Any:
        return beside(self.features.transform(block, rows), self.lessons[rows])

    @property
    def categorical(self) -> list[int]:
        return list(getattr(self.features, "categorical", []))


@dataclass(frozen=True)
class DesignWithLesson:
    """A design with each row's lesson behind its columns."""

    design: Design
    lessons: Floats

    @property
    def layout(self) -> Layout:
        return self.design.layout

    def __call__(self, rows: Ints) -> Any:
        return beside(self.design(rows), self.lessons[rows])


def beside(features: Any, lessons: Floats) -> Any:
    """Columns side by side, sparse where the features are."""
    if sparse.issparse(features):
        return sparse.csr_array(sparse.hstack([features, sparse.csr_array(lessons)], format="csr"))
    return np.hstack([features, lessons])


def taught(family: Family, lessons: Floats) -> Family:
    """The family as it learns lessons: same features, settings and budget."""

    def features() -> WithLesson:
        return WithLesson(family.features(), lessons)

    def estimator(task: Task, setting: Setting, seed: int, categorical: list[int]) -> Pupil:
        return Pupil(family.estimator(task, setting, seed, categorical), task)

    features.__name__ = f"taught-{family.features.__name__}"  # under which fitted features are shared
    return replace(family, features=features, estimator=estimator, ridge=None)


def graduated(predictor: Any) -> Any:
    """A predictor without its lessons, which answers the same."""
    model = predictor.model.model if isinstance(predictor.model, Pupil) else predictor.model
    if hasattr(predictor, "features"):
        return replace(predictor, model=model, features=predictor.features.features)
    return replace(predictor, model=model)
