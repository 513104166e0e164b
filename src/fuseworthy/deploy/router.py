"""Which of a model's parts answers a row, by the modalities that the row has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

FUSION, PRIOR = "fusion", "prior"
"""Routes beside those to a single."""


@dataclass(frozen=True)
class Choice:
    """What answers the rows of one pattern.

    Parameters
    ----------
    fusion : whether the fusion answers, or else a single
    single : the best single among the modalities there are, as ``modality/family``
    asked : the modalities that the fusion is shown; fewer than there are where that was decided on a smaller set
    why : in words
    """

    fusion: bool
    single: str
    asked: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Router:
    """A choice for every availability pattern (``a+b``), as a study decided it; for others that of the nearest smaller one.

    Parameters
    ----------
    choices : pattern -> Choice
    order : singles, the best first, for a pattern of which nothing is known

    Examples
    --------
    >>> router = Router({"a+b": Choice(True, "a/linear", ("a", "b"), "not inferior")}, ("a/linear", "b/forest"))
    >>> router.choose("a+b").fusion, router.choose("b").single
    (True, 'b/forest')
    """

    choices: Mapping[str, Choice]
    order: tuple[str, ...] = field(default=())

    def choose(self, pattern: str) -> Choice:
        """What answers a row with these modalities."""
        if pattern in self.choices:
            return self.choices[pattern]
        names = frozenset(pattern.split("+"))
        smaller = [known for known in self.choices if frozenset(known.split("+")) < names]
        if smaller:
            nearest = max(smaller, key=lambda known: (known.count("+"), known))
            found = self.choices[nearest]
            return Choice(found.fusion, found.single, found.asked, f"not tried: as {nearest}")
        left = [single for single in self.order if single.split("/")[0] in names]
        if not left:
            raise ValueError(f"a pattern must be of the model's modalities, but {pattern!r} came.")
        why = "not tried: the best single left" if self.choices else "the best single left"
        return Choice(False, left[0], tuple(sorted(names)), why)

    def to_dict(self) -> dict[str, Any]:
        return {"order": list(self.order), "choices": {name: asdict(choice) for name, choice in self.choices.items()}}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Router:
        choices = {
            name: Choice(bool(own["fusion"]), str(own["single"]), tuple(own["asked"]), str(own["why"]))
            for name, own in data["choices"].items()
        }
        return cls(choices, tuple(data["order"]))


def route_by_study(missing: Mapping[str, Any] | None, fusion: str | None, singles: Sequence[str]) -> Router:
    """The router of a study.

    Parameters
    ----------
    missing : what `Study.missing` measured, of the fusion that is deployed; None if it was not measured
    fusion : the fusion that is deployed, or None where the best single is
    singles : the best single of each modality, the best first

    Notes
    -----
    Without a measurement the fusion answers rows that have every modality, for which the verdict was given, and the best
    single that is left answers all others. Where a study names another single of a modality than the model keeps (its best
    over the first repeat alone), the model's own speaks for the modality.
    """
    everything = tuple(sorted(single.split("/")[0] for single in singles))
    if fusion is None:
        return Router({}, tuple(singles))
    if missing is None or missing["fusion"] != fusion:
        why = "the verdict is about such rows; asking fewer of their modalities was not tried"
        return Router({"+".join(everything): Choice(True, singles[0], everything, why)}, tuple(singles))
    own = {single.split("/")[0]: single for single in singles}
    choices = {
        row["pattern"]: Choice(
            row["route"] == "fusion", own[row["single"].split("/")[0]], tuple(row["asked"].split("+")), row["why"]
        )
        for row in missing["patterns"]
    }
    return Router(choices, tuple(singles))
