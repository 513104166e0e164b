"""Does the explanation say what is true? Slices, calibration and interaction on canonical tasks with known answers.

    python benchmarks/explanation.py [--seeds 200] [--jobs 2]

Singles and fusions of the slice and calibration tasks are logistic regressions fitted inside each training fold; the
interaction probes are those of a study. Writes ``results/explanation.parquet``.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.linear_model import LogisticRegression

from fuseworthy.datasets.synthetic import make
from fuseworthy.evidence.corp import comparable_scales, pool_calibrations
from fuseworthy.evidence.headroom import headroom_facts
from fuseworthy.evidence.slices import slice_facts
from fuseworthy.folds import Folds, make_folds
from fuseworthy.inputs.blocks import Block
from fuseworthy.ledger import Ledger, Strategy
from fuseworthy.strategies.early import join_boosting
from fuseworthy.strategies.part import make_part
from fuseworthy.strategies.singles import FeatureStore, dummy, fit_singles
from fuseworthy.task import Task
from records import commit, machine, save

TASK = Task("binary", ("0", "1"))


def fitted(x: np.ndarray, y: np.ndarray, folds: Folds) -> np.ndarray:
    """Out-of-fold probabilities of a logistic regression, (1, n, 2)."""
    p = np.zeros((1, len(y), 2))
    for k in range(folds.count):
        train, test = folds.train(0, k), folds.test(0, k)
        p[0, test] = LogisticRegression().fit(x[train], y[train]).predict_proba(x[test])
    return p


def ledger_of(y: np.ndarray, folds: Folds, predictions: dict[str, np.ndarray], families: dict[str, str]) -> Ledger:
    known = {
        n: Strategy(n, families.get(n, "late"), n, n.split("/")[0] if families.get(n) == "single" else None)
        for n in predictions
    }
    pattern = np.full(len(y), "a+b", dtype=object)
    return Ledger(TASK, y, folds, predictions, known, np.arange(len(y)), pattern, "made")


def slices(name: str, n: int, seed: int) -> dict[str, Any]:
    """T11 has one true slice, g = 1; T1 and T2 have none among columns that are drawn apart from everything."""
    task, rng = make(name, n, seed), np.random.default_rng(10_000 + seed)
    x1, x2 = task.inputs["x1"], task.inputs["x2"]
    columns: dict[str, np.ndarray] = {
        "age": rng.normal(40, 10, n),
        "region": rng.choice(["north", "south", "east", "west"], n).astype(object),
        "device": rng.choice(["old", "new"], n).astype(object),
    }
    both = np.column_stack([x1, x2])
    if name == "T11":
        g = task.columns["g"].astype(float)
        columns["g"] = g.astype(int).astype(str).astype(object)
        both = np.column_stack([x1, x2, x2 * g[:, None], g])
    folds = make_folds(task.y, TASK, n_folds=5, n_repeats=1, random_state=seed)
    single, fusion = (TASK.row_loss(task.y, fitted(x, task.y, folds))[0] for x in (x1, both))
    facts = slice_facts(single - fusion, None, columns)
    return {
        "right": any("g = 1" in row["slice"] for row in facts["found"]),
        "wrong": any("g = " not in row["slice"] for row in facts["found"]),
    }


def interaction(name: str, n: int, seed: int) -> dict[str, Any]:
    """The probes of a study: is the full one better than the additive one for sure?"""
    task = make(name, n, seed)
    folds = make_folds(task.y, TASK, n_folds=5, n_repeats=1, random_state=seed)
    here = np.ones(n, dtype=bool)
    blocks = {m: {"vectors": Block(m, "vectors", x, here, {})} for m, x in task.inputs.items()}
    found = {name: np.zeros((1, n, 2)) for name in ("x1/linear", "additive", "early-boosting", "dummy")}
    for k in range(5):
        part = make_part(task.y, TASK, folds, 0, k, seed)
        store = FeatureStore(part)
        fits = {"additive": True, "early-boosting": False}
        for probe, additive in fits.items():
            found[probe][0, part.test] = join_boosting(blocks, part, store, additive=additive).fitted.test
        found["x1/linear"][0, part.test] = fit_singles("x1", blocks["x1"], part)["x1/linear"].test
        found["dummy"][0, part.test] = dummy(part).test
    families = {"x1/linear": "single", "additive": "probe", "early-boosting": "early", "dummy": "reference"}
    ledger = ledger_of(task.y, folds, found, families)
    facts = headroom_facts(ledger, ledger.losses(), 0.01)
    assert facts is not None
    return {"right": bool(facts["interaction"]["needed"]), "wrong": False}


def calibration(name: str, n: int, seed: int) -> dict[str, Any]:
    """T8: the product of a modality that overstates sixfold is lost, and the temperature found. T9: a mean is recoverable."""
    task = make(name, n, seed)
    folds = Folds("held-out", np.zeros((1, n), dtype=int))

    def sided(z: np.ndarray) -> np.ndarray:
        p = 1 / (1 + np.exp(-z))
        return np.stack([1 - p, p], axis=-1)[None]

    families = {"a/x": "single", "b/x": "single"}
    if name == "T8":
        one, two = task.columns["logit1"], task.columns["logit2"]
        predictions = {"a/x": sided(one), "b/x": sided(two), "pool": sided(one + two)}
        ledger = ledger_of(task.y, folds, predictions, families)
        lost = pool_calibrations(ledger, "a/x", ["pool"])[0]["answer"] == "lost"
        slope = next(row["slope"] for row in comparable_scales(ledger)["rows"] if row["modality"] == "b")
        return {"right": lost, "wrong": abs(slope * task.truth.extra["temperature"] - 1) > 0.1}
    one, two = 2 * task.inputs["x1"][:, 0], 1.4 * task.inputs["x2"][:, 0]
    mean = (sided(one) + sided(two)) / 2
    ledger = ledger_of(task.y, folds, {"a/x": sided(one), "b/x": sided(two), "pool": mean}, families)
    pool = pool_calibrations(ledger, "a/x", ["pool"])[0]
    wrong = abs(pool["slope_before"] / task.truth.extra["slope_linear_pool"] - 1) > 0.1
    return {"right": pool["answer"] == "lost", "wrong": wrong}


QUESTIONS = [
    ("T11: the planted slice is named and confirmed", "right", slices, "T11", 4000, 0.80, 1.0),
    ("T11: another slice is confirmed", "wrong", slices, "T11", 4000, 0.0, 0.05),
    ("T1: a slice is confirmed where all rows gain alike", "wrong", slices, "T1", 4000, 0.0, 0.05),
    ("T2: a slice is confirmed where nothing is gained", "wrong", slices, "T2", 4000, 0.0, 0.05),
    ("T5: interaction is found", "right", interaction, "T5", 400, 0.90, 1.0),
    ("T1: interaction is found", "right", interaction, "T1", 400, 0.0, 0.05),
    ("T8: calibration is said to be lost", "right", calibration, "T8", 4000, 0.90, 1.0),
    ("T8: the temperature is off by more than a tenth", "wrong", calibration, "T8", 4000, 0.0, 0.10),
    ("T9: the mean is said to lose calibration", "right", calibration, "T9", 4000, 0.90, 1.0),
    ("T9: its slope is off by more than a tenth", "wrong", calibration, "T9", 4000, 0.0, 0.10),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    rows, answers = [], {}
    with ProcessPoolExecutor(asked.jobs) as pool:
        for title, what, ask, name, n, low, high in QUESTIONS:
            if (ask, name) not in answers:
                seeds = range(asked.seeds)
                answers[ask, name] = list(pool.map(ask, [name] * len(seeds), [n] * len(seeds), seeds, chunksize=5))
            hits = [answer[what] for answer in answers[ask, name]]
            share = sum(hits) / len(hits)
            error = (share * (1 - share) / len(hits)) ** 0.5
            passed = low - 1e-9 <= share + 2 * error and share - 2 * error <= high + 1e-9
            rows.append({"question": title, "rows": n, "runs": len(hits), "share": share, "error": error}
                        | {"target_low": low, "target_high": high, "passed": passed})  # fmt: skip
            print(
                f"| {title} | {n} | {len(hits)} | {share:.1%} ± {error:.1%} | {low:.0%} to {high:.0%} | {passed} |",
                flush=True,
            )
    save("explanation", rows)
    print(f"commit {commit()}; {machine()}")


if __name__ == "__main__":
    main()
