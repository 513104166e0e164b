"""Text columns to a Block of counts: words, word pairs and character runs, counted once for all folds.

A count is a pure function of its own row. Which columns are used, and with what weight (TF-IDF), is learned inside
each training part; that gives exactly what fitting the vectoriser there would, without counting again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from fuseworthy.inputs.blocks import Block

LONGEST = 100_000
"""Characters of a text that are read; longer texts are cut, and counted in the notices."""

WORDS: dict[str, Any] = {"ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b", "min_df": 2}
RUNS: dict[str, Any] = {"analyzer": "char_wb", "ngram_range": (3, 4), "min_df": 3}


def join_texts(table: pa.Table) -> tuple[list[str], NDArray[np.bool_], int]:
    """One document a row from all text columns, whether it says anything, and how many were cut."""
    columns = [pc.fill_null(table[name].cast(pa.string()), "") for name in table.column_names]
    joined = pc.binary_join_element_wise(*columns, "\n") if len(columns) > 1 else columns[0]
    texts = [text.strip() for text in joined.to_pylist()]
    cut = sum(len(text) > LONGEST for text in texts)
    return [text[:LONGEST] for text in texts], np.array([bool(text) for text in texts]), cut


def encode_counts(modality: str, table: pa.Table) -> Block:
    """Counts in segments, (n, d) CSR: words of all columns, words of each shorter column alone, character runs.

    A word in a title may mean more than the same word in a body, so where several columns make one document, each but
    the longest is counted on its own as well. ``meta["segments"]`` holds (start, stop, weight) of each segment.
    """
    texts, present, cut = join_texts(table)
    parts = [_count(texts, WORDS), *(_count(column, WORDS) for column in shorter_columns(table)), _count(texts, RUNS)]
    edges = np.cumsum([0, *(part.shape[1] for part in parts)]).tolist()
    weights = [1.0] * (len(parts) - 1) + [0.5]
    segments = [list(s) for s in zip(edges[:-1], edges[1:], weights, strict=True)]
    values = sparse.csr_array(sparse.hstack(parts, format="csr"))
    return Block(modality, "counts", values, present, {"segments": segments, "cut": cut})


def shorter_columns(table: pa.Table) -> list[list[str]]:
    """The texts of every column but the longest."""
    columns = [
        [(cell or "")[:LONGEST] for cell in table[name].cast(pa.string()).to_pylist()] for name in table.column_names
    ]
    sizes = [sum(map(len, column)) for column in columns]
    return [column for i, column in enumerate(columns) if i != int(np.argmax(sizes))]


def _count(texts: list[str], settings: dict[str, Any]) -> Any:
    from sklearn.feature_extraction.text import CountVectorizer

    try:
        return CountVectorizer(dtype=np.float32, **settings).fit_transform(texts)
    except ValueError:  # no token occurs often enough: this segment has no columns
        return sparse.csr_matrix((len(texts), 0), dtype=np.float32)
