"""What it costs to try everything: a whole study with every network, on 10 000 rows with three ready embeddings.

    python benchmarks/whole.py [--jobs 2] [--strategies all]

384, 1 280 and 64 dimensions, of low rank with noise; two modalities interact. Wall-clock time, and the peak memory of
all processes together. Writes ``results/whole.parquet``.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pyarrow as pa

import fuseworthy as fw
from fuseworthy.cli.screen import Screen, show_study
from records import commit, machine, save

DIMENSIONS = {"text": 384, "image": 1280, "sensor": 64}


def rows_of(n: int, seed: int = 0) -> pa.Table:
    """Each modality tells a little alone; image and sensor tell more together."""
    rng = np.random.default_rng(seed)
    sign, bit = rng.choice([-1.0, 1.0], n), rng.choice([-1.0, 1.0], n)
    signals = {
        "text": [0.8 * sign + rng.normal(size=n)],
        "image": [0.6 * sign + rng.normal(size=n), bit],
        "sensor": [0.4 * sign + rng.normal(size=n), 0.8 * bit * sign + rng.normal(size=n)],
    }
    columns = {"id": np.arange(n), "y": np.where(sign > 0, "yes", "no")}
    for name, d in DIMENSIONS.items():
        own = np.column_stack([*signals[name], rng.normal(size=(n, d // 12))])
        values = own @ rng.normal(size=(own.shape[1], d)) / np.sqrt(own.shape[1]) + 0.3 * rng.normal(size=(n, d))
        columns[name] = pa.FixedSizeListArray.from_arrays(pa.array(values.astype(np.float32).ravel()), d)
    return pa.table(columns)


class Watch(threading.Thread):
    """The peak of the memory of this process and its children (proportional set size), in MB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self.done = 0.0, False

    def run(self) -> None:
        while not self.done:
            self.peak = max(self.peak, sum(share_of(pid) for pid in family(os.getpid())))
            time.sleep(2)


def family(pid: int) -> list[int]:
    found = [pid]
    for folder in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in folder.read_text().split():
            found += family(int(child))
    return found


def share_of(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--strategies", default="all")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--out", default=None)
    asked = parser.parse_args()
    table = rows_of(asked.rows)
    watch = Watch()
    watch.start()
    start = time.perf_counter()
    study = fw.compare(
        table,
        "y",
        modalities={name: fw.Embedding(name) for name in DIMENSIONS},
        id="id",
        strategies=asked.strategies.split(","),
        jobs=asked.jobs,
        out=asked.out,
        progress=Screen(),
    )
    seconds = time.perf_counter() - start
    watch.done = True
    show_study(study.facts, str(study.verdict))
    print(f"{seconds:.0f} s wall, {watch.peak:.0f} MB at the peak, {len(study.ledger.strategies)} strategies")
    rows = [
        {
            "strategy": r["name"],
            "family": r["family"],
            "loss": r["loss"],
            "metric": r["metric"],
            "fit_seconds": r["fit_seconds"],
        }
        for r in study.facts["strategies"]
    ]
    about = {"commit": commit(), "machine": machine(), "wall_seconds": seconds, "peak_mb": watch.peak}
    print(save("whole", [row | about for row in rows]))


if __name__ == "__main__":
    main()
