"""Does the verdict keep its error rates? The full self-test, recorded.

    python benchmarks/selftest.py [--runs 400] [--jobs 2]

Writes ``results/selftest.parquet`` and prints the table of worst cases for `LEDGER.md`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

from fuseworthy.selftest.study import run_selftest
from fuseworthy.selftest.table import closing, worst
from records import commit, machine, save


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--name", default="selftest", help="of the Parquet table")
    asked = parser.parse_args()
    begun, told = time.perf_counter(), 0

    def progress(done: int, total: int, name: str) -> None:
        nonlocal told
        if 20 * done // total > told:
            told = 20 * done // total
            print(f"{done}/{total} {name}, {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)

    found = run_selftest(runs=asked.runs, jobs=asked.jobs, progress=progress)
    save(asked.name, found.records())
    print(f"commit {commit()}; {machine()}; {asked.jobs} processes, {time.perf_counter() - begun:.0f} s")
    print(worst(found.records()))
    print(closing(found.records()))


if __name__ == "__main__":
    main()
