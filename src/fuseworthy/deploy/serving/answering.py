"""What the graph says of some rows, as the server tells it: the answer, who gave it and why, and every single beside it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.deploy.router import FUSION, PRIOR
from fuseworthy.deploy.serving.served import Feeds, Route, Said, Served
from fuseworthy.evidence.shapley import MOST_MEMBERS, shapley
from fuseworthy.task import Floats


@dataclass(frozen=True, eq=False)
class Answered:
    """The rows of one request, answered.

    Parameters
    ----------
    served : the graph that answered
    feeds, said : its inputs and outputs, of these rows
    routes : of each row
    abstained : (n,)
    """

    served: Served
    feeds: Feeds
    said: Said
    routes: list[Route]
    abstained: NDArray[np.bool_]

    @property
    def prediction(self) -> Floats:
        """(n, width)"""
        return self.said[self.served.outputs[0]]

    def told(self, contributions: dict[str, Floats] | None = None) -> list[dict[str, Any]]:
        """One object a row, for JSON."""
        served, own = self.served, self.served.description["outputs"]
        tell = _Teller(served)
        prediction = self.prediction.tolist()
        fusion = self.said[own["fusion"]].tolist() if own["fusion"] else None
        alone = {m: self.said[name].tolist() for m, name in own["singles"].items()}
        present = {m: self.feeds[name].tolist() for m, name in served.present.items()}
        found = []
        for i, route in enumerate(self.routes):
            answer = {
                **tell(prediction[i], "prediction", "probabilities"),
                "route": route.name,
                "why": route.why,
                "pattern": route.pattern,
                "modalities_used": route.shown,
                "abstained": bool(self.abstained[i]),
                "fusion": None if fusion is None else tell.values(fusion[i]),
                "alone": {m: tell.values(values[i]) if present[m][i] else None for m, values in alone.items()},
            }
            if contributions is not None:
                answer["contributions"] = {
                    m: float(share[i]) if present[m][i] else None for m, share in contributions.items()
                }
            found.append(answer)
        return found


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
    abstained = np.array([number == 0 for number in numbers])
    if (threshold := served.description["threshold"]) is not None:
        abstained |= said[served.outputs[0]].max(axis=1) < threshold
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
