"""How fast is each encoder, and how much does it lose to the bare model that it runs?

    python benchmarks/encoders.py [--images 5000]

Recipes' names and steps, and random pictures of 64 × 64 pixels as PNG, on one thread; CPU seconds, the best of two runs.
The bare model gets batches that are ready; the encoder starts from the cells of the table. Writes
``results/encoders.parquet``.
"""

from __future__ import annotations

import argparse
import io
import os
import time
from collections.abc import Callable
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pyarrow as pa
import torch
from PIL import Image

import fuseworthy as fw
from fuseworthy import datasets
from fuseworthy.inputs.encode import learn
from fuseworthy.inputs.encoders import efficientnet, minilm
from fuseworthy.inputs.encoders.batching import by_length, padded
from fuseworthy.inputs.encoders.recordings import encode_recording
from records import commit, machine, save

LONG = 300
"""Long texts that MiniLM reads."""


def seconds(run: Callable[[], Any]) -> float:
    """CPU seconds, the best of two runs."""
    found = []
    for _ in range(2):
        start = time.process_time()
        run()
        found.append(time.process_time() - start)
    return min(found)


def bare_minilm(texts: list[str]) -> Callable[[], Any]:
    """The session alone, on batches of tokens."""
    import onnxruntime
    import tokenizers

    tokeniser = tokenizers.Tokenizer.from_file(str(minilm.fetch(minilm.TOKENISER) / "tokenizer.json"))
    tokeniser.enable_truncation(minilm.LONGEST_TOKENS)
    tokeniser.no_padding()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    path = str(minilm.fetch(minilm.WEIGHTS) / "model.onnx")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    ids = [encoded.ids for encoded in tokeniser.encode_batch(texts)]
    batches = [
        padded([ids[i] for i in rows], 0) for rows in by_length([len(own) for own in ids], most_rows=minilm.BATCH)
    ]
    known = {given.name for given in session.get_inputs()}
    feeds = [
        {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(mask)} for tokens, mask in batches
    ]
    wanted = [{name: values for name, values in feed.items() if name in known} for feed in feeds]
    return lambda: [session.run(None, feed) for feed in wanted]


def texts() -> list[dict[str, Any]]:
    """MiniLM against its session, and the floors."""
    recipes = datasets.load("recipes")
    rows = []
    for what, own in (("names", recipes["name"].to_pylist()), ("long texts", recipes["steps"].to_pylist()[:LONG])):
        table = pa.table({"t": own})
        bare = seconds(bare_minilm(own))
        rows.append(row("minilm", what, len(own), seconds(lambda t=table: minilm.encode_sentences("t", t)), bare))
    steps = pa.table({"t": recipes["steps"]})
    for view, name in (("counts", "tfidf"), ("words", "words")):
        rows.append(row(name, "long texts", steps.num_rows, seconds(lambda v=view: learn("t", v, steps))))
    return rows


def pictures(n: int) -> list[dict[str, Any]]:
    """EfficientNet against the network alone, and the floors; n pictures."""
    rng, cells = np.random.default_rng(0), []
    for _ in range(n):
        file = io.BytesIO()
        Image.fromarray(rng.integers(0, 255, (64, 64, 3)).astype(np.uint8)).save(file, "PNG")
        cells.append(file.getvalue())
    table = pa.table({"p": cells})
    network = efficientnet.load_network()
    batch = torch.randn(efficientnet.BATCH, 3, 224, 224).contiguous(memory_format=torch.channels_last)

    def bare() -> None:
        with torch.inference_mode():
            for _ in range(n // efficientnet.BATCH):
                network(batch)

    found = []
    for view in ("efficientnet", "statistics", "patches"):
        took = seconds(lambda v=view: encode_recording("p", fw.Image("p", encoders=(v,)), [v], table))
        found.append(row(view, "pictures of 64 × 64", n, took, seconds(bare) if view == "efficientnet" else None))
    return found


def row(encoder: str, what: str, n: int, took: float, bare: float | None = None) -> dict[str, Any]:
    """A line of the table: items a second, and the share of the bare model's rate."""
    share = None if bare is None else bare / took
    print(f"{encoder:14s} {what:20s} {n / took:10.1f} a second" + (f", {share:.1%} of the bare model" if share else ""))
    return {"encoder": encoder, "items": what, "n": n, "per_second": n / took, "share_of_bare": share}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=5000)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    rows = [*texts(), *pictures(asked.images)]
    print(save("encoders", [r | {"commit": commit(), "machine": machine()} for r in rows]))


if __name__ == "__main__":
    main()
