"""``export.json``: what a caller must know to ask a graph, without anything of ours."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fuseworthy.deploy.export.files import FORMAT, GRAPH, TOLERANCE
from fuseworthy.deploy.export.parity import Parity, fed, padded
from fuseworthy.deploy.export.rows import Input
from fuseworthy.deploy.probe import probe_blocks
from fuseworthy.inputs.encoders.words import RUNS, WORDS
from fuseworthy.strategies.hidden import hidden, visible_sets
from fuseworthy.strategies.part import Blocks
from fuseworthy.task import Floats

if TYPE_CHECKING:
    from fuseworthy.deploy.export.routing import Table
    from fuseworthy.deploy.model import Model

LARGEST_PROBE = 1 << 16
"""Numbers of an input of the probe that are written out; larger ones are left to their digest."""
READS = {
    "counts": "how often each token of the vocabularies occurs, segment after segment, as scikit-learn's CountVectorizer "
    "counts with the settings below and lowercase: words of the document (its columns joined by a newline, the first "
    "100,000 characters), of each column in 'alone' by itself, then character runs of the document",
    "words": "each lower-cased word as 64 signs over 8: the bits of its BLAKE2b digest of 8 bytes, the highest first; the "
    "first 128 words of the document (its columns joined by a newline); one vector of zeros for a text without words",
    "cells": "a number for each feature of the columns; NaN for a cell that is missing; a category is its place in levels, "
    "NaN if it is not among them; a moment is its days since origin, month, weekday from Monday 0, and hour",
    "vectors": "the numbers of the row's vector, as its encoder gives them",
    "tokens": "the row's vectors in their order, as their encoder gives them",
}
STEPS_READ = "; padding is not read. A batch has two steps at least: pad where all sequences have one vector"


@dataclass(frozen=True)
class Outputs:
    """The graph's outputs by what they are, and the routes that ``route`` counts."""

    prediction: str
    route: str
    fusion: str | None
    singles: Mapping[str, str]
    routes: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        return [self.prediction, self.route, *([self.fusion] if self.fusion else []), *self.singles.values()]


def description(
    model: Model,
    content: bytes,
    inputs: Sequence[Input],
    outputs: Outputs,
    table: Table,
    parity: Parity,
    versions: Mapping[str, str],
    answered: Callable[[Blocks], Floats] | None = None,
) -> dict[str, Any]:
    """Everything about a graph, for JSON; ``answered`` says what it answers where that is not what the model does."""
    return {
        "format": FORMAT,
        "file": GRAPH,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "versions": dict(versions),
        "model": model.name,
        "target": model.target,
        "task": model.task.to_dict(),
        "classes": list(model.task.classes),
        "prior": model.prior.tolist(),
        "threshold": model.threshold,
        "modalities": {name: own.to_dict() for name, own in model.modalities.items()},
        "about": dict(model.about),
        "inputs": [_input(model, own) for own in inputs],
        "outputs": {
            "prediction": outputs.prediction,
            "route": outputs.route,
            "fusion": outputs.fusion,
            "singles": dict(outputs.singles),
        },
        "router": _router(model, table),
        "parity": asdict(parity) | {"tolerance": TOLERANCE},
        "probe": _probe(model, inputs, answered or (lambda blocks: model.answer_blocks(blocks).prediction)),
    }


def _input(model: Model, own: Input) -> dict[str, Any]:
    found: dict[str, Any] = asdict(own) | {"shape": list(own.shape)}
    if own.view is None:
        return found | {"reads": "whether the row has the modality; where it has not, its values are not read"}
    if own.role == "mask":
        return found | {"reads": f"true where there is a vector{STEPS_READ}"}
    if own.role == "times":
        return found | {"reads": "when each vector was taken"}
    encoding = model.encodings[own.modality][own.view]
    form = own.view if own.view in READS else "tokens" if len(own.shape) == 3 else "vectors"
    found |= {"reads": READS[form], "columns": list(encoding.columns), "encoding": encoding.to_dict()}
    if form != "counts":
        return found
    settings = [*(WORDS for _ in found["encoding"]["vocabularies"][1:]), RUNS]
    return found | {"settings": [{name: how for name, how in own.items() if name != "min_df"} for own in settings]}


def _router(model: Model, table: Table) -> dict[str, Any]:
    """Number of a set of modalities -> who answers it, and why."""
    sets = [[m for i, m in enumerate(table.names) if number >> i & 1] for number in range(len(table.route))]
    why = ["no modality", *(model.router.choose("+".join(own)).why for own in sets[1:])]
    return {
        "modalities": list(table.names),
        "routes": list(table.routes),
        "sets": [
            {
                "modalities": own,
                "route": int(route),
                "shown": [m for m, has in zip(table.names, shown, strict=True) if has],
                "why": reason,
            }
            for own, route, shown, reason in zip(sets, table.route, table.shown, why, strict=True)
        ],
    }


def _probe(model: Model, inputs: Sequence[Input], answered: Callable[[Blocks], Floats]) -> dict[str, Any]:
    """Rows drawn at random, and what must be answered with every set of modalities shown."""
    blocks = padded(probe_blocks(model))
    answers = {"+".join(s): answered(hidden(blocks, s)).tolist() for s in visible_sets(list(model.modalities))}
    arrays = fed(blocks, inputs)
    return {
        "inputs": {name: _written(array) for name, array in arrays.items()},
        "prediction": answers,
    }


def _written(array: Any) -> dict[str, Any]:
    """An input of the probe; null is NaN."""
    found: dict[str, Any] = {"shape": list(array.shape), "sha256": hashlib.sha256(array.tobytes()).hexdigest()}
    if array.size > LARGEST_PROBE:
        return found
    values = np.array(array, dtype=object)
    values[np.isnan(array.astype(np.float64))] = None
    return found | {"values": values.tolist()}
