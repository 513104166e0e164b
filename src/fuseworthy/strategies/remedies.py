"""Gradient blending: how much weight each modality's own loss gets, measured before the joint network is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fuseworthy.folds import Ints
from fuseworthy.strategies.neural import Make, Neural, fit_neural
from fuseworthy.strategies.neural_inputs import NeuralInputs
from fuseworthy.strategies.part import Blocks, Cost, Fitted, Part
from fuseworthy.strategies.views import narrowed

if TYPE_CHECKING:
    from fuseworthy.strategies.training.rows import Rows

EPOCHS = 8
"""Passes over which generalisation and overfitting are measured."""
LEAST_JOINT = 0.1


@dataclass(frozen=True)
class Blended:
    """Offline gradient blending (Wang, Tran & Feiszli 2020).

    Every modality alone and the joint network are trained for a few passes on one inner fold; what each generalises
    (G) over what it overfits (O), as G / O², is the weight of its loss in the network that is then trained.

    Parameters
    ----------
    make : the joint network
    """

    make: Make

    def fit(self, blocks: Blocks, singles: Mapping[str, Fitted], part: Part) -> Fitted:
        from fuseworthy.strategies.training.objectives import Auxiliary, blending_weights

        inputs, cost = NeuralInputs.learn(narrowed(blocks, singles, part), part), Cost()
        with cost.fitting():
            names = list(inputs.sizes)
            curves = [self._curve([m], inputs, part) for m in names] + [self._curve(names, inputs, part)]
            *alone, joint = _joint_heard(blending_weights(curves))
            scale = len(curves)  # so that equal weights are the plain auxiliary loss
        objective = Auxiliary(tuple(w * scale for w in alone), joint=joint * scale)
        fitted = fit_neural(Neural(self.make, stacked=True, objective=objective), inputs, blocks, part)
        weights = dict(zip([*names, "joint"], np.round([*alone, joint], 4).tolist(), strict=True))
        return replace(fitted, cost=fitted.cost + cost, setting=fitted.setting | {"loss_weights": weights})

    def _curve(self, names: Sequence[str], inputs: NeuralInputs, part: Part) -> tuple[float, float, float, float]:
        """Training and watched loss before and after, of a network on some modalities."""
        from fuseworthy.strategies.training.lesson import Lesson
        from fuseworthy.strategies.training.loop import train
        from fuseworthy.strategies.training.recipe import Copy, recipe_for

        first = part.inner == np.unique(part.inner)[0]
        copy = Copy(np.flatnonzero(~first), np.flatnonzero(first), part.seed)
        sizes = {m: inputs.sizes[m] for m in names}
        rows = replace(
            inputs.train,
            inputs={m: inputs.train.inputs[m] for m in names},
            present={m: v for m, v in inputs.train.present.items() if m in names},
            mask={m: v for m, v in inputs.train.mask.items() if m in names},
            times={m: v for m, v in inputs.train.times.items() if m in names},
        )
        recipe = replace(recipe_for(len(part.train)), epochs=EPOCHS, patience=EPOCHS)
        modules = train(lambda: Lesson(self.make(dict(sizes), part.task.width)), rows, [copy], recipe).modules
        start = _prior_loss(part)
        return start, start, _loss(modules, rows, copy.rows), _loss(modules, rows, copy.watched)


def _joint_heard(weights: Sequence[float]) -> list[float]:
    """The weights with at least a tenth for the joint loss, the last: its head must learn something."""
    *alone, joint = weights
    if joint >= LEAST_JOINT:
        return [*alone, joint]
    return [w * (1 - LEAST_JOINT) / (1 - joint) for w in alone] + [LEAST_JOINT]


def _loss(modules: Sequence[Any], rows: Rows, index: Ints) -> float:
    """Mean loss of some rows, without anything hidden."""
    import torch

    from fuseworthy.strategies.training.lesson import row_loss
    from fuseworthy.strategies.training.loop import predict

    batch = rows.take(torch.as_tensor(index))
    return float(row_loss(torch.as_tensor(predict(modules, batch)[0]), batch.target).mean())


def _prior_loss(part: Part) -> float:
    """The loss of the best constant in the unit of the training loop: where every network starts."""
    return part.task.mean_loss(part.y_train, part.constant(len(part.train))) if part.task.is_classification else 1.0
