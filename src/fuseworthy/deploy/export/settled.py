"""Splits of boosted trees moved a hair off the values they stand on.

A threshold of histogram gradient boosting is mostly the value of a row that was learned from. Where that value is the end
of a long sum (principal components, topics of a text, the mean of a sequence), its last digits depend on who adds it up and
in which order: such a row would go left here and right there. So those thresholds are raised by what sums may differ. Values
that are read as they are need no such thing.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.inputs.blocks import Block
from fuseworthy.task import Floats

if TYPE_CHECKING:
    from fuseworthy.deploy.model import Model

IN_64_BITS, IN_32_BITS = 1e-9, 2e-7
"""How far sums mostly are apart, as a share of their size or of 1: of topics 1e-7, of texts of thousands of words 1e-6."""
EDGE = 10.0
"""How many times that a row may be from a split and still stand on its edge."""

Shapes = Mapping[str, Mapping[str, Block]]


def settled(model: Model, shapes: Shapes, times: float = 1.0) -> Model:
    """The model with such thresholds raised; the model itself stays as it is.

    Parameters
    ----------
    shapes : modality -> view -> a Block of it, which tells sequences from vectors
    times : how many times what sums may differ by; negative to lower them
    """
    return replace(
        model,
        singles={name: _settled(own, shapes, times) for name, own in model.singles.items()},
        fusion=None if model.fusion is None else (model.fusion[0], _settled(model.fusion[1], shapes, times)),
    )


def around(model: Model, shapes: Shapes) -> list[Model]:
    """The model, settled, and with its splits moved as far as an edge is wide: below and above."""
    return [model, *(settled(model, shapes, times) for times in (1.0, -EDGE, EDGE))]


def _settled(predictor: Any, shapes: Shapes, times: float) -> Any:
    kind = type(predictor).__name__
    if kind == "PooledPredictor":
        return replace(
            predictor, members={name: _settled(own, shapes, times) for name, own in predictor.members.items()}
        )
    if kind == "PriorForNothing":
        return replace(predictor, predictor=_settled(predictor.predictor, shapes, times))
    if not hasattr(getattr(predictor, "model", None), "_predictors"):
        return predictor
    if kind == "SinglePredictor":
        width = int(predictor.model.n_features_in_)
        loose = np.full(width, looseness(predictor.features, shapes[predictor.modality][predictor.view]))
    else:
        layout = predictor.layout
        own = [np.full(layout.widths[m], looseness(layout.features[m], shapes[m][v])) for m, v in layout.views.items()]
        loose = np.concatenate([*own, np.zeros(predictor.model.n_features_in_ - sum(map(len, own)))])
    return replace(predictor, model=_raised(predictor.model, times * loose)) if loose.any() else predictor


def looseness(features: Any, block: Block) -> float:
    """By how much a column of these features may differ with who computes it."""
    if type(features).__name__ in ("TokenTopics", "TokenWeights"):
        return IN_32_BITS
    if block.mask is not None or getattr(features, "pca_", None) is not None:
        return IN_64_BITS
    return 0.0


def _raised(model: Any, loose: Floats) -> Any:
    """A copy of boosted trees with the thresholds of loose columns raised."""
    found = copy.deepcopy(model)
    if model._preprocessor is not None:  # which puts categories first
        own = np.asarray(model.is_categorical_, dtype=bool)
        loose = np.concatenate([loose[own], loose[~own]])
    for stage in found._predictors:
        for tree in stage:
            split: NDArray[Any] = tree.nodes["num_threshold"]
            known = np.isfinite(split)  # those that part missing values from all others are infinite
            split[known] += loose[tree.nodes["feature_idx"][known]] * np.maximum(1.0, np.abs(split[known]))
    return found
