"""Words as tokens, without a vocabulary: each word is a fixed pseudo-random vector made from a hash of it.

Random signs keep words apart as nearly orthogonal directions (Kanerva, Kristoferson & Holst 2000, "Random indexing";
Achlioptas 2003, "Database-friendly random projections"), and a linear map learned on top of them is an embedding of words
that share no row (compare Svenstrup, Hansen & Winther 2017, "Hash embeddings"). Nothing is learned, so new words work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.encoders.words import WORDS, join_texts

DIMENSIONS = 64
MOST_WORDS = 128
"""Words of a text that are read; the rest is cut, and counted in the notices."""
_WORD = re.compile(WORDS["token_pattern"])


@dataclass(frozen=True)
class HashedEncoding:
    """The text columns that make a document; the vectors of words are fixed."""

    modality: str
    columns: tuple[str, ...]
    view: ClassVar[str] = "words"

    def encode(self, table: pa.Table) -> Block:
        """Words in their order, (n, t, 64) with t at most 128; see `encode_hashed`."""
        return encode_hashed(self.modality, table.select(list(self.columns)))

    def to_dict(self) -> dict[str, Any]:
        return {"view": self.view, "modality": self.modality, "columns": list(self.columns)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> HashedEncoding:
        return cls(data["modality"], tuple(data["columns"]))


def learn_hashed(modality: str, table: pa.Table) -> tuple[HashedEncoding, Block]:
    """The columns of a table, and their words."""
    encoding = HashedEncoding(modality, tuple(table.column_names))
    return encoding, encoding.encode(table)


def encode_hashed(modality: str, table: pa.Table) -> Block:
    """Lower-cased words as unit-length tokens, (n, t, 64) float16, which holds their entries of ±⅛ exactly.

    Words are those that the TF-IDF floor counts. A text of signs alone has the modality, as one token of zeros.
    """
    texts, present, cut = join_texts(table)
    words = [_WORD.findall(text.lower()) for text in texts]
    cut += sum(len(own) > MOST_WORDS for own in words)
    words = [own[:MOST_WORDS] for own in words]
    known: dict[str, int] = {}
    places = np.array([known.setdefault(word, len(known) + 1) for own in words for word in own], dtype=np.int64)
    counts = np.array([len(own) for own in words], dtype=np.int64)
    mask = np.arange(max(int(counts.max(initial=1)), 1)) < np.maximum(counts, present)[:, None]
    values = np.zeros((*mask.shape, DIMENSIONS), dtype=np.float16)
    values[np.arange(mask.shape[1]) < counts[:, None]] = word_vectors(list(known))[places - 1]
    return Block(modality, "words", values, present, {"cut": cut}, mask)


def word_vectors(words: Sequence[str]) -> NDArray[np.float16]:
    """The vector of each word, (words, 64): signs by the bits of its 64-bit BLAKE2 digest, at unit length.

    Examples
    --------
    >>> red, blue, again = word_vectors(["red", "blue", "red"]).astype(float)
    >>> float(red @ again), abs(float(red @ blue)) < 0.5
    (1.0, True)
    """
    digests = b"".join(blake2b(word.encode(), digest_size=DIMENSIONS // 8).digest() for word in words)
    bits = np.unpackbits(np.frombuffer(digests, dtype=np.uint8)).reshape(-1, DIMENSIONS)
    return ((bits.astype(np.float16) * 2 - 1) / np.float16(np.sqrt(DIMENSIONS))).astype(np.float16)
