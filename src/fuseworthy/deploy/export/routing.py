"""The router inside the graph: a table of every set of modalities says who answers, and what the fusion is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.deploy.export.graph import Value
from fuseworthy.deploy.export.predictors import said
from fuseworthy.deploy.export.rows import Rows, pattern_number
from fuseworthy.deploy.router import FUSION, PRIOR
from fuseworthy.errors import InputError

if TYPE_CHECKING:
    from fuseworthy.deploy.model import Model

MOST_MODALITIES = 12
"""A table of every set of them is kept."""


@dataclass(frozen=True)
class Table:
    """What a router chooses for every set of modalities.

    Parameters
    ----------
    names : modalities, sorted; a set's number is 1 for the first, 2 for the second, 4 for the third, …
    routes : who may answer: "prior", "fusion", singles
    route : (sets,) place among the routes
    shown : (sets, modalities) what the fusion is shown
    """

    names: tuple[str, ...]
    routes: tuple[str, ...]
    route: NDArray[np.int64]
    shown: NDArray[np.bool_]

    @property
    def hides(self) -> bool:
        """Whether the fusion is ever shown less than there is."""
        everything = np.array([[bool(n >> m & 1) for m in range(len(self.names))] for n in range(len(self.route))])
        asked = self.route == self.routes.index(FUSION) if FUSION in self.routes else np.zeros(len(self.route), bool)
        return bool((self.shown[asked] != everything[asked]).any())


def table_of(model: Model) -> Table:
    """A model's router, asked for every set of its modalities.

    Raises
    ------
    InputError
        There are too many modalities for a table.
    """
    names = tuple(sorted(model.modalities))
    if len(names) > MOST_MODALITIES:
        raise InputError(
            f"a model to be exported must have at most {MOST_MODALITIES} modalities, as a table of every set of them is "
            f"kept, but has {len(names)}. Leave some out of the study."
        )
    routes = (PRIOR, *((FUSION,) if model.fusion else ()), *model.singles)
    sets = [[m for i, m in enumerate(names) if number >> i & 1] for number in range(1 << len(names))]
    route, shown = np.zeros(len(sets), dtype=np.int64), np.zeros((len(sets), len(names)), dtype=bool)
    for number, own in enumerate(sets[1:], start=1):
        choice = model.router.choose("+".join(own))
        by_fusion = choice.fusion and model.fusion is not None
        asked = choice.asked if by_fusion and set(choice.asked) < set(own) else own
        route[number] = routes.index(FUSION if by_fusion else choice.single)
        shown[number] = [m in asked for m in names]
    return Table(names, routes, route, shown)


@dataclass(frozen=True)
class Answered:
    """The graph's outputs: (n, width) each, and the route, (n,)."""

    prediction: Value
    route: Value
    fusion: Value | None
    singles: Mapping[str, Value]


def routed(model: Model, rows: Rows, table: Table) -> Answered:
    """Everything a model says of the rows, the router's choice among it."""
    graph = rows.graph
    number = pattern_number(graph, [rows.given[m] for m in table.names])
    route = graph.picked(table.route, number)
    singles = {m: said(model.singles[name], rows) for m, name in model.single_of.items()}
    by_name: dict[str, Any] = {name: singles[m] for m, name in model.single_of.items()}
    fusion = None
    if model.fusion is not None:
        fusion = by_name[FUSION] = said(model.fusion[1], rows)
        if table.hides:
            by_name[FUSION] = said(model.fusion[1], rows.showing(_shown(rows, table, number)))
    prediction = rows.tile(model.prior)
    for place, name in enumerate(table.routes):
        if name != PRIOR and (table.route == place).any():
            here = graph.column(graph.op("Equal", route, np.int64(place)))
            prediction = graph.op("Where", here, by_name[name], prediction)
    return Answered(prediction, route, fusion, singles)


def _shown(rows: Rows, table: Table, number: Value) -> dict[str, Value]:
    """What the fusion is shown where the router asks it: a modality that is there, unless the table hides it."""
    return {m: rows.graph.picked(table.shown[:, i], number) for i, m in enumerate(table.names)}
