"""Do the networks reach what is known to be reachable, at what cost, and do they keep out of noise?

    python benchmarks/networks.py learning|costs [--networks gated,token-transformer]

Each network as a study trains it (inner folds for the epochs, calibration, three seeds), on four canonical tasks with
4 000 rows to learn from and 20 000 to be scored on; then one network alone for 20 passes over 10 000 rows of 64, 256 and
64 features, in CPU seconds on one thread, and the share of the machine's own matrix product rate that this is; then a
modality of known worth beside two that are noise. Writes ``results/networks-learning.parquet`` and
``results/networks-costs.parquet``.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from scipy.special import ndtr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from torch.utils.flop_counter import FlopCounterMode

from fuseworthy.datasets.synthetic import make
from fuseworthy.folds import Folds
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.encode import encode
from fuseworthy.strategies.catalogue import GROUPS, NEURAL_FAMILIES, VOTES
from fuseworthy.strategies.early import best_linear, fit_early_linear
from fuseworthy.strategies.late import best_per_modality, fit_stacking, gather
from fuseworthy.strategies.networks import STACKED, WIDTH, network_named
from fuseworthy.strategies.part import Part, make_part, presence
from fuseworthy.strategies.singles import Singles
from fuseworthy.strategies.training.lesson import Lesson
from fuseworthy.strategies.training.loop import predict, train
from fuseworthy.strategies.training.recipe import Copy, Recipe
from fuseworthy.strategies.training.rows import Rows
from fuseworthy.task import Task
from records import commit, machine, save

TASK = Task("binary", ("0", "1"))
LEARNED, SCORED = 4000, 20_000
SIZES = {"a": 64, "b": 256, "c": 64}
NETWORKS = [n for family in NEURAL_FAMILIES for n in GROUPS[family] if n in GROUPS["all"] and n != "hybrid"]
CANONICAL = {"XOR (T5)": "T5", "noise-cancelling (T4)": "T4", "quality observed (T10)": "T10", "pointer (T19)": "T19"}


def canonical(name: str) -> tuple[dict[str, dict[str, Block]], Part, float]:
    """Blocks, the part to learn from and to score, and the best accuracy there is."""
    task = make(name, LEARNED + SCORED, 0)
    table = task.to_table()
    blocks = {}
    for m, values in task.inputs.items():
        view = "vectors" if values.ndim == 2 else "tokens"
        blocks[m] = {view: encode(m, view, table.select([m]))}
    if name == "T10":
        blocks["quality"] = {"vectors": vectors("quality", task.columns["r"][:, None])}
    best = task.truth.rules["observed"] if name == "T10" else task.truth.fused
    return blocks, one_part(np.asarray(task.y), LEARNED), best.accuracy


def vectors(name: str, values: np.ndarray) -> Block:
    return Block(name, "vectors", np.asarray(values, dtype=np.float64), np.ones(len(values), dtype=bool), {})


def one_part(y: np.ndarray, learned: int) -> Part:
    """The first rows to learn from, the others to score."""
    assignment = np.where(np.arange(len(y)) < learned, -1, 0)[None]
    return make_part(y, TASK, Folds("held-out", assignment), 0, 0, 0)


def learning(names: list[str]) -> list[dict[str, Any]]:
    """Accuracy of each network on tasks with a known optimum, and of what pools or adds instead."""
    rows = []
    for title, code in CANONICAL.items():
        blocks, part, best = canonical(code)
        truth = part.y[part.test]
        singles = Singles(blocks, part)
        spoken = {name: singles[name] for name in singles}
        chosen = best_per_modality(spoken, part)
        members = gather({n: spoken[n] for n in chosen.values()}, {m: presence(v) for m, v in blocks.items()}, part)
        linear = best_linear(blocks, spoken, part)
        fits = {"stacking": fit_stacking(members, part), "early-linear": fit_early_linear(blocks, part, linear, "x1")}
        for name in names:
            start = time.process_time()
            fits[name] = network_named(name).fit(blocks, singles, part)
            rows.append(record(title, name, "seconds", time.process_time() - start))
        for name, fitted in fits.items():
            accuracy = float((fitted.test.argmax(axis=1) == truth).mean())
            rows.append(record(title, name, "accuracy", accuracy, best))
            print(f"{title:26s} {name:20s} {accuracy:.4f} of {best:.4f}", flush=True)
    return rows


def noisy(n: int, seed: int, auc: float = 0.852) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """a knows the target to an AUC of ``auc``, in one of 64 directions; b and c are noise."""
    from scipy.special import ndtri

    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    inputs = {m: rng.normal(size=(n, d)) for m, d in SIZES.items()}
    inputs["a"][:, 0] += (2 * y - 1) * ndtri(auc) / np.sqrt(2)
    return inputs, y


def costs_and_noise(names: list[str]) -> list[dict[str, Any]]:
    """CPU seconds of one network and 20 passes; AUC beside noise, as a study trains it."""
    inputs, y = noisy(10_000 + SCORED, 0)
    blocks = {m: {"vectors": vectors(m, x)} for m, x in inputs.items()}
    part = one_part(y, 10_000)
    truth = y[part.test]
    linear = LogisticRegression(C=0.01).fit(inputs["a"][part.train], y[part.train])
    single = float(roc_auc_score(truth, linear.predict_proba(inputs["a"][part.test])[:, 1]))
    rate = matmul_rate()
    rows = [
        record("noise", "the single", "auc", single, float(ndtr(np.sqrt(2) * 1.0))),
        record("machine", "-", "gflops", rate),
    ]
    for name in names:
        seconds, gflop = twenty_passes(name, {m: inputs[m][part.train] for m in SIZES}, y[part.train])
        fitted = network_named(name).fit(blocks, {}, part)
        auc = float(roc_auc_score(truth, fitted.test[:, 1]))
        rows += [
            record("cost", name, "cpu_seconds", seconds),
            record("cost", name, "share_of_matmul_rate", gflop / seconds / rate),
            record("noise", name, "auc", auc, single),
        ]
        print(
            f"{name:20s} {seconds:6.2f} CPU-s, {gflop / seconds / rate:5.1%} of the rate; AUC {auc:.4f} beside noise, "
            f"single {single:.4f}",
            flush=True,
        )
    return rows


def twenty_passes(name: str, inputs: Mapping[str, np.ndarray], y: np.ndarray) -> tuple[float, float]:
    """CPU seconds, and billions of floating-point operations, of 20 passes of one network."""
    n = len(y)
    rows = Rows(
        {m: torch.tensor(x, dtype=torch.float32) for m, x in inputs.items()}, {}, torch.tensor(y), torch.ones(n)
    )
    strategy = network_named(name)

    def make_lesson() -> Lesson:
        return Lesson(strategy.make(dict(SIZES), 2))

    copy = [Copy(np.arange(n), np.empty(0, dtype=np.int64), 0)]
    recipe = Recipe(batch=512, epochs=20)
    train(make_lesson, rows, copy, Recipe(batch=512, epochs=1))  # warm
    start = time.process_time()
    trained = train(make_lesson, rows, copy, recipe)
    seconds = time.process_time() - start
    with FlopCounterMode(display=False) as counter:
        predict(trained.modules, rows.take(torch.arange(1000)))
    return seconds, counter.get_total_flops() / 1000 * n * 20 * 3 / 1e9  # backward is about twice forward


def matmul_rate() -> float:
    """Billions of floating-point operations a second of one large matrix product on one thread: the best of five."""
    a = torch.randn(1024, 1024)
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for _ in range(8):
            a @ a
        best = min(best, time.process_time() - start)
    return 8 * 2 * 1024**3 / best / 1e9


def record(task: str, strategy: str, measure: str, value: float, best: float | None = None) -> dict[str, Any]:
    return {"task": task, "strategy": strategy, "measure": measure, "value": value, "best": best}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("learning", "costs"))
    parser.add_argument("--networks", default=",".join(NETWORKS))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    rows = {"learning": learning, "costs": costs_and_noise}[asked.part](asked.networks.split(","))
    about = {"commit": commit(), "machine": machine(), "torch": torch.__version__, "width": WIDTH}
    print("stacked:", ", ".join(STACKED), "| votes:", ", ".join(VOTES))
    print(save(f"networks-{asked.part}", [row | about for row in rows]))


if __name__ == "__main__":
    main()
