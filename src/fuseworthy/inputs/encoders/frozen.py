"""Pretrained networks over decoded files: rows come in as their kind decodes them, and are read in batches.

Files may be decoded by other processes; the network itself is loaded once, here, and uses all the threads it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fuseworthy.errors import require
from fuseworthy.inputs.encoder_names import gives_tokens, is_frozen, network_name, source_of
from fuseworthy.inputs.encoders.spectra import pool_neighbours
from fuseworthy.inputs.encoders.weights import weights_digest, weights_folder
from fuseworthy.inputs.media.describing import Described, DescribedRow, Prepared, pooled
from fuseworthy.inputs.recordings import Recording

MOST_FRAMES = 100
"""Frames of a sound after neighbours are averaged."""
LARGEST = 65_504.0
"""Largest number of 16 bits."""
Floats = NDArray[np.float32]


class Network(Protocol):
    """A loaded model."""

    batch: int
    """Items that go through it at once."""

    def read(self, items: Sequence[Any]) -> Iterator[tuple[Floats, Floats]]:
        """What it makes of each item: a vector, (d,), and tokens, (t, d')."""
        ...


def weights_of(encoder: str) -> str:
    """What tells the weights of an encoder from others; "" of one that needs none.

    Raises
    ------
    InputError
        See `weights_folder`.
    """
    source = source_of(encoder)[1]
    if not is_frozen(encoder) and not source:
        return ""
    if source:
        return weights_digest(weights_folder(encoder, source, "transformers"))
    require("torch", extra="deep")
    weights = import_module("fuseworthy.inputs.encoders.efficientnet").WEIGHTS
    return f"{weights.name} {weights.version}"


def read_rows(recording: Recording, views: Sequence[str], rows: Iterable[DescribedRow]) -> Iterator[DescribedRow]:
    """The rows in their order, with the views that networks give."""
    encoders = {view: recording.views[view] for view in views if is_frozen(recording.views[view])}
    if not encoders:
        yield from rows
        return
    networks = {name: _load(recording, name) for name in sorted({network_name(e) for e in encoders.values()})}
    fewest = max(network.batch for network in networks.values())
    waiting: list[DescribedRow] = []
    items = 0
    for row in rows:
        waiting.append(row)
        items += sum(len(own) for part in row.prepared for own in part.items.values())
        if items >= fewest:
            _fill(waiting, encoders, networks)
            yield from waiting
            waiting, items = [], 0
    _fill(waiting, encoders, networks)
    yield from waiting


def _load(recording: Recording, name: str) -> Network:
    source = source_of(name)[1]
    if not source:
        require("torch", extra="deep")
        return import_module("fuseworthy.inputs.encoders.efficientnet").Pictures()  # type: ignore[no-any-return]
    folder = weights_folder(name, source, "transformers")
    module = import_module("fuseworthy.inputs.encoders.pretrained_media")
    if recording.kind == "audio":
        return module.Sounds(folder, recording.options["rate"])  # type: ignore[no-any-return]
    return module.Pictures(folder)  # type: ignore[no-any-return]


def _fill(rows: Sequence[DescribedRow], encoders: Mapping[str, str], networks: Mapping[str, Network]) -> None:
    for name, network in networks.items():
        items = [item for row in rows for part in row.prepared for item in part.items.get(name, ())]
        steps = (items[start : start + network.batch] for start in range(0, len(items), network.batch))
        found = (made for step in steps for made in network.read(step))
        for row in rows:
            made = [(part, [next(found) for _ in part.items.get(name, ())]) for part in row.prepared]
            for view, encoder in encoders.items():
                if made and network_name(encoder) == name:
                    described = [_described(part, own, gives_tokens(encoder)) for part, own in made]
                    row.views[view] = pooled(described)
    for row in rows:
        row.prepared = []


def _described(part: Prepared, made: Sequence[tuple[Floats, Floats]], tokens: bool) -> Described:
    """What a network makes of one part: of a picture, of the frames of a film, or of a sound."""
    if part.seconds is not None:
        if not tokens:
            return Described(made[0][0])
        frames = made[0][1]
        middle = (np.arange(len(frames)) + 0.5) * part.seconds / len(frames)
        values, times = pool_neighbours(frames, middle, MOST_FRAMES)
        return Described(_halved(values), times)
    if part.times is None:
        return Described(_halved(made[0][1]) if tokens else made[0][0])
    vectors = np.stack([vector for vector, _ in made])
    return Described(_halved(vectors), part.times) if tokens else Described(vectors.mean(axis=0))


def _halved(values: Floats) -> NDArray[np.float16]:
    """Tokens in 16 bits: they are many, and networks read them in few digits."""
    return np.clip(values, -LARGEST, LARGEST).astype(np.float16)
