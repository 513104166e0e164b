"""What a network reads that is trained with its fusion: pixels and numbers of tokens, in place of what it makes of them.

A raw block is no view of its modality: learners on ready features never see one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fuseworthy.errors import InputError
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.encoder_names import PIXELS, source_of
from fuseworthy.inputs.encoders.weights import weights_folder
from fuseworthy.inputs.modality import Modality, Text
from fuseworthy.inputs.recordings import Image, Recording

CONV = "conv"
"""The encoder of pictures that is trained from random weights where none of a transformer was named."""


def trainable_encoder(modality: Modality) -> str | None:
    """The encoder of a modality that can be trained with the fusion; None where all it has stays frozen.

    Examples
    --------
    >>> trainable_encoder(Text("note", encoders=("tfidf", "hf-tokens:models/e5"))), trainable_encoder(Image("photo"))
    ('hf:models/e5', 'conv')
    """
    sources = [
        source for family, source in map(source_of, getattr(modality, "encoders", ())) if family.startswith("hf")
    ]
    if isinstance(modality, Image):
        pools = modality.pool is not None
        return None if pools else f"hf:{sources[-1]}" if sources else CONV
    return f"hf:{sources[-1]}" if isinstance(modality, Text) and sources else None


def of_pixels(image: Recording, encoder: str) -> Recording:
    """The same pictures, read as the pixels that an encoder is given."""
    source = source_of(encoder)[1]
    return image.read_by([f"{PIXELS}:{source}" if source else PIXELS])


def picture_pixels(pixels: NDArray[np.uint8], source: str) -> NDArray[np.uint8]:
    """A picture at 64 × 64, (64, 64, 3); or as the processor of a transformer cuts and scales it, (3, height, width)."""
    if not source:
        from fuseworthy.inputs.encoders.pictures import small

        return small(pixels)
    from fuseworthy.inputs.encoders.squares import bounded

    given = _processor(source)(
        images=[bounded(pixels)],
        return_tensors="np",
        input_data_format="channels_last",
        do_rescale=False,
        do_normalize=False,
    )["pixel_values"]
    if np.ndim(given) != 4:
        raise InputError(
            f"pictures must become one array each to train {source}, but its processor gives {np.shape(given)}. "
            "Name another model, or leave out tune_encoders."
        )
    return np.asarray(np.clip(np.rint(given[0]), 0, 255), dtype=np.uint8)


@lru_cache(maxsize=4)
def _processor(source: str) -> Any:
    from fuseworthy.errors import require
    from fuseworthy.inputs.encoders.pretrained_media import load_processor

    transformers = require("transformers", extra="transformers")
    return load_processor(transformers, weights_folder(f"hf:{source}", source, "transformers"))


def stacked_pixels(modality: str, found: list[NDArray[Any]], here: list[int], n: int) -> NDArray[np.uint8]:
    """The pictures of the rows ``here`` among all n, (n, …), zero elsewhere.

    Raises
    ------
    InputError
        They have different sizes.
    """
    if len(sizes := {own.shape for own in found}) > 1:
        first, second = sorted(sizes)[:2]
        raise InputError(
            f"pictures must have one size to train their encoder, but those of {modality!r} come out of the model's "
            f"processor as {first} and {second}. Name a model that cuts pictures to a size, or leave out tune_encoders."
        )
    values = np.zeros((n, *found[0].shape), dtype=np.uint8)
    for row, own in zip(here, found, strict=True):
        values[row] = own
    return values


def token_numbers(modality: str, encoder: str, table: pa.Table) -> Block:
    """The numbers of each text's tokens, (n, t) int32 with t at most 256, and which are real, by a model's tokeniser.

    Raises
    ------
    InputError
        The folder holds no transformer of texts.
    MissingExtraError
    """
    from fuseworthy.inputs.encoders.batching import padded
    from fuseworthy.inputs.encoders.embedded import spread
    from fuseworthy.inputs.encoders.sentences import Reader
    from fuseworthy.inputs.encoders.words import join_texts

    reader = Reader(weights_folder(encoder, source_of(encoder)[1], "transformers"))
    texts, present, cut = join_texts(table)
    rows = np.flatnonzero(present)
    ids, real = padded(reader.tokens_of([texts[i] for i in rows]), reader.tokeniser.pad_token_id or 0)
    wide = [spread(own, rows, len(texts)) for own in (ids.astype(np.int32), real.astype(bool))]
    return Block(modality, "token-numbers", wide[0], present, {"cut": cut, "raw": True}, wide[1])
