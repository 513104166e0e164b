"""Controls: what a fusion would seem to gain if the added modality said nothing.

twin       two seeds of the best single, averaged: gain by averaging alone
ensemble   greedy selection among the best modality's own learners: gain by mixing learners
recal      the stacker given only the best single: gain by recalibration alone
placebo    the other modalities moved to other rows, everything retrained: gain by capacity alone (late, early, and
           where networks compete a network)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.calibration import fit_calibrator
from fuseworthy.strategies.families import Family
from fuseworthy.strategies.late import Members, fit_greedy, fit_stacking, gather, inner_of
from fuseworthy.strategies.part import Blocks, Fitted, Part, presence
from fuseworthy.strategies.pools import weighted_pool
from fuseworthy.strategies.singles import FeatureStore, families_of, fit_single

Orders = Mapping[str, Ints]
"""Modality -> for each row, (n,), the row that its value of the modality is taken from."""


def fit_twin(name: str, blocks: Blocks, part: Part, first: Fitted) -> Fitted:
    """Mean of the best single and of the same single under another seed, recalibrated."""
    family, block = find_family(name, blocks)
    other_part = replace(part, seed=part.seed + 1)
    second = fit_single(family, block, other_part, FeatureStore(other_part), first.setting)
    both = np.stack([inner_of(first), inner_of(second)])
    everyone = np.ones(both.shape[:2], dtype=bool)
    inner = weighted_pool(both, everyone, np.ones(2), part.prior)
    calibrator = fit_calibrator(inner, part.y_train, part.task)
    raw = (first.test + second.test) / 2
    return Fitted(calibrator.apply(raw), raw, None, first.cost + second.cost)


def fit_ensemble(members: Members, modality: str, part: Part) -> Fitted:
    """Greedy selection among the learners of one modality."""
    return fit_greedy(members.only([n for n in members.names if n.startswith(f"{modality}/")]), part)


def fit_recal(members: Members, best: str, part: Part) -> Fitted:
    """The stacker on the best single alone."""
    return fit_stacking(members.only([best]), part)


def fit_placebo(
    singles: Mapping[str, Fitted], chosen: Mapping[str, str], best: str, blocks: Blocks, part: Part, orders: Orders
) -> tuple[Fitted, Blocks]:
    """Stacking of the best single with every other modality moved to other rows and retrained.

    Parameters
    ----------
    chosen : modality -> its best single
    best : name of the best single of all
    orders : modality -> (n,) row numbers that say where each row's value of it comes from

    Returns
    -------
    Fitted, and the blocks with the other modalities moved
    """
    kept = best.split("/")[0]
    moved = all_moved_but(kept, blocks, orders)
    fitted = {best: singles[best]}
    for modality, name in chosen.items():
        if modality != kept:
            family, _ = find_family(name, blocks)
            block = moved[modality][family.view]
            fitted[name] = fit_single(family, block, part, FeatureStore(part), singles[name].setting)
    present = {m: presence(views) for m, views in moved.items()}
    return fit_stacking(gather(fitted, present, part), part), moved


def all_moved_but(kept: str, blocks: Blocks, orders: Orders) -> Blocks:
    """The blocks with every modality but one taken from other rows."""
    return {
        m: views if m == kept else {v: block.shuffled(orders[m]) for v, block in views.items()}
        for m, views in blocks.items()
    }


def placebo_order(part: Part, groups: Ints | None, varies: bool) -> Ints:
    """Where each row's value of a modality comes from, (n,): training rows from training rows, scored from scored.

    Without groups rows are shuffled. With groups they are shuffled within each group, so that what a group has in
    common stays; unless ``varies`` says that target or modality do not differ inside groups: that would change nothing,
    and whole groups trade places. Rows that are alone in their group are shuffled among themselves.
    """
    rng = np.random.default_rng(part.seed)
    order = np.arange(len(part.y))
    for rows in (part.train, part.test):
        own = np.zeros(len(rows), dtype=np.int64) if groups is None else np.unique(groups[rows], return_inverse=True)[1]
        alone = np.bincount(own)[own] == 1
        if groups is None or varies:
            own = np.where(alone, -1, own)
            order[rows[np.lexsort((np.arange(len(rows)), own))]] = rows[np.lexsort((rng.random(len(rows)), own))]
        else:
            order[rows] = _trade_groups(rows, own, rng)
    return order


def _trade_groups(rows: Ints, own: Ints, rng: np.random.Generator) -> Ints:
    """Each group takes the rows of another, again and again if it is larger."""
    size = np.bincount(own)
    partner = rng.permutation(len(size))[own]
    order, start = np.argsort(own, kind="stable"), np.cumsum(size) - size
    place = np.empty(len(own), dtype=np.int64)
    place[order] = np.arange(len(own)) - start[own[order]]
    return np.asarray(rows[order[start[partner] + place % size[partner]]])


def find_family(name: str, blocks: Blocks) -> tuple[Family, Block]:
    """Family and block of a single named ``modality/family``."""
    modality, family_name = name.split("/")
    return next((family, block) for family, block in families_of(blocks[modality]) if family.name == family_name)
