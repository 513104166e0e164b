"""The fusion networks by name, as strategies: which class, how large, and how they are trained."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from fuseworthy.errors import InputError, nearest, require
from fuseworthy.strategies.catalogue import GROUPS, NEURAL, REMEDIES, hybrid_pairs
from fuseworthy.strategies.hybrids import FoundHybrid
from fuseworthy.strategies.neural import Make, Neural
from fuseworthy.strategies.remedies import Blended

if TYPE_CHECKING:
    from fuseworthy.inputs.blocks import Block
    from fuseworthy.strategies.strategy import FusionStrategy
    from fuseworthy.strategies.training.objectives import Objective

WIDTH = 64
DROPOUT = {
    "token-transformer": 0.2,
    "cross-attention": 0.2,
    "crossmodal": 0.5,
    "interleaved": 0.4,
    "bottleneck": 0.5,
    "perceiver": 0.3,
    "modality-weights": 0.4,
    "evidential": 0.5,
    "energy-weighted": 0.5,
}
POOLED_DROPOUT = 0.5
"""Where a modality is noise, less lets networks learn it by heart (benchmarks/LEDGER.md)."""
SEQUENCE_DROPOUT = 0.3
"""The most where a modality is a sequence: with more, bottleneck and interleaved stop before they have found which
token matters."""
STACKED = ("concat", "modality-weights", "gated", "film", "product-of-experts")
"""Networks of a few small linear maps, copies of which are trained as one program (see `benchmarks/heads.py`)."""


def network_named(name: str) -> FusionStrategy:
    """The strategy of a network's name.

    Raises
    ------
    InputError
        There is none of this name.
    MissingExtraError
        torch is not installed.
    """
    require("torch", extra="deep")
    if pair := hybrid_pairs(name):
        return FoundHybrid(pair)
    if name not in NEURAL:
        raise InputError(f"a network must be one this version has, but {name!r} came: {nearest(name, NEURAL)}.")
    if name == "hybrid":
        return FoundHybrid()
    if name in REMEDIES:
        return _remedy(name)
    gentle = _make(name, min(_dropout(name), SEQUENCE_DROPOUT))
    return Neural(_make(name), gentle, stacked=name in STACKED, tokens=name in GROUPS["attention"])


def single_network(views: Mapping[str, Block]) -> FusionStrategy:
    """The network that reads one modality alone: over its tokens where it is a sequence, over one vector if not."""
    sequences = any(block.form == "tokens" for block in views.values())
    return network_named("token-transformer" if sequences else "concat")


def _dropout(name: str) -> float:
    return DROPOUT.get(name, POOLED_DROPOUT)


def _make(name: str, dropout: float | None = None) -> Make:
    from fuseworthy.nn import FUSIONS

    return partial(_network, FUSIONS[name], _dropout(name) if dropout is None else dropout)


def _network(kind: type, dropout: float, inputs: dict[str, int], outputs: int):  # type: ignore[no-untyped-def]
    return kind(inputs=inputs, outputs=outputs, width=WIDTH, dropout=dropout)


def _remedy(name: str) -> FusionStrategy:
    from fuseworthy.strategies.training.objectives import Auxiliary, Modulated, Pareto

    if name == "concat-blending":
        return Blended(_make("concat"))
    objectives: dict[str, Objective] = {
        "concat-auxiliary": Auxiliary(),
        "concat-pareto": Pareto(),
        "concat-modulated": Modulated(),
    }
    return Neural(_make("concat"), stacked=True, objective=objectives[name])
