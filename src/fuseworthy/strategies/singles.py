"""The strongest that one modality gives alone: every family tuned, calibrated, and honest about absent rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.calibration import Calibrator, fit_calibrator
from fuseworthy.strategies.families import FAMILIES, Family, Setting, count_parameters, families_for, outputs
from fuseworthy.strategies.features import Features
from fuseworthy.strategies.part import Blocks, Constant, Cost, Fitted, Part
from fuseworthy.strategies.tuning import Tuned, cross_fit, fit_model, tune
from fuseworthy.task import Floats, Task

FEWEST = 6
"""Training rows a modality must have before anything is learned from it."""


class FeatureStore:
    """Features fitted once per block and training part, for all strategies that share them."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self._fitted: dict[tuple[str, str, str], tuple[Features, float]] = {}

    def get(self, family: Family, block: Block) -> tuple[Features, float]:
        """The fitted features of a family on a block, and the CPU seconds that fitting took."""
        key = (block.modality, block.view, family.features.__name__)
        if key not in self._fitted:
            cost = Cost()
            with cost.fitting():
                rows = present_rows(block, self.part.train)
                fitted = family.features().fit(block, rows, self.part.seed)
            self._fitted[key] = (fitted, cost.fit_seconds)
        return self._fitted[key]


def families_of(blocks: Mapping[str, Block]) -> list[tuple[Family, Block]]:
    """The learner families of a modality with these views."""
    forms = {view: block.form for view, block in blocks.items()}
    return [(family, blocks[family.view]) for family in families_for(forms)]


def fit_singles(modality: str, blocks: Mapping[str, Block], part: Part) -> dict[str, Fitted]:
    """Every family of one modality: name -> Fitted, names as ``modality/family``."""
    store = FeatureStore(part)
    return {
        f"{modality}/{family.name}": fit_single(family, block, part, store) for family, block in families_of(blocks)
    }


def fit_single(family: Family, block: Block, part: Part, store: FeatureStore, setting: Setting | None = None) -> Fitted:
    """Tune by inner folds, calibrate on their out-of-fold predictions, refit on the whole training part.

    Rows without the modality are not learned from, and get the prior of the training part. A given ``setting`` is not
    tuned again: for controls, which must not get a second budget.
    """
    features, shared = store.get(family, block)
    flags = list(getattr(features, "categorical", []))
    cost = Cost(fit_seconds=shared)
    here = block.present[part.train]
    rows, y = part.train[here], part.y_train[here]
    if len(rows) < FEWEST or (setting is not None and "absent" in setting):
        constant, says_prior = part.constant(len(part.test)), Constant(part.prior)
        return Fitted(constant, constant, part.constant(len(part.train)), cost, {"absent": True}, says_prior)
    with cost.fitting():
        x = features.transform(block, rows)
        if setting is None:
            tuned = tune(family, x, y, part.task, part.inner[here], part.seed, flags)
        else:
            oof = cross_fit(family, setting, x, y, part.task, part.inner[here], part.seed, flags)
            tuned = Tuned(setting, oof)
        calibrator = fit_calibrator(tuned.inner, y, part.task)
        model = fit_model(family, tuned.setting, x, y, part.task, part.seed, flags)
    inner = part.constant(len(part.train))
    inner[here] = calibrator.apply(tuned.inner)
    single = SinglePredictor(block.modality, block.view, features, model, calibrator, part.task, part.prior)
    with cost.predicting():
        raw, test = single.answer(block, part.test)
    cost.parameters = count_parameters(model) + 2
    return Fitted(test, raw, inner, cost, dict(tuned.setting), single)


@dataclass(frozen=True)
class SinglePredictor:
    """A fitted learner of one view of one modality: features, model, calibration; the prior for rows without it."""

    told_of_absence: ClassVar[bool] = True
    modality: str
    view: str
    features: Features
    model: Any
    calibrator: Calibrator
    task: Task
    prior: Floats

    def predict(self, blocks: Blocks, rows: Ints) -> Floats:
        return self.answer(blocks[self.modality][self.view], rows)[1]

    def answer(self, block: Block, rows: Ints) -> tuple[Floats, Floats]:
        """Raw and calibrated predictions of ``rows``; the prior where the modality is absent."""
        raw, calibrated = np.tile(self.prior, (len(rows), 1)), np.tile(self.prior, (len(rows), 1))
        here = block.present[rows]
        if here.any():
            found = outputs(self.model, self.features.transform(block, rows[here]), self.task)
            raw[here], calibrated[here] = found, self.calibrator.apply(found)
        return raw, calibrated


class Singles(Mapping[str, Fitted]):
    """The singles of all modalities by name, each fitted when it is first asked for."""

    def __init__(self, blocks: Blocks, part: Part) -> None:
        self._part, self._store = part, FeatureStore(part)
        self._known = {f"{m}/{f.name}": (f, block) for m in sorted(blocks) for f, block in families_of(blocks[m])}
        self._fitted: dict[str, Fitted] = {}

    def __getitem__(self, name: str) -> Fitted:
        if name not in self._fitted:
            self._fitted[name] = fit_single(*self._known[name], self._part, self._store)
        return self._fitted[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def present_rows(block: Block, rows: Ints) -> Ints:
    """Those of ``rows`` that have the modality; all of them if none has, so that features can be fitted."""
    here = rows[block.present[rows]]
    return here if len(here) else rows


def dummy(part: Part) -> Fitted:
    """The prior of the training part for every row."""
    says_prior = Constant(part.prior)
    return Fitted(part.constant(len(part.test)), cost=Cost(parameters=part.task.width), predictor=says_prior)


def mask_only(present: np.ndarray[Any, Any], part: Part) -> Fitted:
    """A linear model that sees only which modalities a row has: what missingness alone gives away.

    Parameters
    ----------
    present : (n, modalities) bool array
    """
    family = FAMILIES["vectors"][0]
    cost = Cost()
    with cost.fitting():
        x = present.astype(np.float64)
        model = fit_model(family, {"C": 1.0}, x[part.train], part.y_train, part.task, part.seed, [])
    with cost.predicting():
        test = outputs(model, x[part.test], part.task)
    cost.parameters = count_parameters(model)
    return Fitted(test, cost=cost)
