"""Every question of every set that packages carry, from raw files to a verdict: the regression test of judgement.

    python benchmarks/gallery.py [--only watch,movies] [--resume] [--accept --because "..."]

Writes a row a question to ``results/gallery.parquet`` and ``docs/gallery.md``, a picture a set to ``docs/gallery/``, and
compares each verdict with that in ``gallery_verdicts.json``: what changed is printed, and the exit code is then 1.
``--accept`` records the new verdict with the reason. A question keeps its run folder below ``--out``, so a gallery that
was stopped goes on with ``--resume``. Kernels are single-threaded.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pyarrow.parquet as pq

import fuseworthy as fw
from fuseworthy import datasets
from fuseworthy.durable import cache_root
from fuseworthy.errors import InputError, nearest
from gallery_pages import draw, line, write_table
from gallery_questions import QUESTIONS
from records import HERE, RESULTS, commit, machine, save

VERDICTS = HERE / "gallery_verdicts.json"
KEPT = "gallery.json"
"""The row of a question that is done, in its run folder."""
JUDGED = ("outcome", "best_single")


def cpu_seconds() -> float:
    """CPU seconds of this process and its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def unpacked(data: str) -> Path:
    """Where a set's files lie."""
    return cache_root() / "unpacked" / data


def answer(name: str, folder: Path, jobs: int, strategies: tuple[str, ...] | None) -> dict[str, Any]:
    """One question, in a process of its own, so that its peak memory is known."""
    asked = QUESTIONS[name]
    table = datasets.unpack(asked.data, unpacked(asked.data))
    arguments = asked.arguments() | ({"strategies": strategies} if strategies else {})
    began_before = (folder / "study.json").exists()
    start, cpu = time.perf_counter(), cpu_seconds()
    study = fw.compare(table, asked.target, out=folder, jobs=jobs, **arguments)
    row = row_of(name, study) | {
        "seconds": time.perf_counter() - start,
        "cpu": cpu_seconds() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "resumed": began_before,
        "commit": commit(),
    }
    (folder / KEPT).write_text(json.dumps(row, indent=1), encoding="utf-8")
    return row


def row_of(name: str, study: fw.Study) -> dict[str, Any]:
    """What the table says of a study."""
    verdict, rows = study.verdict, {row["name"]: row for row in study.facts["strategies"]}
    found = (study.facts["slices"] or {"found": []})["found"]
    slice_ = max(found, key=lambda row: row["gain"], default=None)
    return {
        "question": name,
        "set": QUESTIONS[name].data,
        "rows": study.ledger.n,
        "metric": verdict.headline.metric,
        "best_single": verdict.best_single,
        "single": rows[verdict.best_single]["metric"],
        "best_fusion": verdict.best_fusion,
        "fusion": rows[verdict.best_fusion]["metric"],
        "gain": verdict.gain,
        "low": verdict.low,
        "high": verdict.high,
        "outcome": verdict.outcome,
        "deploy": verdict.deploy,
        "reason": "; ".join(verdict.reasons),
        "would_stop": bool((study.facts["headroom"] or {}).get("unlikely")),
        "slice": slice_ and slice_["slice"],
        "slice_gain": slice_ and slice_["gain"],
        "slice_rows": slice_ and slice_["rows"],
        "scores": json.dumps({n: r["metric"] for n, r in rows.items() if r["family"] in ("single", "late", "early")}),
    }


def in_own_process(*arguments: Any) -> dict[str, Any]:
    """`answer` in a fresh process."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        return pool.submit(answer, *arguments).result()


def changes(row: dict[str, Any], known: dict[str, Any] | None) -> list[str]:
    """What of a verdict is not as it was recorded."""
    if known is None:
        return [f"{row['question']}: no verdict is recorded, and {row['outcome']} came"]
    return [
        f"{row['question']}: {what} was {known[what]}, now {row[what]}" for what in JUDGED if known[what] != row[what]
    ]


def recorded(path: Path = VERDICTS) -> dict[str, Any]:
    """Question -> verdict and best single, with the reason for the last change."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def accept(rows: list[dict[str, Any]], because: str, path: Path = VERDICTS) -> None:
    """Record the verdicts that changed, and why."""
    known = recorded(path)
    for row in rows:
        if changes(row, known.get(row["question"])):
            known[row["question"]] = {what: row[what] for what in JUDGED} | {"because": because}
    ordered = {name: known[name] for name in (*QUESTIONS, *sorted(set(known) - set(QUESTIONS))) if name in known}
    path.write_text(json.dumps(ordered, indent=2) + "\n", encoding="utf-8")


def keep(rows: list[dict[str, Any]]) -> None:
    """Put the rows into the table, beside those of questions that were not asked now."""
    path = RESULTS / "gallery.parquet"
    there = {row["question"]: row for row in (pq.read_table(path).to_pylist() if path.exists() else [])}
    there |= {row["question"]: row for row in rows}
    ordered = [there[name] for name in QUESTIONS if name in there]
    save("gallery", ordered)
    write_table(ordered)


def draw_set(name: str, out: Path) -> None:
    """The picture of a set, from the questions that are done."""
    done = {q: out / q for q, asked in QUESTIONS.items() if asked.data == name and (out / q / KEPT).exists()}
    draw(name, done, datasets.unpack(name, unpacked(name)))


def run(names: list[str], asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Ask the questions one after another; a row that is there is taken if the gallery goes on."""
    rows = []
    for name in names:
        folder = asked.out / name
        if not asked.resume and (folder / "study.json").exists():
            shutil.rmtree(folder)
        done = folder / KEPT
        row = json.loads(done.read_text(encoding="utf-8")) if asked.resume and done.exists() else None
        rows.append(row or in_own_process(name, folder, asked.jobs, asked.strategies))
        print(line(rows[-1]), flush=True)
        if not asked.strategies:
            keep(rows)
            draw_set(QUESTIONS[name].data, asked.out)
        if asked.accept:
            accept(rows[-1:], asked.because)
    return rows


def names_from(words: str | None) -> list[str]:
    names = [word.strip() for word in words.split(",") if word.strip()] if words else list(QUESTIONS)
    for name in names:
        if name not in QUESTIONS:
            raise InputError(f"a question must be one of the gallery, but {name!r} came: {nearest(name, QUESTIONS)}.")
    return names


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="questions a,b")
    parser.add_argument("--jobs", type=int, default=1, help="worker processes of each study")
    parser.add_argument("--strategies", type=lambda s: tuple(s.split(",")), help="try others; nothing is recorded")
    parser.add_argument("--out", type=Path, default=RESULTS / ".cache" / "gallery", help="folder of run folders")
    parser.add_argument("--resume", action="store_true", help="go on with what is in --out")
    parser.add_argument("--accept", action="store_true", help="record verdicts that changed; needs --because")
    parser.add_argument("--because", default="", help="why they changed")
    asked = parser.parse_args()
    if asked.accept and not asked.because.strip():
        parser.error("--accept must come with a reason, but none came. Pass --because.")
    if asked.accept and asked.strategies:
        parser.error("--accept must come with the gallery's own strategies, but others came. Leave out --strategies.")
    return asked


def main() -> int:
    asked = options()
    print(f"commit {commit()}; {machine()}; {asked.jobs} worker processes")
    known = recorded()
    rows = run(names_from(asked.only), asked)
    if asked.strategies:
        return 0
    changed = [what for row in rows for what in changes(row, known.get(row["question"]))]
    print("\n".join(changed) or "every verdict is as recorded")
    return 1 if changed and not asked.accept else 0


if __name__ == "__main__":
    sys.exit(main())
