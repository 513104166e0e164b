"""Late fusion: each modality's best single speaks, and a pool listens. Every pool ends calibrated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fuseworthy.folds import Ints
from fuseworthy.strategies.families import count_parameters
from fuseworthy.strategies.part import Blocks, Cost, Fitted, Part, Predictor, presence
from fuseworthy.strategies.patterns import CalibratedPool, PatternStacker
from fuseworthy.strategies.pools import (
    Flags,
    LogPool,
    Pool,
    Stacker,
    WeightedPool,
    fit_weights,
    greedy_weights,
    precision_pool,
)
from fuseworthy.task import Floats


@dataclass(frozen=True)
class Members:
    """Singles that speak in a pool.

    Parameters
    ----------
    names : tuple of str
    inner, test : (M, n, width) calibrated predictions of training (out-of-fold) and scored rows
    present_inner, present_test : (M, n)
    costs : what each member took
    predictors : what each member keeps; none, or None for a member, where they were read from disk
    """

    names: tuple[str, ...]
    inner: Floats
    test: Floats
    present_inner: Flags
    present_test: Flags
    costs: tuple[Cost, ...]
    predictors: tuple[Predictor | None, ...] = ()

    @property
    def cost(self) -> Cost:
        """What the members took together."""
        return sum(self.costs, Cost())

    def only(self, names: list[str]) -> Members:
        """The members with these names."""
        keep = [self.names.index(name) for name in names]
        return Members(
            tuple(names),
            self.inner[keep],
            self.test[keep],
            self.present_inner[keep],
            self.present_test[keep],
            tuple(self.costs[i] for i in keep),
            tuple(self.predictors[i] for i in keep) if self.predictors else (),
        )

    def predictor(self, pool: Pool) -> PooledPredictor | None:
        """The pool of what the members keep; None if one of them keeps nothing."""
        speaking = {n: p for n, p in zip(self.names, self.predictors, strict=False) if p is not None}
        return PooledPredictor(speaking, pool) if len(speaking) == len(self.names) else None


@dataclass(frozen=True)
class PooledPredictor:
    """A fitted late fusion: the members (named ``modality/family``) and the pool, which ends calibrated."""

    members: Mapping[str, Predictor]
    pool: Pool

    def predict(self, blocks: Blocks, rows: Ints) -> Floats:
        p = np.stack([member.predict(blocks, rows) for member in self.members.values()])
        present = np.stack([presence(blocks[name.split("/")[0]])[rows] for name in self.members])
        return self.pool.predict(p, present)


def gather(singles: Mapping[str, Fitted], present: Mapping[str, Flags], part: Part) -> Members:
    """Members from fitted singles named ``modality/family`` and the presence of each modality, (n,)."""
    names = tuple(singles)
    flags = [present[name.split("/")[0]] for name in names]
    return Members(
        names,
        np.stack([inner_of(fitted) for fitted in singles.values()]),
        np.stack([fitted.test for fitted in singles.values()]),
        np.stack([f[part.train] for f in flags]),
        np.stack([f[part.test] for f in flags]),
        tuple(fitted.cost for fitted in singles.values()),
        tuple(fitted.predictor for fitted in singles.values()),
    )


def inner_of(fitted: Fitted) -> Floats:
    if fitted.inner is None:
        raise TypeError("a single must carry its inner out-of-fold predictions")
    return fitted.inner


def best_per_modality(singles: Mapping[str, Fitted], part: Part) -> dict[str, str]:
    """The family of each modality with the lowest inner loss: modality -> single."""
    best: dict[str, tuple[float, str]] = {}
    for name, fitted in singles.items():
        modality = name.split("/")[0]
        loss = part.task.mean_loss(part.y_train, inner_of(fitted))
        if modality not in best or loss < best[modality][0]:
            best[modality] = (loss, name)
    return {modality: name for modality, (_, name) in best.items()}


def best_single(singles: Mapping[str, Fitted], part: Part) -> str:
    """The single with the lowest inner loss of all."""
    return min(singles, key=lambda name: part.task.mean_loss(part.y_train, inner_of(singles[name])))


def fit_mean(members: Members, part: Part) -> Fitted:
    return _weighted(members, part, np.ones(len(members.names)))


def fit_weighted(members: Members, part: Part) -> Fitted:
    cost = Cost()
    with cost.fitting():
        weights = fit_weights(members.inner, members.present_inner, part.y_train, part.task)
    return _weighted(members, part, weights, cost)


def fit_greedy(members: Members, part: Part) -> Fitted:
    cost = Cost()
    with cost.fitting():
        weights = greedy_weights(members.inner, members.present_inner, part.y_train, part.task)
    return _weighted(members, part, weights, cost)


def fit_log_pool(members: Members, part: Part) -> Fitted:
    pool: Pool = LogPool(part.prior)
    if not part.task.is_classification:
        errors = np.array(
            [
                part.task.mean_loss(part.y_train[here], p[here]) if here.any() else np.inf
                for p, here in zip(members.inner, members.present_inner, strict=True)
            ]
        )
        pool = precision_pool(errors, part.prior)
    return _recalibrated(pool, members, part, Cost(parameters=2))


def fit_stacking(members: Members, part: Part) -> Fitted:
    """Stacking with weights for every availability pattern (see `PatternStacker`).

    It ends calibrated by construction: it is itself a regression of the truth on the log-odds.
    """
    cost = Cost()
    with cost.fitting():
        stacker = PatternStacker(part.task, part.prior)
        stacker.fit(members.inner, members.present_inner, part.y_train, part.inner)
    with cost.predicting():
        test = stacker.predict(members.test, members.present_test)
    cost.parameters = stacker.parameters
    keeps = members.predictor(stacker)
    return Fitted(test, None, stacker.inner_, members.cost + cost, stacker.setting, keeps)


def stack(members: Members, part: Part, grid: tuple[float, ...] | None = None) -> tuple[Stacker, Fitted]:
    """One stacker for all rows, and what it predicted."""
    cost = Cost()
    with cost.fitting():
        stacker = Stacker(part.task, part.prior, grid)
        stacker.fit(members.inner, members.present_inner, part.y_train, part.inner)
    with cost.predicting():
        test = stacker.predict(members.test, members.present_test)
    cost.parameters = count_parameters(stacker.model_)
    chosen = {"C": stacker.c_}
    return stacker, Fitted(test, None, stacker.inner_, members.cost + cost, chosen, members.predictor(stacker))


def _weighted(members: Members, part: Part, weights: Floats, cost: Cost | None = None) -> Fitted:
    setting = dict(zip(members.names, np.round(weights / weights.sum(), 4).tolist(), strict=True))
    own = Cost(parameters=len(weights) + 2)
    return _recalibrated(WeightedPool(weights, part.prior), members, part, (cost or Cost()) + own, setting)


def _recalibrated(
    pool: Pool, members: Members, part: Part, own: Cost, setting: dict[str, float] | None = None
) -> Fitted:
    modalities = [name.split("/")[0] for name in members.names]
    calibrated = CalibratedPool.fit(pool, modalities, members.inner, members.present_inner, part.y_train, part.task)
    return Fitted(
        calibrated.predict(members.test, members.present_test),
        pool.predict(members.test, members.present_test),
        calibrated.predict(members.inner, members.present_inner),
        members.cost + own,
        dict(setting or {}),
        members.predictor(calibrated),
    )
