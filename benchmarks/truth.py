"""The right verdict where the truth is known: canonical tasks × seeds, every default strategy.

    python benchmarks/truth.py [--seeds 40] [--jobs 2] [--tasks T1,T2,T3,T6]

Writes ``results/truth.parquet`` and prints the share of each outcome per task.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import fuseworthy as fw
from fuseworthy.datasets.synthetic import make
from records import commit, machine, save

ROWS = 400


def one(task: str, seed: int) -> dict[str, Any]:
    """One study of one data set."""
    made = make(task, ROWS, seed)
    study = fw.compare(
        made.to_table(),
        "y",
        id="id",
        modalities={"x1": fw.Embedding("x1"), "x2": fw.Embedding("x2")},
        jobs=1,
        random_state=seed,
    )
    v = study.verdict
    return {
        "task": task,
        "seed": seed,
        "outcome": v.outcome,
        "gain": v.gain,
        "low": v.low,
        "high": v.high,
        "se": v.se,
        "best_fusion": v.best_fusion,
        "true_gain": made.truth.gain,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tasks", default="T1,T2,T3,T6")
    asked = parser.parse_args()
    tasks = asked.tasks.split(",")
    rows: list[dict[str, Any]] = []
    with ProcessPoolExecutor(asked.jobs) as pool:
        waiting = [pool.submit(one, task, seed) for seed in range(asked.seeds) for task in tasks]
        for done in as_completed(waiting):
            rows.append(done.result())
            print(f"{len(rows)}/{len(waiting)} {rows[-1]['task']} {rows[-1]['outcome']}", flush=True)
            save("truth", sorted(rows, key=lambda r: (r["task"], r["seed"])))
    print(f"commit {commit()}; {machine()}; n={ROWS}, {asked.seeds} seeds")
    for task in tasks:
        own = [r for r in rows if r["task"] == task]
        shares = ", ".join(f"{k} {n / len(own):.1%}" for k, n in Counter(r["outcome"] for r in own).most_common())
        mean = sum(r["gain"] for r in own) / len(own)
        print(f"{task}: {shares}; mean gain {mean:+.4f} (truth {own[0]['true_gain']:+.4f})")


if __name__ == "__main__":
    main()
