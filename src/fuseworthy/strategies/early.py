"""Early fusion: features side by side before anything is learned from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.calibration import fit_calibrator
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
from fuseworthy.strategies.part import Cost, Fitted, Part
from fuseworthy.strategies.singles import FeatureStore, families_of
from fuseworthy.strategies.tuning import Tuned, cross_fit, fit_model, tune
from fuseworthy.task import Floats

Blocks = Mapping[str, Mapping[str, Block]]

REDUCED: dict[str, Callable[[], Features]] = {
    "counts": TokenTopics,
    "cells": TableCells,
    "vectors": ReducedVectors,
    "minilm": ReducedVectors,
}


class BlockPenalised:
    """A linear model with a penalty of its own for each block: columns scaled by √C before one joint fit."""

    def __init__(self, model: Any, scale: Floats) -> None:
        self.model, self.scale = model, scale

    def fit(self, x: Any, y: NDArray[Any]) -> BlockPenalised:
        self.model.fit(self._scaled(x), y)
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


def fit_early_linear(
    blocks: Blocks,
    part: Part,
    chosen: Mapping[str, tuple[Family, Setting]],
    strongest: str,
    setting: Setting | None = None,
) -> Fitted:
    """Concatenation with a penalty per block.

    Each block starts from the C that its own linear single was tuned to; inner folds choose whether to move all
    penalties together, or to hold every block but the strongest back.

    Parameters
    ----------
    blocks : modality -> view -> Block
    chosen : modality -> its best linear family and setting
    strongest : modality of the best single
    setting : used as it is if given (controls are not tuned again)
    """
    names, cost = sorted(blocks), Cost()
    with cost.fitting():
        store = FeatureStore(part)
        features = {m: store.get(chosen[m][0], blocks[m][chosen[m][0].view])[0] for m in names}
        own = {m: blocks[m][chosen[m][0].view] for m in names}
        shape = _widths(features, own, part)
    wide = any(view.view == "counts" for view in own.values())
    base = {m: float(np.sqrt(chosen[m][1].get("C", 1.0))) for m in names}
    settings = [{m: base[m] * s for m in names} for s in (1.0, 0.3, 3.0)]
    settings += [{m: base[m] * (1.0 if m == strongest else s) for m in names} for s in (0.1, 0.3)]

    def estimator(task: Any, scales: Setting, seed: int, flags: list[int]) -> BlockPenalised:
        scale = np.concatenate([*[np.full(shape[m], scales[m]) for m in names], np.ones(shape[""])])
        fit = sparse_linear if wide else linear
        return BlockPenalised(fit(task, {"C": 1.0}, seed, flags), scale)

    family = Family("early-linear", "", "", FAMILIES["cells"][0].features, estimator, tuple(settings))

    def design(rows: Ints) -> Any:
        parts = [_masked(features[m].transform(own[m], rows), own[m].present[rows]) for m in names]
        parts.append(_absence(own, names, rows, part))
        if wide:
            return sparse.csr_array(sparse.hstack([sparse.csr_array(x) for x in parts], format="csr"))
        return np.hstack(parts)

    return _fit_joint(family, design, part, cost, [], setting)


def fit_early_boosting(blocks: Blocks, part: Part, setting: Setting | None = None) -> Fitted:
    """Gradient boosting on all modalities' cells and reduced features; an absent modality is missing to the trees."""
    names, cost = sorted(blocks), Cost()
    own = {m: _reduced_view(blocks[m]) for m in names}
    flags: list[int] = []
    with cost.fitting():
        store, features, start = FeatureStore(part), {}, 0
        for m in names:
            reduced = REDUCED[own[m].view]
            features[m] = store.get(Family("reduced", "", own[m].view, reduced, coarse_boosting, ()), own[m])[0]
            flags += [start + c for c in getattr(features[m], "categorical", [])]
            start += features[m].transform(own[m], part.train[:1]).shape[1]
    family = Family("early-boosting", "", "", TableCells, coarse_boosting, BOOSTING)

    def design(rows: Ints) -> Floats:
        parts = []
        for m in names:
            x = np.array(features[m].transform(own[m], rows))
            x[~own[m].present[rows]] = np.nan
            parts.append(x)
        return np.hstack(parts)

    return _fit_joint(family, design, part, cost, flags, setting)


def _fit_joint(
    family: Family, design: Any, part: Part, cost: Cost, flags: list[int], setting: Setting | None
) -> Fitted:
    y = part.y_train
    with cost.fitting():
        x = design(part.train)
        if setting is None:
            tuned = tune(family, x, y, part.task, part.inner, part.seed, flags)
        else:
            tuned = Tuned(setting, cross_fit(family, setting, x, y, part.task, part.inner, part.seed, flags))
        calibrator = fit_calibrator(tuned.inner, y, part.task)
        model = fit_model(family, tuned.setting, x, y, part.task, part.seed, flags)
    with cost.predicting():
        raw = outputs(model, design(part.test), part.task)
    cost.parameters = count_parameters(model) + 2
    return Fitted(calibrator.apply(raw), raw, calibrator.apply(tuned.inner), cost, dict(tuned.setting))


def _reduced_view(views: Mapping[str, Block]) -> Block:
    return views.get("minilm") or next(iter(views.values()))


def _widths(features: Mapping[str, Any], own: Mapping[str, Block], part: Part) -> dict[str, int]:
    """Columns of each block, and of the absence flags under ""."""
    widths = {m: int(f.transform(own[m], part.train[:1]).shape[1]) for m, f in features.items()}
    widths[""] = _absence(own, sorted(own), part.train[:1], part).shape[1]
    return widths


def _masked(x: Any, present: NDArray[np.bool_]) -> Any:
    """Rows without the modality hold zeros; their flag says so (see `_absence`)."""
    if present.all():
        return x
    if sparse.issparse(x):
        return sparse.csr_array(sparse.diags_array(present.astype(float)) @ x)
    return x * present[:, None]


def _absence(own: Mapping[str, Block], names: list[str], rows: Ints, part: Part) -> Floats:
    """A flag column for each modality that is absent in some, not all, training rows."""
    varied = [m for m in names if 0 < own[m].present[part.train].sum() < len(part.train)]
    return (
        np.column_stack([~own[m].present[rows] for m in varied]).astype(float) if varied else np.zeros((len(rows), 0))
    )
