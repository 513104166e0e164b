"""How long the whole evidence takes on a large ledger: 100 000 rows, 20 strategies, 5 folds; nothing is trained.

    python benchmarks/evidence.py [--rows 100000] [--strategies 20]

Writes ``results/evidence.parquet`` and prints seconds and peak memory of verdict, facts, note and report.
"""

from __future__ import annotations

import argparse
import os
import resource
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from fuseworthy.evidence.verdict import decide
from fuseworthy.folds import make_folds
from fuseworthy.ledger import Ledger, Strategy
from fuseworthy.report.note import render_note
from fuseworthy.report.page import render_page
from fuseworthy.study.explanation import Seen
from fuseworthy.study.facts import build_facts
from fuseworthy.task import Task
from records import commit, machine, save

TASK = Task("binary", ("no", "yes"))


def ledger_of(rows: int, strategies: int) -> Ledger:
    """Two modalities with three singles each, fusions, two controls, and all that an explanation reads."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, rows)
    s = 2.0 * y - 1
    x = {"a": s + rng.normal(size=rows), "b": 0.7 * s + rng.normal(size=rows)}
    folds = make_folds(y, TASK, n_folds=5, n_repeats=1)
    predictions: dict[str, np.ndarray] = {}
    known: dict[str, Strategy] = {}

    def add(strategy: Strategy, logit: np.ndarray) -> None:
        p = 1 / (1 + np.exp(-logit - 0.1 * rng.normal(size=rows)))
        predictions[strategy.name], known[strategy.name] = np.stack([1 - p, p], axis=-1)[None], strategy

    for m, weight in (("a", 2.0), ("b", 1.4)):
        for i in range(3):
            add(Strategy(f"{m}/{i}", "single", m, m, i), weight * x[m])
    both = 2 * x["a"] + 1.4 * x["b"]
    add(Strategy("dummy", "reference", "prior"), np.zeros(rows))
    for name in ("twin", "placebo-late"):
        add(Strategy(name, "control", name), 2 * x["a"])
    for name, family in (("stacking", "late"), ("early-boosting", "early"), ("additive", "probe"), ("emap", "probe")):
        add(Strategy(name, family, name, rank=10), both)
    add(Strategy("subset:a+b", "subset", "all", modalities=("a", "b")), both)
    for m in ("a", "b"):
        add(Strategy(f"permuted:{m}", "permuted", m, m), both - 2 * (x[m] - rng.permutation(x[m])))
    for i in range(strategies - len(predictions)):
        add(Strategy(f"fusion{i}", "late", "late", rank=20 + i), both)
    pattern, ids = np.full(rows, "a+b", dtype=object), np.arange(rows)
    raw = {n: v for n, v in predictions.items() if known[n].is_fusion}
    return Ledger(TASK, y, folds, predictions, known, ids, pattern, "made", raw=raw)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--strategies", type=int, default=20)
    asked = parser.parse_args()
    ledger = ledger_of(asked.rows, asked.strategies)
    rng = np.random.default_rng(1)
    columns = {f"column{i}": rng.integers(0, 6, asked.rows).astype(str).astype(object) for i in range(6)}
    columns |= {f"number{i}": rng.normal(size=asked.rows) for i in range(6)}
    found, start = [], time.perf_counter()

    def stage(name: str) -> None:
        nonlocal start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found.append({"stage": name, "seconds": round(time.perf_counter() - start, 2), "peak_mb": round(peak)})
        start = time.perf_counter()

    verdict = decide(ledger)
    stage("verdict")
    facts = build_facts(ledger, verdict, {}, metric="auc", seen=Seen({"a": 1, "b": 1}, {}, columns))
    stage("facts")
    render_note(facts)
    stage("note")
    render_page(facts)
    stage("report")
    size = {"rows": asked.rows, "strategies": len(ledger.strategies)}
    save("evidence", [row | size for row in found])
    print(f"commit {commit()}; {machine()}; {size}")
    for row in found:
        print(f"{row['stage']:8} {row['seconds']:6.2f} s   peak {row['peak_mb']} MB")
    print(f"in all {sum(row['seconds'] for row in found):.1f} s")


if __name__ == "__main__":
    main()
