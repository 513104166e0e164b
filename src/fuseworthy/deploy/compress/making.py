"""Which candidates a model has, by name, and how those that need no fitting are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fuseworthy.deploy.compress.candidate import KINDS, ORIGINAL, Candidate, Graphed, NotFeasibleError
from fuseworthy.deploy.compress.precision import in_single
from fuseworthy.deploy.compress.pruning import pruned
from fuseworthy.deploy.compress.quantised import with_int8_products, with_int8_weights
from fuseworthy.deploy.router import Router
from fuseworthy.errors import InputError, nearest

if TYPE_CHECKING:
    from fuseworthy.deploy.model import Model

SHARES = {"pruned:half": 0.5, "pruned:quarter": 0.25}
"""Pruned candidates and the share that is left."""
TITLES = {
    "float32": "single precision",
    "int8": "weights and products in 8 bits",
    "int8-weights": "weights in 8 bits",
    "pruned:half": "half of its trees, networks and hidden units",
    "pruned:quarter": "a quarter of its trees, networks and hidden units",
}


def original_of(model: Model) -> Candidate:
    """The model as it is."""
    return Candidate(ORIGINAL, "as it is", "double precision", model, Graphed.of(model))


def names_of(model: Model, only: Sequence[str] | None) -> list[str]:
    """The candidates asked for, in their order; all of them if nothing is asked for.

    Parameters
    ----------
    only : kinds (``pruned``), or candidates (``distilled:review``)

    Raises
    ------
    InputError
        There is no such candidate.
    """
    modalities = sorted(model.modalities)
    known = ["float32", "int8", "int8-weights", *SHARES, *(f"single:{m}" for m in modalities)]
    known += ["distilled", *(f"distilled:{m}" for m in modalities)]
    for word in only or ():
        if word not in known and word not in KINDS:
            raise InputError(
                f"only must name what a model can be compressed to, but {word!r} came: {nearest(word, [*known, *KINDS])}."
            )
    return [name for name in known if not only or name in only or name.split(":")[0] in only]


def made(name: str, original: Candidate) -> Candidate:
    """A candidate that needs no fitting.

    Raises
    ------
    NotFeasibleError
        This model has nothing of the kind.
    """
    model = original.model
    if name in ("float32", "int8", "int8-weights"):
        content = in_single(original.graph.content)
        told = "every number in 32 bits instead of 64"
        if name != "float32":
            content, told = (with_int8_products if name == "int8" else with_int8_weights)(content)
            told = f"{told}, the rest in 32"
        graph = replace(original.graph, content=content)
        return Candidate(name, TITLES[name], told, model, graph, is_exact=False)
    if name in SHARES:
        smaller, told = pruned(model, SHARES[name])
        return Candidate(name, TITLES[name], told, smaller, Graphed.of(smaller))
    return _cut_out(name, model)


def _cut_out(name: str, model: Model) -> Candidate:
    """One of the model's own singles, by itself."""
    modality = name.removeprefix("single:")
    if len(model.modalities) == 1:
        raise NotFeasibleError("the model has one modality and is its single")
    own = model.single_of[modality]
    smaller = replace(
        model,
        modalities={modality: model.modalities[modality]},
        encodings={modality: model.encodings[modality]},
        singles={own: model.singles[own]},
        fusion=None,
        router=Router({}, (own,)),
        threshold=None,
    )
    return Candidate(name, f"{modality} alone, by the model's own single", own, smaller, Graphed.of(smaller))


def why_not_distilled(model: Model) -> str | None:
    """Why a model cannot be distilled; None where it can."""
    if model.fusion is None or len(model.modalities) < 2:
        return "the model deploys no fusion, so a modality has nothing to be taught by the others"
    return None
