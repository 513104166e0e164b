"""Parts of a model cut down: boosted trees to their first rounds, forests to some trees, networks to the units that speak.

Nothing is fitted again, so what is left can be scored on every row.
"""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fuseworthy.deploy.compress.candidate import NotFeasibleError

if TYPE_CHECKING:
    from fuseworthy.deploy.model import Model


def pruned(model: Model, share: float) -> tuple[Model, str]:
    """The model with about this share of its trees, networks and hidden units, and what was cut in words.

    Raises
    ------
    NotFeasibleError
        It has no trees and no networks.
    """
    knife = Knife(share)
    singles = {name: knife.cut(own) for name, own in model.singles.items()}
    fusion = None if model.fusion is None else (model.fusion[0], knife.cut(model.fusion[1]))
    if not knife.told:
        raise NotFeasibleError("it has no boosted trees, no forest and no network: linear models have nothing to prune")
    return replace(model, singles=singles, fusion=fusion), knife.sentence()


@dataclass
class Knife:
    """Cuts predictors down, each once, and keeps count.

    Parameters
    ----------
    share : what is left, above 0
    told : what was cut -> how much there was, and how much is left
    """

    share: float
    told: dict[str, Counter[str]] = field(default_factory=dict)
    _known: dict[int, Any] = field(default_factory=dict)

    def cut(self, predictor: Any) -> Any:
        """A predictor of which the large parts are smaller; the same object gives the same object."""
        if id(predictor) not in self._known:
            self._known[id(predictor)] = (predictor, self._cut(predictor))
        return self._known[id(predictor)][1]

    def left(self, count: int, what: str) -> int:
        """How many of these are kept: at least one."""
        kept = max(1, round(self.share * count))
        if kept < count:
            self.told.setdefault(what, Counter()).update(there=count, kept=kept)
        return kept

    def sentence(self) -> str:
        """What was cut."""
        return ", ".join(f"{own['kept']:,} of {own['there']:,} {what} kept" for what, own in sorted(self.told.items()))

    def _cut(self, predictor: Any) -> Any:
        kind = type(predictor).__name__
        if kind == "PooledPredictor":
            return replace(predictor, members={name: self.cut(own) for name, own in predictor.members.items()})
        if kind == "PriorForNothing":
            return replace(predictor, predictor=self.cut(predictor.predictor))
        if kind == "NeuralPredictor":
            from fuseworthy.deploy.compress.thinning import thinned

            kept = predictor.modules[: self.left(len(predictor.modules), "networks")]
            return replace(predictor, modules=tuple(thinned(module, self) for module in kept))
        if hasattr(predictor, "model"):
            return replace(predictor, model=self._fewer_trees(predictor.model))
        return predictor

    def _fewer_trees(self, model: Any) -> Any:
        if hasattr(model, "_predictors"):
            found = copy.copy(model)
            found._predictors = model._predictors[: self.left(len(model._predictors), "rounds of boosting")]
            return found
        if hasattr(model, "estimators_"):
            found = copy.copy(model)
            found.estimators_ = model.estimators_[: self.left(len(model.estimators_), "trees of forests")]
            found.n_estimators = len(found.estimators_)
            return found
        return model
