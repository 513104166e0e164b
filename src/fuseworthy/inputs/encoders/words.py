"""Text columns to a Block of counts: words, word pairs and character runs, counted once for all folds.

A count is a pure function of its own row and of the vocabulary. Which columns are used, and with what weight (TF-IDF),
is learned inside each training part; that gives exactly what fitting the vectoriser there would, without counting again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from fuseworthy.errors import InputError, first_line
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.limits import LONGEST_TEXT

WORDS: dict[str, Any] = {"ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b", "min_df": 2}
RUNS: dict[str, Any] = {"analyzer": "char_wb", "ngram_range": (3, 4), "min_df": 3}


def join_texts(table: pa.Table) -> tuple[list[str], NDArray[np.bool_], int]:
    """One document a row from all text columns, whether it says anything, and how many were cut."""
    columns = [pc.fill_null(_text(table, name), "") for name in table.column_names]
    joined = pc.binary_join_element_wise(*columns, "\n") if len(columns) > 1 else columns[0]
    texts = [text.strip() for text in joined.to_pylist()]
    cut = sum(len(text) > LONGEST_TEXT for text in texts)
    return [text[:LONGEST_TEXT] for text in texts], np.array([bool(text) for text in texts]), cut


@dataclass(frozen=True)
class CountsEncoding:
    """The tokens that are counted, segment by segment.

    Parameters
    ----------
    modality : str
    columns : text columns, read as one document
    alone : those of them that are counted on their own as well
    vocabularies : the tokens of each segment: words of the document, words of each column alone, character runs
    """

    modality: str
    columns: tuple[str, ...]
    alone: tuple[str, ...]
    vocabularies: tuple[tuple[str, ...], ...]
    view: ClassVar[str] = "counts"

    def encode(self, table: pa.Table) -> Block:
        """Counts in segments, (n, d) CSR; tokens that are in no vocabulary are not counted.

        ``meta["segments"]`` holds (start, stop, weight) of each segment.
        """
        texts, present, cut = join_texts(table.select(list(self.columns)))
        segments = [texts, *(column_texts(table, name) for name in self.alone), texts]
        parts = [_counts(counter, segment) for counter, segment in zip(self._counters, segments, strict=True)]
        return _block(self.modality, parts, present, cut)

    @cached_property
    def _counters(self) -> list[Any]:
        settings = [*(WORDS for _ in self.vocabularies[1:]), RUNS]
        return [_counter(tokens, s) if tokens else None for tokens, s in zip(self.vocabularies, settings, strict=True)]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_counters"}

    def to_dict(self) -> dict[str, Any]:
        return {
            "view": self.view,
            "modality": self.modality,
            "columns": list(self.columns),
            "alone": list(self.alone),
            "vocabularies": [list(tokens) for tokens in self.vocabularies],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CountsEncoding:
        vocabularies = tuple(tuple(tokens) for tokens in data["vocabularies"])
        return cls(data["modality"], tuple(data["columns"]), tuple(data["alone"]), vocabularies)


def learn_counts(modality: str, table: pa.Table) -> tuple[CountsEncoding, Block]:
    """The vocabulary of a table's texts, and the table as it encodes it, in one pass over the texts.

    A word in a title may mean more than the same word in a body, so where several columns make one document, each but
    the longest is counted on its own as well.
    """
    texts, present, cut = join_texts(table)
    alone = shorter_columns(table)
    segments = [(texts, WORDS), *((column_texts(table, name), WORDS) for name in alone), (texts, RUNS)]
    counted = [_learn(segment, settings) for segment, settings in segments]
    encoding = CountsEncoding(modality, tuple(table.column_names), alone, tuple(tokens for _, tokens in counted))
    return encoding, _block(modality, [counts for counts, _ in counted], present, cut)


def encode_counts(modality: str, table: pa.Table) -> Block:
    """Counts of the table's texts by their own vocabulary; see `CountsEncoding.encode`."""
    return learn_counts(modality, table)[1]


def column_texts(table: pa.Table, name: str) -> list[str]:
    """The texts of one column, "" where there is none."""
    return [(cell or "")[:LONGEST_TEXT] for cell in _text(table, name).to_pylist()]


def _text(table: pa.Table, name: str) -> Any:
    try:
        return table[name].cast(pa.string())
    except pa.ArrowException as error:
        raise InputError(
            f"a column of text must hold text, but {name!r} has type {table[name].type}: {first_line(error)}. Make it text."
        ) from error


def shorter_columns(table: pa.Table) -> tuple[str, ...]:
    """Every column but the one with the most characters."""
    sizes = {name: sum(map(len, column_texts(table, name))) for name in table.column_names}
    longest = max(sizes, key=lambda name: sizes[name])
    return tuple(name for name in sizes if name != longest)


def _block(modality: str, parts: list[Any], present: NDArray[np.bool_], cut: int) -> Block:
    edges = np.cumsum([0, *(part.shape[1] for part in parts)]).tolist()
    weights = [1.0] * (len(parts) - 1) + [0.5]
    segments = [list(s) for s in zip(edges[:-1], edges[1:], weights, strict=True)]
    values = sparse.csr_array(sparse.hstack(parts, format="csr"))
    values.sort_indices()  # sums over a row are then the same whether its words were learned or only counted
    return Block(modality, "counts", values, present, {"segments": segments, "cut": cut})


def _learn(texts: list[str], settings: dict[str, Any]) -> tuple[Any, tuple[str, ...]]:
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(dtype=np.float32, **settings)
    try:
        counts = counter.fit_transform(texts)
    except ValueError:  # no token occurs often enough: this segment has no columns
        return _counts(None, texts), ()
    return counts, tuple(counter.get_feature_names_out().tolist())


def _counter(tokens: tuple[str, ...], settings: dict[str, Any]) -> Any:
    from sklearn.feature_extraction.text import CountVectorizer

    how = {name: value for name, value in settings.items() if name != "min_df"}
    return CountVectorizer(dtype=np.float32, vocabulary=list(tokens), **how)


def _counts(counter: Any, texts: list[str]) -> Any:
    return sparse.csr_matrix((len(texts), 0), dtype=np.float32) if counter is None else counter.transform(texts)
