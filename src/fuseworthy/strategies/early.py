"""Early fusion: features side by side before anything is learned from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.calibration import Calibrator, fit_calibrator
from fuseworthy.strategies.design import Design, Layout, lay_out
from fuseworthy.strategies.families import (
    BOOSTING,
    FAMILIES,
    LINEAR,
    Family,
    Setting,
    coarse_boosting,
    count_parameters,
    linear,
    outputs,
    sparse_linear,
)
from fuseworthy.strategies.features import Features, ReducedVectors, TableCells, TokenTopics
from fuseworthy.strategies.late import inner_of
from fuseworthy.strategies.part import Blocks, Cost, Fitted, Part
from fuseworthy.strategies.singles import FeatureStore, families_of
from fuseworthy.strategies.tuning import Tuned, cross_fit, fit_model, tune
from fuseworthy.strategies.views import dense_view
from fuseworthy.task import Floats, Task

REDUCED: dict[str, Callable[[], Features]] = {
    "counts": TokenTopics,
    "cells": TableCells,
    "vectors": ReducedVectors,
    "tokens": ReducedVectors,
}


class BlockPenalised:
    """A linear model with a penalty of its own for each block: columns scaled by √C before one joint fit."""

    def __init__(self, model: Any, scale: Floats) -> None:
        self.model, self.scale = model, scale

    def fit(self, x: Any, y: NDArray[Any], sample_weight: Floats | None = None) -> BlockPenalised:
        self.model.fit(self._scaled(x), y, **({} if sample_weight is None else {"sample_weight": sample_weight}))
        self.coef_, self.intercept_ = self.model.coef_, self.model.intercept_
        self.classes_ = getattr(self.model, "classes_", None)
        return self

    def predict(self, x: Any) -> Any:
        return self.model.predict(self._scaled(x))

    def predict_proba(self, x: Any) -> Any:
        return self.model.predict_proba(self._scaled(x))

    def _scaled(self, x: Any) -> Any:
        return sparse.csr_array(x @ sparse.diags_array(self.scale)) if sparse.issparse(x) else x * self.scale


def linear_families(views: Mapping[str, Block]) -> list[Family]:
    """Families of a modality that are linear in their features."""
    return [family for family, _ in families_of(views) if family.estimator in LINEAR]


def best_linear(blocks: Blocks, singles: Mapping[str, Fitted], part: Part) -> dict[str, tuple[Family, Setting]]:
    """The linear family of each modality with the lowest inner loss, with its setting."""
    chosen: dict[str, tuple[Family, Setting]] = {}
    for modality, views in blocks.items():
        families = linear_families(views)
        losses = [part.task.mean_loss(part.y_train, inner_of(singles[f"{modality}/{f.name}"])) for f in families]
        best = families[int(np.argmin(losses))]
        chosen[modality] = (best, singles[f"{modality}/{best.name}"].setting)
    return chosen


@dataclass(frozen=True)
class JointPredictor:
    """A fitted early fusion without the rows it was learned from."""

    layout: Layout
    model: Any
    calibrator: Calibrator
    task: Task

    def predict(self, blocks: Blocks, rows: Ints) -> Floats:
        return self.calibrator.apply(self.raw(self.layout.of(blocks), rows))

    def raw(self, design: Design, rows: Ints) -> Floats:
        """Predictions before calibration, (n, width)."""
        return outputs(self.model, design(rows), self.task) if len(rows) else np.empty((0, self.task.width))


@dataclass(frozen=True)
class Joint:
    """A fitted early fusion: what it predicted, and what is needed to predict again."""

    fitted: Fitted
    design: Design
    predictor: JointPredictor

    def predict(self, x: Any) -> Floats:
        """Calibrated predictions of a design matrix, (n, width)."""
        own = self.predictor
        return own.calibrator.apply(outputs(own.model, x, own.task))


def fit_early_linear(
    blocks: Blocks, part: Part, chosen: Mapping[str, tuple[Family, Setting]], strongest: str
) -> Fitted:
    """Concatenation with a penalty per block.

    Each block starts from the C that its own linear single was tuned to; inner folds choose whether to move all
    penalties together, or to hold every block but the strongest back.

    Parameters
    ----------
    blocks : modality -> view -> Block
    chosen : modality -> its best linear family and setting
    strongest : modality of the best single
    """
    own = own_penalties(chosen)
    settings = [{m: c * s for m, c in own.items()} for s in (1.0, 0.3, 3.0)]
    settings += [{m: c * (1.0 if m == strongest else s) for m, c in own.items()} for s in (0.1, 0.3)]
    return join_linear(blocks, part, chosen, FeatureStore(part), tuple(settings)).fitted


def own_penalties(chosen: Mapping[str, tuple[Family, Setting]]) -> dict[str, float]:
    """Scale of each block at the C that its own linear single was tuned to."""
    return {m: float(np.sqrt(setting.get("C", 1.0))) for m, (_, setting) in sorted(chosen.items())}


def join_linear(
    blocks: Blocks,
    part: Part,
    chosen: Mapping[str, tuple[Family, Setting]],
    store: FeatureStore,
    settings: tuple[Setting, ...],
) -> Joint:
    """A linear model on the concatenation; tuned if there is more than one setting (modality -> scale)."""
    names, cost = tuple(sorted(blocks)), Cost()
    own = {m: blocks[m][chosen[m][0].view] for m in names}
    with cost.fitting():
        features = {m: store.get(chosen[m][0], own[m])[0] for m in names}
        kind = "sparse" if any(block.form == "counts" for block in own.values()) else "dense"
        design = lay_out(own, features, part, kind)

    def estimator(task: Any, scales: Setting, seed: int, flags: list[int]) -> BlockPenalised:
        blocks_of = [np.full(design.layout.widths[m], scales[m]) for m in names]
        fit = sparse_linear if kind == "sparse" else linear
        scale = np.concatenate([*blocks_of, np.ones(len(design.layout.flagged))])
        return BlockPenalised(fit(task, {"C": 1.0}, seed, flags), scale)

    def penalties(scales: Setting) -> Floats:
        """Of each column where the target is a number: a column scaled by s has the penalty 1/s²."""
        own = [np.full(design.layout.widths[m], scales[m] ** -2.0) for m in names]
        return np.concatenate([*own, np.ones(len(design.layout.flagged))])

    features_of_cells = FAMILIES["cells"][0].features
    family = Family("early-linear", "", "", features_of_cells, estimator, settings, ridge=penalties)
    return join(family, design, part, cost)


def fit_early_boosting(blocks: Blocks, part: Part) -> Fitted:
    """Gradient boosting on all modalities' cells and reduced features; an absent modality is missing to the trees."""
    return join_boosting(blocks, part, FeatureStore(part)).fitted


def join_boosting(
    blocks: Blocks,
    part: Part,
    store: FeatureStore,
    *,
    additive: bool = False,
    settings: tuple[Setting, ...] = BOOSTING,
) -> Joint:
    """Boosting on the reduced concatenation; ``additive`` forbids a tree to split on two modalities."""
    names, cost = tuple(sorted(blocks)), Cost()
    own = {m: blocks[m][dense_view(blocks[m])] for m in names}
    with cost.fitting():
        features = {}
        for m in names:
            reduced = REDUCED[own[m].form]
            features[m] = store.get(Family("reduced", "", own[m].view, reduced, coarse_boosting, ()), own[m])[0]
        design = lay_out(own, features, part, "trees")

    def estimator(task: Any, setting: Setting, seed: int, flags: list[int]) -> Any:
        model = coarse_boosting(task, setting, seed, flags)
        apart = [set(columns.tolist()) for columns in design.columns.values()]
        return model.set_params(interaction_cst=apart) if additive else model

    return join(Family("early-boosting", "", "", TableCells, estimator, settings), design, part, cost)


def join(family: Family, design: Design, part: Part, cost: Cost) -> Joint:
    """One model on a concatenation: tuned if the family has more than one setting, calibrated, fitted on all rows."""
    layout = design.layout
    y, flags = part.y_train, layout.categorical if layout.kind == "trees" else []
    with cost.fitting():
        x = design(part.train)
        if len(family.settings) > 1:
            tuned = tune(family, x, y, part.task, part.inner, part.seed, flags)
        else:
            (only,) = family.settings
            tuned = Tuned(only, cross_fit(family, only, x, y, part.task, part.inner, part.seed, flags))
        calibrator = fit_calibrator(tuned.inner, y, part.task)
        model = fit_model(family, tuned.setting, x, y, part.task, part.seed, flags)
    joint = JointPredictor(layout, model, calibrator, part.task)
    with cost.predicting():
        raw = joint.raw(design, part.test)
    cost.parameters = count_parameters(model) + 2
    inner = calibrator.apply(tuned.inner)
    return Joint(Fitted(calibrator.apply(raw), raw, inner, cost, dict(tuned.setting), joint), design, joint)
