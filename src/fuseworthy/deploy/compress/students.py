"""Smaller models that learn from a model's answers, and what they would have learned from the truth alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fuseworthy.deploy.compress.taught import DesignWithLesson, Pupil, graduated, taught
from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.design import Design, lay_out
from fuseworthy.strategies.early import REDUCED, BlockPenalised, JointPredictor, best_linear, join, own_penalties
from fuseworthy.strategies.families import BOOSTING, LINEAR, Family, Setting, coarse_boosting, linear, sparse_linear
from fuseworthy.strategies.features import TableCells
from fuseworthy.strategies.late import inner_of
from fuseworthy.strategies.part import Blocks, Cost, Fitted, Part
from fuseworthy.strategies.singles import FeatureStore, families_of, fit_single, present_rows
from fuseworthy.strategies.views import dense_view
from fuseworthy.task import Floats, Task

LARGE = ("forest", "neighbours")
"""Families that keep too much to be smaller than anything."""


@dataclass(frozen=True)
class Student:
    """Something fitted, with the name of its family."""

    family: str
    fitted: Fitted


def fit_alone(blocks: Blocks, part: Part, modality: str) -> Student:
    """The best single of a modality from the truth: what distilling must beat."""
    store = FeatureStore(part)
    return best_of({f.name: fit_single(f, block, part, store) for f, block in small_families(blocks[modality])}, part)


def fit_taught(blocks: Blocks, part: Part, modality: str, lessons: Floats) -> Student:
    """The best single of a modality from lessons: the same families, settings and inner folds.

    Parameters
    ----------
    lessons : (n, width), see `lesson`; those of scored rows are not read
    """
    return best_of(_taught_singles(small_families(blocks[modality]), part, lessons), part)


def fit_taught_fusion(blocks: Blocks, part: Part, lessons: Floats) -> Student:
    """The better of early linear fusion and early boosting from lessons."""
    found = {
        "early-linear": _fit_linear(blocks, part, lessons),
        "early-boosting": _fit_boosting(blocks, part, lessons),
    }
    return best_of(found, part)


def small_families(views: Mapping[str, Block]) -> list[tuple[Family, Block]]:
    """The families of a modality that can be small."""
    return [(family, block) for family, block in families_of(views) if family.name not in LARGE]


def best_of(fitted: Mapping[str, Fitted], part: Part) -> Student:
    """The one with the lowest loss inside the training part."""
    best = min(fitted, key=lambda name: part.task.mean_loss(part.y_train, inner_of(fitted[name])))
    return Student(best, fitted[best])


def _taught_singles(families: Sequence[tuple[Family, Block]], part: Part, lessons: Floats) -> dict[str, Fitted]:
    store = FeatureStore(part)
    found = {family.name: fit_single(taught(family, lessons), block, part, store) for family, block in families}
    return {name: _graduated(own) for name, own in found.items()}


def _graduated(fitted: Fitted) -> Fitted:
    if "absent" in fitted.setting:  # too few rows to learn from: the prior
        return fitted
    return Fitted(fitted.test, fitted.raw, fitted.inner, fitted.cost, fitted.setting, graduated(fitted.predictor))


def _fit_linear(blocks: Blocks, part: Part, lessons: Floats) -> Fitted:
    """A linear model on the concatenation, with the penalty of each block from its own taught single."""
    straight = {m: [own for own in families_of(views) if own[0].estimator in LINEAR] for m, views in blocks.items()}
    singles = {
        f"{m}/{name}": own
        for m, families in straight.items()
        for name, own in _taught_singles(families, part, lessons).items()
    }
    chosen = best_linear(blocks, singles, part)
    own = {m: blocks[m][chosen[m][0].view] for m in sorted(blocks)}
    store = FeatureStore(part)
    features = {m: store.get(chosen[m][0], block)[0] for m, block in own.items()}
    kind = "sparse" if any(block.form == "counts" for block in own.values()) else "dense"
    design = lay_out(own, features, part, kind)
    penalties = own_penalties(chosen)

    def estimator(task: Task, setting: Setting, seed: int, categorical: list[int]) -> Any:
        scale = [np.full(design.layout.widths[m], penalties[m] * setting["times"]) for m in own]
        fit = sparse_linear if kind == "sparse" else linear
        whole = np.concatenate([*scale, np.ones(len(design.layout.flagged))])
        return BlockPenalised(fit(task, {"C": 1.0}, seed, categorical), whole)

    return _joined("early-linear", design, estimator, tuple({"times": t} for t in (1.0, 0.3, 3.0)), part, lessons)


def _fit_boosting(blocks: Blocks, part: Part, lessons: Floats) -> Fitted:
    """Boosting on the reduced features of all modalities."""
    own = {m: blocks[m][dense_view(blocks[m])] for m in sorted(blocks)}
    features = {
        m: REDUCED[block.form]().fit(block, present_rows(block, part.train), part.seed) for m, block in own.items()
    }
    design = lay_out(own, features, part, "trees")
    return _joined("early-boosting", design, coarse_boosting, BOOSTING, part, lessons)


def _joined(
    name: str,
    design: Design,
    estimator: Callable[[Task, Setting, int, list[int]], Any],
    settings: tuple[Setting, ...],
    part: Part,
    lessons: Floats,
) -> Fitted:
    def pupil(task: Task, setting: Setting, seed: int, categorical: list[int]) -> Pupil:
        return Pupil(estimator(task, setting, seed, categorical), task)

    family = Family(name, "", "", TableCells, pupil, settings)
    found = join(family, DesignWithLesson(design, lessons), part, Cost()).fitted  # type: ignore[arg-type]
    assert isinstance(found.predictor, JointPredictor)
    return Fitted(found.test, found.raw, found.inner, found.cost, found.setting, graduated(found.predictor))
