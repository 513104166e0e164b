"""Fusions of some of the modalities, retrained; and the fusion of all with one of them shuffled.

What a modality is worth is what is lost when everything is learned again without it. What a model relies on is what is
lost when it gets a stranger's. The two differ, so both are predicted here and end in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from fuseworthy.folds import Ints
from fuseworthy.ledger import Strategy
from fuseworthy.strategies.early import Joint, join_boosting, join_linear, own_penalties
from fuseworthy.strategies.families import BOOSTING, Family, Setting
from fuseworthy.strategies.late import Members, inner_of, stack
from fuseworthy.strategies.part import Blocks, Cost, Fitted, Part
from fuseworthy.strategies.pools import Stacker
from fuseworthy.strategies.singles import FeatureStore
from fuseworthy.task import Floats

EXACT = 5
"""Up to so many modalities every subset is trained; above, those along four orders and their reverses."""
STACKED = (3.0,)
PLAIN_BOOSTING = BOOSTING[1:2]
"""Nothing is tuned for a subset: it has the settings of its singles, or these."""


def subset_name(modalities: Sequence[str]) -> str:
    return "subset:" + "+".join(sorted(modalities))


def orders_of(modalities: Sequence[str]) -> list[tuple[str, ...]]:
    """Orders along which modalities are added, for Shapley values above `EXACT` modalities; each with its reverse."""
    rng = np.random.default_rng(0)
    drawn = [tuple(sorted(modalities)[i] for i in rng.permutation(len(modalities))) for _ in range(2)]
    return [order for first in drawn for order in (first, first[::-1])]


def subsets_of(modalities: Sequence[str]) -> list[tuple[str, ...]]:
    """Subsets of two and more to train, sorted by size; the last holds all.

    Examples
    --------
    >>> subsets_of(["b", "a", "c"])
    [('a', 'b'), ('a', 'c'), ('b', 'c'), ('a', 'b', 'c')]
    """
    names = sorted(modalities)
    if len(names) <= EXACT:
        return [s for size in range(2, len(names) + 1) for s in combinations(names, size)]
    found = {tuple(names)} | set(combinations(names, len(names) - 1))
    for order in orders_of(names):
        found |= {tuple(sorted(order[:size])) for size in range(2, len(names))}
    return sorted(found, key=lambda s: (len(s), s))


def attribution_strategies(modalities: Sequence[str]) -> dict[str, Strategy]:
    """The strategies of `fit_subsets`, by name."""
    found = {}
    for subset in subsets_of(modalities) if len(modalities) > 1 else []:
        title = (
            "all modalities, retrained" if len(subset) == len(modalities) else f"retrained on {' and '.join(subset)}"
        )
        found[subset_name(subset)] = Strategy(subset_name(subset), "subset", title, modalities=subset)
    for m in modalities:
        found[f"permuted:{m}"] = Strategy(f"permuted:{m}", "permuted", f"all modalities, {m} shuffled", m)
    return found


def fit_subsets(
    members: Members,
    blocks: Blocks,
    best: Blocks,
    chosen: Mapping[str, tuple[Family, Setting]],
    part: Part,
    orders: Mapping[str, Ints],
) -> dict[str, Fitted]:
    """Every subset by stacking, linear or boosted concatenation, whichever has the lowest inner loss; and all permuted.

    Nothing is tuned again; above `EXACT` modalities only stacking is tried.

    Parameters
    ----------
    members : the best single of each modality
    best : the blocks that boosting reads, see `narrowed`
    chosen : modality -> its best linear family and setting
    orders : modality -> (n,) from which row it is taken where it is shuffled
    """
    names = sorted(blocks)
    store, found = FeatureStore(part), {}
    for subset in subsets_of(names):
        own = members.only([name for name in members.names if name.split("/")[0] in subset])
        stacker, late = stack(own, part, STACKED)
        joints = _concatenated(subset, blocks, best, chosen, part, store) if len(names) <= EXACT else {}
        fits = {"stacking": late} | {name: joint.fitted for name, joint in joints.items()}
        how = min(fits, key=lambda name: _loss(fits[name], part))
        found[subset_name(subset)] = _named(fits[how], how)
        if len(subset) == len(names):
            for m in names:
                joint = joints.get(how)
                test = (
                    _stacked(stacker, own, m, part, orders[m]) if joint is None else _joined(joint, m, part, orders[m])
                )
                found[f"permuted:{m}"] = Fitted(test, cost=Cost())
    return found


def _concatenated(
    subset: Sequence[str],
    blocks: Blocks,
    best: Blocks,
    chosen: Mapping[str, tuple[Family, Setting]],
    part: Part,
    store: FeatureStore,
) -> dict[str, Joint]:
    """Both early fusions of a subset, at one setting each."""
    own = {m: chosen[m] for m in subset}
    return {
        "early-linear": join_linear({m: blocks[m] for m in subset}, part, own, store, (own_penalties(own),)),
        "early-boosting": join_boosting({m: best[m] for m in subset}, part, store, settings=PLAIN_BOOSTING),
    }


def _stacked(stacker: Stacker, members: Members, modality: str, part: Part, order: Ints) -> Floats:
    """The stack's predictions with one member speaking about other rows."""
    place = np.searchsorted(part.test, order[part.test])
    test, present = members.test.copy(), members.present_test.copy()
    for i, name in enumerate(members.names):
        if name.split("/")[0] == modality:
            test[i], present[i] = members.test[i][place], members.present_test[i][place]
    return stacker.predict(test, present)


def _joined(joint: Joint, modality: str, part: Part, order: Ints) -> Floats:
    return joint.predict(joint.design(part.test, {modality: order[part.test]}))


def _loss(fitted: Fitted, part: Part) -> float:
    return part.task.mean_loss(part.y_train, inner_of(fitted))


def _named(fitted: Fitted, how: str) -> Fitted:
    return replace(fitted, raw=None, setting={"by": how})
