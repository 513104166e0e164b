"""Fusions as objects: what learns from the blocks of a training part and keeps something that predicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from fuseworthy.errors import InputError, nearest
from fuseworthy.strategies import early, late
from fuseworthy.strategies.catalogue import NEURAL, TUNED, hybrid_pairs
from fuseworthy.strategies.late import Members
from fuseworthy.strategies.part import Blocks, Fitted, Part, Predictor, presence
from fuseworthy.strategies.singles import Singles
from fuseworthy.strategies.views import narrowed


@runtime_checkable
class FusionStrategy(Protocol):
    """Anything with this ``fit`` can be the ``strategy`` of an estimator.

    Examples
    --------
    A strategy that gives every row the prior:

    >>> from fuseworthy.strategies.part import Constant
    >>> class Prior:
    ...     def fit(self, blocks, singles, part):
    ...         return Fitted(part.constant(len(part.test)), predictor=Constant(part.prior))
    >>> isinstance(Prior(), FusionStrategy)
    True
    """

    def fit(self, blocks: Blocks, singles: Mapping[str, Fitted], part: Part) -> Fitted:
        """Learn from the training rows, predict the scored ones, and keep a predictor.

        Parameters
        ----------
        blocks : modality -> view -> Block, of all rows
        singles : the tuned singles, named ``modality/family``, with their predictions inside the training part
            Each may be fitted only when it is looked up, so look up no more than is needed.
        part : the rows to learn from and to score (there may be none), their inner folds, and the seed

        Returns
        -------
        Fitted
            With ``test`` for the scored rows, and a ``predictor`` that keeps no reference to ``blocks``.
        """
        ...


POOLS: dict[str, Callable[[Members, Part], Fitted]] = {
    "mean": late.fit_mean,
    "weighted-mean": late.fit_weighted,
    "log-pool": late.fit_log_pool,
    "stacking": late.fit_stacking,
    "greedy": late.fit_greedy,
}


@dataclass(frozen=True)
class Single:
    """One learner of one modality, named ``modality/family``; ``modality/network`` is a network on it alone."""

    name: str

    def fit(self, blocks: Blocks, singles: Mapping[str, Fitted], part: Part) -> Fitted:
        modality, _, family = self.name.partition("/")
        if family == "network" and modality in blocks:
            from fuseworthy.strategies.networks import single_network

            own = {modality: blocks[modality]}
            return single_network(own[modality]).fit(own, singles, part)
        if self.name not in singles:
            raise InputError(
                f"a single must be one of this table's, but {self.name!r} came: {nearest(self.name, singles)}."
            )
        return singles[self.name]


@dataclass(frozen=True)
class BestSingle:
    """The single with the lowest inner loss of all modalities."""

    def fit(self, blocks: Blocks, singles: Mapping[str, Fitted], part: Part) -> Fitted:
        return singles[late.best_single(singles, part)]


@dataclass(frozen=True)
class Late:
    """A pool (a key of `POOLS`) of each modality's best single; ``greedy`` hears every single."""

    pool: str = "stacking"

    def fit(self, blocks: Blocks, singles: Mapping[str, Fitted], part: Part) -> Fitted:
        if self.pool not in POOLS:
            raise InputError(f"a pool must be one of {', '.join(POOLS)}, but {self.pool!r} came.")
        present = {m: presence(views) for m, views in blocks.items()}
        names = list(singles) if self.pool == "greedy" else list(late.best_per_modality(singles, part).values())
        return POOLS[self.pool](late.gather({name: singles[name] for name in names}, present, part), part)


@dataclass(frozen=True)
class EarlyLinear:
    """Concatenation of each modality's best linear family, with a penalty per block.

    Parameters
    ----------
    strongest : str, optional
        The modality that is never held back. Left out, it is that of the best linear single: the others need not be
        fitted then. A study takes that of the best single of all.
    """

    strongest: str | None = None

    def fit(self, blocks: Blocks, singles: Mapping[str, Fitted], part: Part) -> Fitted:
        names = [f"{m}/{family.name}" for m, views in blocks.items() for family in early.linear_families(views)]
        linear = {name: singles[name] for name in names}
        strongest = self.strongest or late.best_single(linear, part).split("/")[0]
        return early.fit_early_linear(blocks, part, early.best_linear(blocks, linear, part), strongest)


@dataclass(frozen=True)
class EarlyBoosting:
    """Gradient boosting on the reduced features of all modalities, each from its best encoder."""

    def fit(self, blocks: Blocks, singles: Mapping[str, Fitted], part: Part) -> Fitted:
        return early.fit_early_boosting(narrowed(blocks, singles, part), part)


NAMED: dict[str, FusionStrategy] = {
    "best-single": BestSingle(),
    **{pool: Late(pool) for pool in POOLS},
    "early-linear": EarlyLinear(),
    "early-boosting": EarlyBoosting(),
}


def strategy_named(name: str) -> FusionStrategy:
    """The strategy of this name: a fusion, a network, ``best-single``, or a single as ``modality/family``.

    Raises
    ------
    InputError
        There is none of this name.
    MissingExtraError
        It is a network, and torch is not installed.

    Examples
    --------
    >>> strategy_named("stacking"), strategy_named("note/linear")
    (Late(pool='stacking'), Single(name='note/linear'))
    """
    if "/" in name:
        return Single(name)
    if name in NEURAL or hybrid_pairs(name):
        from fuseworthy.strategies.networks import network_named

        return network_named(name)
    if name == TUNED:
        raise InputError(
            f"{TUNED!r} trains encoders on what a study has read from files and texts, but {TUNED!r} was asked for outside of "
            "one. Use fw.compare(..., tune_encoders=True)."
        )
    if name not in NAMED:
        raise InputError(
            f"a strategy must be one of {', '.join((*NAMED, *NEURAL))}, or a single such as 'note/linear', but {name!r} "
            f"came: {nearest(name, (*NAMED, *NEURAL))}."
        )
    return NAMED[name]


def fit_strategy(strategy: FusionStrategy, blocks: Blocks, part: Part) -> tuple[Predictor, dict[str, Any]]:
    """Fit a strategy on blocks alone, fitting the singles that it looks up: its predictor, and what tuning chose.

    Raises
    ------
    InputError
        It left no predictor.
    """
    fitted = strategy.fit(blocks, Singles(blocks, part), part)
    if fitted.predictor is None:
        raise InputError(
            f"a strategy must leave a predictor, but {type(strategy).__name__} left none. "
            "Return Fitted(..., predictor=...) from its fit."
        )
    return fitted.predictor, fitted.setting
