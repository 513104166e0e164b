"""Many at once: what is gained by training small networks as one program, and ridge regressions from sums.

    python benchmarks/heads.py [--batch 64]

One small architecture, 5 folds × 6 seeds, hidden 64, 10 000 rows of 64, 256 and 64 features, 20 passes: as one stacked
program, shared among two processes; against a plain loop (one process, unfused Adam) and against two single-thread
processes with fused Adam that loop. And ridge regression of every subset of three modalities × 5 folds × 10 penalties,
against a loop of scikit-learn. Wall-clock seconds of one run on two processors. Writes ``results/heads.parquet``.
"""

from __future__ import annotations

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from sklearn.linear_model import Ridge

from fuseworthy.nn import FUSIONS
from fuseworthy.strategies.moments import ridge_every_subset
from fuseworthy.strategies.networks import STACKED
from fuseworthy.strategies.training.lesson import Lesson
from fuseworthy.strategies.training.loop import predict, train
from fuseworthy.strategies.training.recipe import Copy, Recipe
from fuseworthy.strategies.training.rows import Rows
from networks import SIZES, matmul_rate, noisy
from records import commit, machine, save

FOLDS, SEEDS, EPOCHS, ROWS = 5, 6, 20, 10_000


def data() -> Rows:
    inputs, y = noisy(ROWS, 0)
    tensors = {m: torch.tensor(x, dtype=torch.float32) for m, x in inputs.items()}
    return Rows(tensors, {}, torch.tensor(y), torch.ones(ROWS))


def copies() -> list[Copy]:
    """A copy for each fold and seed; nothing is watched, so that all pass over the rows equally often."""
    fold = np.arange(ROWS) % FOLDS
    nobody = np.empty(0, dtype=np.int64)
    return [Copy(np.flatnonzero(fold != k), nobody, 10 * k + s) for k in range(FOLDS) for s in range(SEEDS)]


def work(job: tuple[str, int, int, int, bool]) -> np.ndarray:
    """Train every second copy, or all, and predict a few rows."""
    name, first, step, batch, stacked = job
    torch.set_num_threads(1)
    rows = data()
    trained = train(
        lambda: Lesson(FUSIONS[name](inputs=SIZES, outputs=2, width=64)),
        rows,
        copies()[first::step],
        Recipe(batch=batch, epochs=EPOCHS),
        stacked=stacked,
    )
    return predict(trained.modules, rows.take(torch.arange(500)))


def plain(name: str, batch: int) -> None:
    """What one would write first: a loop over copies and batches with Adam as it comes."""
    rows = data()
    for copy in copies():
        torch.manual_seed(copy.seed)
        network = FUSIONS[name](inputs=SIZES, outputs=2, width=64)
        optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
        for _ in range(EPOCHS):
            for index in torch.as_tensor(np.random.default_rng(0).permutation(copy.rows)).split(batch):
                part = rows.take(index)
                loss = torch.nn.functional.cross_entropy(network(part.inputs), part.target)
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimiser.step()


def seconds(action: Any) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def flops(name: str) -> float:
    """Billions of floating-point operations of all copies."""
    from torch.utils.flop_counter import FlopCounterMode

    network = FUSIONS[name](inputs=SIZES, outputs=2, width=64)
    with FlopCounterMode(display=False) as counter:
        network({m: torch.randn(1000, d) for m, d in SIZES.items()})
    return counter.get_total_flops() / 1000 * ROWS * (1 - 1 / FOLDS) * EPOCHS * FOLDS * SEEDS * 3 / 1e9


def heads(name: str, batch: int) -> list[dict[str, Any]]:
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(abs, [1, 2]))  # start both before the clock
        found: dict[str, Any] = {}

        def halves(stacked: bool) -> None:
            jobs = [(name, first, 2, batch, stacked) for first in (0, 1)]
            found[stacked] = np.concatenate(list(pool.map(work, jobs)))

        ours, theirs = seconds(lambda: halves(True)), seconds(lambda: halves(False))
    one = seconds(lambda: work((name, 0, 1, batch, True)))
    by_hand = seconds(lambda: plain(name, batch))
    apart = float(np.abs(found[True] - found[False]).max())
    share = flops(name) / ours / (2 * matmul_rate())
    print(
        f"{name:20s} batch {batch}: stacked in two processes {ours:.1f} s ({share:.0%} of the matmul rate), in one {one:.1f} s; "
        f"two processes with fused Adam {theirs:.1f} s (×{theirs / ours:.2f}); plain loop {by_hand:.1f} s "
        f"(×{by_hand / ours:.2f}; on one thread ×{by_hand / one:.2f}); logits differ by at most {apart:.1e}",
        flush=True,
    )
    measures = {
        "stacked_seconds": ours,
        "stacked_one_process_seconds": one,
        "two_processes_seconds": theirs,
        "plain_loop_seconds": by_hand,
        "share_of_matmul_rate": share,
        "largest_difference": apart,
    }
    return [{"what": name, "batch": batch, "measure": k, "value": v} for k, v in measures.items()]


def ridge() -> list[dict[str, Any]]:
    inputs, y = noisy(ROWS, 1)
    folds, penalties, target = np.arange(ROWS) % 5, np.logspace(-3, 3, 10), y.astype(float)
    ridge_every_subset(inputs, target, folds, penalties)
    ours = min(seconds(lambda: ridge_every_subset(inputs, target, folds, penalties)) for _ in range(3))
    found, worst = ridge_every_subset(inputs, target, folds, penalties), 0.0
    start = time.perf_counter()
    for size in (1, 2, 3):
        for subset in combinations(sorted(inputs), size):
            x = np.hstack([inputs[m] for m in subset])
            for k in range(5):
                learn, score = folds != k, folds == k
                for i, penalty in enumerate(penalties):
                    p = Ridge(alpha=penalty).fit(x[learn], target[learn]).predict(x[score])
                    worst = max(worst, float(np.abs(p - found[subset][i, score, 0]).max()))
    loop = time.perf_counter() - start
    print(f"ridge, 350 fits: {ours:.2f} s against {loop:.1f} s (×{loop / ours:.1f}), largest difference {worst:.1e}")
    measures = {"ours_seconds": ours, "loop_seconds": loop, "largest_difference": worst}
    return [{"what": "ridge", "batch": 0, "measure": k, "value": v} for k, v in measures.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--networks", default="concat")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    rows = ridge()
    for name in asked.networks.split(","):
        rows += heads(name, asked.batch)
    about = {"commit": commit(), "machine": machine(), "torch": torch.__version__, "stacked": ",".join(STACKED)}
    print(save("heads", [row | about for row in rows]))


if __name__ == "__main__":
    main()
