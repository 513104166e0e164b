"""Real questions on data that packages carry: what each modality gives alone, what fusing gains, what it costs.

    python benchmarks/real_sets.py [NAME ...] [--jobs 2]

Writes ``results/real_sets.parquet``, a row a question, and prints a line each.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import fuseworthy as fw
from fuseworthy import datasets
from records import HERE, commit, machine, save

RECIPE = {
    "name": fw.Text("name"),
    "steps": fw.Text("steps"),
    "nutrients": fw.Tabular("calories", "protein", "fat", "carbs"),
}
REVIEW = fw.Text("title", "text")
CUSTOMER = ("age", "feedback_count", "division")
VIEWS = ("fac", "fou", "kar", "mor", "pix", "zer")
QUESTIONS: dict[str, dict[str, Any]] = {
    "recipes-meal": {"data": "recipes", "target": "meal", "modalities": RECIPE},
    "recipes-calories": {
        "data": "recipes",
        "target": "calories",
        "modalities": {"steps": fw.Text("steps"), "nutrients": fw.Tabular("protein", "fat")},
    },
    "digits-6-views": {
        "data": "digits",
        "target": "digit",
        "task": "multiclass",
        "modalities": {view: fw.Embedding(view) for view in VIEWS},
    },
    "reviews-recommended": {
        "data": "reviews",
        "target": "recommended",
        "modalities": {"review": REVIEW, "customer": fw.Tabular(*CUSTOMER, "department", "class_name")},
    },
    "reviews-rating": {
        "data": "reviews",
        "target": "rating",
        "task": "regression",
        "modalities": {"review": REVIEW, "customer": fw.Tabular(*CUSTOMER, "department", "class_name")},
    },
    "reviews-department": {
        "data": "reviews",
        "target": "department",
        "drop_unlabelled": True,
        "modalities": {"review": REVIEW, "customer": fw.Tabular(*CUSTOMER)},
    },
}


def cpu_seconds() -> float:
    """CPU seconds of this process and its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def answer(name: str, jobs: int) -> dict[str, Any]:
    """One study, without a run left on disk."""
    asked = dict(QUESTIONS[name])
    table = datasets.load(asked.pop("data"))
    start, cpu = time.perf_counter(), cpu_seconds()
    study = fw.compare(table, asked.pop("target"), id="id", jobs=jobs, anyway=True, **asked)
    v, rows = study.verdict, {row["name"]: row for row in study.facts["strategies"]}
    return {
        "question": name,
        "commit": commit(),
        "rows": study.ledger.n,
        "metric": v.headline.metric,
        "single": rows[v.best_single]["metric"],
        "best_single": v.best_single,
        "fusion": rows[v.best_fusion]["metric"],
        "best_fusion": v.best_fusion,
        "mean": rows["mean"]["metric"],
        "mean_gain": rows["mean"]["gain"],
        "gain": v.gain,
        "low": v.low,
        "high": v.high,
        "outcome": v.outcome,
        "deploy": v.deploy,
        "reason": "; ".join(v.reasons),
        "would_stop": study.facts["headroom"]["unlikely"],
        "checks": ", ".join(row["code"] for row in study.checks().fired),
        "slices": str(study.slices()),
        "value": str(study.attribution()),
        "wall": time.perf_counter() - start,
        "cpu": cpu_seconds() - cpu,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(QUESTIONS))
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    os.environ.setdefault("FUSEWORTHY_CACHE", str(HERE / "results" / ".cache"))
    print(f"commit {commit()}; {machine()}; {asked.jobs} worker processes")
    rows = []
    for name in asked.names:
        rows.append(answer(name, asked.jobs))
        r = rows[-1]
        print(
            f"| {name} | {r['rows']} | {r['metric']} | {r['single']:.3f} {r['best_single']} | {r['fusion']:.3f} "
            f"{r['best_fusion']} | {r['mean']:.3f} | {r['gain']:+.4f} ({r['low']:+.4f} to {r['high']:+.4f}) | {r['outcome']} | "
            f"{r['wall']:.0f} s, {r['cpu']:.0f} CPU-s |",
            flush=True,
        )
        save("real_sets", rows)


if __name__ == "__main__":
    main()
