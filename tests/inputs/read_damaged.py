"""Read damaged copies of tables and series, and print a line a kind, how many were read and refused: ``COUNT``.

A process of its own, because damaged Arrow files can end one without a word.
"""

import io
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from bad_inputs import answer_to, mutated

from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.duplicates import cell_codes
from fuseworthy.inputs.encoders.recordings import encode_recording
from fuseworthy.inputs.infer import infer_modalities
from fuseworthy.inputs.recordings import Series
from fuseworthy.inputs.tables import read_table


def table():
    rng, n = np.random.default_rng(0), 60
    return pa.table(
        {
            "id": range(n),
            "text": [f"remark {i} of many" for i in range(n)],
            "kind": pa.array(["a", "b", "c"] * (n // 3)).dictionary_encode(),
            "vector": rng.normal(size=(n, 4)).tolist(),
            "number": rng.normal(size=n),
            "moment": pa.array([1_600_000_000_000 + i for i in range(n)], pa.timestamp("ms")),
            "frames": [[[1.0, 2.0]] * (1 + i % 3) for i in range(n)],
            "flag": [None if i % 7 == 0 else bool(i % 2) for i in range(n)],
        }
    )


def content(kind):
    held, wave = io.BytesIO(), np.random.default_rng(0).normal(size=(100, 2))
    if kind == "parquet":
        pq.write_table(table(), held)
    elif kind in ("arrow", "stream"):
        writer = pa.ipc.new_file if kind == "arrow" else pa.ipc.new_stream
        with writer(held, table().schema) as out:
            out.write_table(table())
    elif kind == "npy":
        np.save(held, wave)
    elif kind == "npz":
        np.savez_compressed(held, wave=wave)
    else:
        pq.write_table(pa.table({"x": wave[:, 0], "y": wave[:, 1]}), held)
    return held.getvalue()


def look_at(damaged, kind, path):
    if kind in ("npy", "npz", "parquet-series"):
        blocks = encode_recording("s", Series("f"), ("statistics",), pa.table({"f": [damaged, content("npy")]}))
        assert all(isinstance(block, Block) and np.isfinite(block.values).all() for block in blocks.values())
        return
    path.write_bytes(damaged)
    found, _ = read_table(path)
    infer_modalities(found, set())
    for name in found.column_names:
        cell_codes(found[name].combine_chunks())


KINDS = ("parquet", "arrow", "stream", "npy", "npz", "parquet-series")


def fuzz(kind, count):
    answers, whole = Counter(), content(kind)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("t.parquet" if kind == "parquet" else "t.arrow")
        for seed in range(count):
            damaged = mutated(whole, np.random.default_rng([20, seed]))
            answers[answer_to(lambda damaged=damaged: look_at(damaged, kind, path), seconds=20)] += 1
    print(kind, dict(answers), flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for kind in KINDS:
        fuzz(kind, int(sys.argv[1]) // len(KINDS) + 1)
