"""Text columns through a pretrained model: one vector a row, or tokens. The model is frozen and learns nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fuseworthy.errors import InputError
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.encoder_names import source_of
from fuseworthy.inputs.encoders.weights import weights_digest, weights_folder
from fuseworthy.inputs.encoders.words import join_texts

Tell = Callable[[int], None]
"""Called with the rows that are done."""
EXTRAS = {"minilm": "minilm", "model2vec": "model2vec", "hf": "transformers", "hf-tokens": "transformers"}
"""Families of pretrained text encoders, and the extra that each needs."""
_MODULES = {"minilm": "minilm", "model2vec": "static", "hf": "sentences", "hf-tokens": "sentences"}


@dataclass(frozen=True)
class EmbeddedTexts:
    """The text columns that make a document, and which model reads them.

    Parameters
    ----------
    modality : str
    columns : tuple of str
    view : str
    encoder : str
        As the user spelled it.
    weights : str
        What tells the model's weights from others.
    """

    modality: str
    columns: tuple[str, ...]
    view: str
    encoder: str
    weights: str

    def encode(self, table: pa.Table, tell: Tell | None = None) -> Block:
        """Vectors (n, d) float32, or tokens (n, t, d) float16.

        Raises
        ------
        InputError
            The model is gone, or is another one than when this was learned.
        MissingExtraError
        DatasetError
        """
        folder = _folder(self.encoder)
        if (found := weights_of(self.encoder)) != self.weights:
            raise InputError(
                f"{self.encoder} must be the model that its encoding was learned with, but its weights have changed "
                f"(sha256 {found[:12]}, not {self.weights[:12]}). Restore them, or learn again."
            )
        texts, present, cut = join_texts(table.select(list(self.columns)))
        rows = np.flatnonzero(present)
        family = source_of(self.encoder)[0]
        embed = import_module(f"fuseworthy.inputs.encoders.{_MODULES[family]}").embed
        own = [texts[i] for i in rows]
        if family != "hf-tokens":
            values = embed(folder, own, tell)
            return Block(self.modality, self.view, spread(values, rows, len(texts)), present, {"cut": cut})
        tokens, mask = import_module(f"fuseworthy.inputs.encoders.{_MODULES[family]}").embed_tokens(folder, own, tell)
        wide = spread(mask, rows, len(texts))
        return Block(self.modality, self.view, spread(tokens, rows, len(texts)), present, {"cut": cut}, wide)

    def to_dict(self) -> dict[str, Any]:
        return {
            "view": self.view,
            "modality": self.modality,
            "columns": list(self.columns),
            "encoder": self.encoder,
            "weights": self.weights,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> EmbeddedTexts:
        return cls(data["modality"], tuple(data["columns"]), data["view"], data["encoder"], data["weights"])


def learn_embedded(
    modality: str, table: pa.Table, view: str, encoder: str, tell: Tell | None = None
) -> tuple[EmbeddedTexts, Block]:
    """Which model reads a table's columns, and what it makes of them."""
    encoding = EmbeddedTexts(modality, tuple(table.column_names), view, encoder, weights_of(encoder))
    return encoding, encoding.encode(table, tell)


def weights_of(encoder: str) -> str:
    """What tells the weights of an encoder from others: sha256 of its files, or the pinned package's name and version.

    Raises
    ------
    InputError
        See `weights_folder`.
    """
    folder = _folder(encoder)
    if folder is not None:
        return weights_digest(folder)
    from fuseworthy.inputs.encoders.minilm import WEIGHTS

    return f"{WEIGHTS.name} {WEIGHTS.version}"


def spread(values: NDArray[Any], rows: Sequence[int] | NDArray[np.int64], n: int) -> NDArray[Any]:
    """The rows that have the modality among all n, zero elsewhere; no copy where all have it."""
    if len(rows) == n:
        return values
    found = np.zeros((n, *values.shape[1:]), dtype=values.dtype)
    found[rows] = values
    return found


def _folder(encoder: str) -> Path | None:
    family, source = source_of(encoder)
    return weights_folder(encoder, source, EXTRAS[family]) if source else None
