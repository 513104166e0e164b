"""What might take a model's place: a graph, the model it is of, and what was done to get it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fuseworthy.deploy.export.write import built
from fuseworthy.task import Floats

if TYPE_CHECKING:
    from fuseworthy.deploy.export.described import Outputs
    from fuseworthy.deploy.export.routing import Table
    from fuseworthy.deploy.export.rows import Input
    from fuseworthy.deploy.model import Model

ORIGINAL = "original"
KINDS = ("float32", "int8", "int8-weights", "pruned", "single", "distilled")
"""What can be asked for; all but the first three have several candidates, such as ``single:review``."""


class NotFeasibleError(Exception):
    """A candidate cannot be made of this model, for the reason given; it is left out and named."""


@dataclass(frozen=True)
class Graphed:
    """A graph with its inputs, its outputs and its router's table."""

    content: bytes
    inputs: Sequence[Input]
    outputs: Outputs
    table: Table

    @classmethod
    def of(cls, model: Model) -> Graphed:
        """A model's graph in double precision.

        Raises
        ------
        InputError
            A part has no form in ONNX.
        """
        return cls(*built(model))


@dataclass(frozen=True)
class Candidate:
    """A graph that may answer in the original's place.

    Parameters
    ----------
    name : ``int8``, ``distilled:review``, …
    title : what it is
    told : what was done to get it
    model : the model that it is the graph of, or was made from
    graph : Graphed
    is_exact : whether the graph answers as the model does; else it was rounded
    answers : (n, width) for every unseen row, out of fold where it was fitted on them; None to ask the graph
    """

    name: str
    title: str
    told: str
    model: Model
    graph: Graphed
    is_exact: bool = True
    answers: Floats | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """The modalities that it reads."""
        return tuple(sorted(self.model.modalities))

    @property
    def is_fitted(self) -> bool:
        """Whether it learned from the unseen rows."""
        return self.answers is not None
