"""The router: for every set of modalities that a row may have, the fusion or the best single that is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.evidence.availability import FEWEST, Availability, Set
from fuseworthy.evidence.intervals import Interval, paired_interval
from fuseworthy.folds import Folds
from fuseworthy.task import Floats


@dataclass(frozen=True)
class Route:
    """What answers rows with these modalities.

    Parameters
    ----------
    visible : the modalities there are
    fusion : whether the fusion answers, or else the single
    single : the best single among them
    asked : the modalities that the fusion is shown; fewer than there are where it was decided on a smaller set
    why : in words
    """

    visible: Set
    fusion: bool
    single: str
    asked: Set
    why: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "pattern": "+".join(sorted(self.visible)),
            "route": "fusion" if self.fusion else "single",
            "single": self.single,
            "asked": "+".join(sorted(self.asked)),
            "why": self.why,
        }


def route_all(known: Availability, rows: NDArray[np.bool_], margin: float, alpha: float) -> dict[Set, Route]:
    """A route for every set that was asked for, decided on these rows.

    The fusion is used where it is not inferior to the best single that is left: where the lower end of its gain is above
    minus the margin; with one modality only where it is better for sure, as what its absence says of the target can make
    it: its own single is simpler. With fewer than 200 rows the route is that of the nearest smaller set: the one with a
    modality less that most rows have.

    Parameters
    ----------
    rows : (n,) the rows that may be looked at
    """
    routes: dict[Set, Route] = {}
    for visible in sorted(known.fusion, key=lambda s: (len(s), sorted(s))):
        telling, _ = known.telling(visible, rows)
        routes[visible] = _route(known, visible, telling, routes, margin, alpha)
    return routes


def _route(
    known: Availability, visible: Set, rows: NDArray[np.bool_], routes: Mapping[Set, Route], margin: float, alpha: float
) -> Route:
    left, single = known.best_left(visible)
    smaller = [visible - {m} for m in visible if visible - {m} in routes]
    if rows.sum() >= FEWEST or not smaller:
        gain = interval_on(known.folds, left - known.fusion[visible], rows, alpha) if rows.sum() > 1 else None
        good = gain is not None and rows.sum() >= FEWEST and gain.low > (0 if len(visible) == 1 else -margin)
        return Route(visible, good, single, visible, _reason(len(visible), good))
    nearest = max(smaller, key=lambda s: (int(known.having(s).sum()), sorted(s)))
    found = routes[nearest]
    why = f"{int(rows.sum())} rows are too few: as {' + '.join(sorted(nearest))}"
    return Route(visible, found.fusion, single if not found.fusion else found.single, found.asked, why)


def _reason(size: int, good: bool) -> str:
    if size == 1:
        return "better than its own single" if good else "one modality: its own single"
    return (
        "not inferior to the best single left" if good else "inferior to the best single left, or not known not to be"
    )


def routed_loss(known: Availability, visible: Set, margin: float, alpha: float) -> Floats:
    """Loss of every row with these modalities visible, (n,), each routed by what other folds say."""
    loss, fold = np.full(len(known.prior), np.nan), known.folds.assignment[0]
    for k in range(known.folds.count):
        others = np.flatnonzero(known.others(k))
        route = route_all(known, np.isin(fold, others), margin, alpha)[visible]
        own = known.fusion[route.asked] if route.fusion else known.best_left(visible)[0]
        loss[fold == k] = own[fold == k]
    return loss


def interval_on(folds: Folds, difference: Floats, rows: NDArray[np.bool_], alpha: float) -> Interval:
    """Interval of the mean difference on some rows; fold error where every fold has some of them."""
    own = folds.assignment[:, rows]
    clusters = None if folds.clusters is None else folds.clusters[rows]
    order = None if folds.order is None else folds.order[rows]
    folds = Folds(folds.kind, own, clusters, order)
    counts = np.bincount(own[own >= 0], minlength=folds.count)
    if (counts[counts > 0] < 2).any() or (counts == 0).any():
        folds = Folds("held-out", np.zeros_like(own), clusters, order)
    return paired_interval(difference[None, rows], folds, alpha=alpha)
