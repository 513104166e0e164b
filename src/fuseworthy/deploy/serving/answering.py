"""What the graph says of some rows, as the server tells it: the answer, who gave it and why, and every single beside it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from fuseworthy.deploy.router import FUSION, PRIOR
from fuseworthy.deploy.serving.served import Feeds, Route, Said, Served
from fuseworthy.evidence.shapley import MOST_MEMBERS, shapley
from fuseworthy.task import Floats


@dataclass(frozen=True, eq=False)
class Answered:
    """Rows that were answered together.

    Parameters
    ----------
    served : the graph that answered
    feeds, said : its inputs and outputs, of these rows
    routes : of each row
    abstained : of each row, whether the answer is too unsure to rely on
    """

    served: Served
    feeds: Feeds
    said: Said
    routes: list[Route]
    abstained: list[bool]

    @property
    def prediction(self) -> Floats:
        """(n, width)"""
        return self.said[self.served.outputs[0]]

    @cached_property
    def told(self) -> list[dict[str, Any]]:
        """One object a row, for JSON."""
        served, own = self.served, self.served.description["outputs"]
        tell = _Teller(served)
        prediction = self.prediction.tolist()
        fusion = self.said[own["fusion"]].tolist() if own["fusion"] else None
        alone = {m: self.said[name].tolist() for m, name in own["singles"].items()}
        present = {m: self.feeds[name].tolist() for m, name in served.present.items()}
        found = []
        for i, route in enumerate(self.routes):
            found.append(
                {
                    **tell(prediction[i], "prediction", "probabilities"),
                    "route": route.name,
                    "why": route.why,
                    "pattern": route.pattern,
                    "modalities_used": route.shown,
                    "abstained": self.abstained[i],
                    "fusion": None if fusion is None else tell.values(fusion[i]),
                    "alone": {m: tell.values(values[i]) if present[m][i] else None for m, values in alone.items()},
                }
            )
        return found


@dataclass(frozen=True, eq=False)
class Part:
    """The rows of one request among those that were answered together.

    Parameters
    ----------
    whole : all that were
    rows : which of them
    """

    whole: Answered
    rows: slice

    @property
    def served(self) -> Served:
        """The graph that answered."""
        return self.whole.served

    @property
    def routes(self) -> list[Route]:
        return self.whole.routes[self.rows]

    @property
    def abstained(self) -> list[bool]:
        return self.whole.abstained[self.rows]

    @property
    def told(self) -> list[dict[str, Any]]:
        """One object a row, for JSON."""
        return self.whole.told[self.rows]

    def apart(self) -> Answered:
        """These rows without the others."""
        feeds, said = (
            {name: own[self.rows] for name, own in has.items()} for has in (self.whole.feeds, self.whole.said)
        )
        return Answered(self.served, feeds, said, self.routes, self.abstained)

    def explained(self) -> list[dict[str, Any]]:
        """As told, and what each modality contributed."""
        found = self.apart()
        shares = contributions(found)
        here = {m: found.feeds[name] for m, name in found.served.present.items()}
        return [
            {**own, "contributions": {m: float(share[i]) if here[m][i] else None for m, share in shares.items()}}
            for i, own in enumerate(self.told)
        ]


class _Teller:
    """Predictions by class, or as a value."""

    def __init__(self, served: Served) -> None:
        self.classes = served.task.classes

    def __call__(self, values: list[float], name: str, by_class: str) -> dict[str, Any]:
        if not self.classes:
            return {name: values[0]}
        return {name: self.classes[values.index(max(values))], by_class: self.values(values)}

    def values(self, values: list[float]) -> Any:
        return dict(zip(self.classes, values, strict=True)) if self.classes else values[0]


def answered(served: Served, feeds: Feeds, said: Said) -> Answered:
    """The answers of some rows, with who gave them."""
    numbers = served.numbers(feeds)
    abstained = [number == 0 for number in numbers]
    if (threshold := served.description["threshold"]) is not None:
        surest = said[served.outputs[0]].max(axis=1).tolist()
        abstained = [number == 0 or own < threshold for number, own in zip(numbers, surest, strict=True)]
    return Answered(served, feeds, said, [served.routes[number] for number in numbers], abstained)


def contributions(found: Answered) -> dict[str, Floats]:
    """Modality -> (n,) share of the answer minus the prior; see `fuseworthy.deploy.contributions`, of which it is the same.

    Raises
    ------
    ValueError
        More than eight modalities.
    """
    served = found.served
    if len(served.names) > MOST_MEMBERS:
        raise ValueError(f"contributions need at most {MOST_MEMBERS} modalities, but there are {len(served.names)}")
    chosen = found.prediction.argmax(axis=1)
    prior = np.array(served.description["prior"])
    shares = {m: np.zeros(len(chosen)) for m in served.names}
    for i, route in enumerate(found.routes):
        answer = found.prediction[i, chosen[i]]
        if route.name == FUSION:
            own = {name: array[i : i + 1] for name, array in found.feeds.items()}
            values = _values(served, own, route.shown, int(chosen[i]), float(prior[chosen[i]])) | {route.shown: answer}
            for m in route.shown:
                shares[m][i] = shapley(m, list(route.shown), values)
        elif route.name != PRIOR:
            shares[route.shown[0]][i] = answer - prior[chosen[i]]
    return shares


def _values(
    served: Served, row: Feeds, shown: tuple[str, ...], chosen: int, prior: float
) -> dict[tuple[str, ...], Any]:
    """What the fusion says of the chosen class with each smaller subset visible, in one batch."""
    subsets = [visible for size in range(1, len(shown)) for visible in combinations(shown, size)]
    if not subsets:
        return {(): np.float64(prior)}
    feeds = {name: np.repeat(array, len(subsets), axis=0) for name, array in row.items()}
    for m, name in served.present.items():
        feeds[name] = np.array([m in visible for visible in subsets])
    said = served.run(feeds)[served.description["outputs"]["fusion"]][:, chosen]
    return {(): np.float64(prior)} | dict(zip(subsets, said, strict=True))
