"""Is a mis-joined modality found, and is a right one left in peace? And what does joining by position cost?

    python benchmarks/pairing.py [--seeds 40] [--clean 200] [--jobs 2] [--real]

Power over ways and shares of mis-joining, with and without a reference; alarms on clean sets; the pairs of real sets
(``--real``, downloads them); a join by key and by position. Writes ``results/pairing.parquet``.
"""

from __future__ import annotations

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pyarrow as pa

from clean_pairs import STRENGTHS, clean_pair, linked_pair, misjoin
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.linkage import Linkage, linkages_of
from fuseworthy.inputs.pairing import join_by_key
from records import commit, machine, save

ROWS, WAYS, SHARES = 5_000, ("shuffled", "off by one", "block"), (0.05, 0.10, 0.20, 1.0)


def linkage(left: np.ndarray, right: np.ndarray) -> Linkage:
    both = {"a": left, "b": right}
    here = np.ones(len(left), dtype=bool)
    return linkages_of({name: Block(name, "vectors", x, here, {}) for name, x in both.items()})["a and b"]


def power(strength: str, how: str, share: float, seed: int) -> dict[str, bool]:
    """One mis-joined set, alone and against a reference taken on other rows of the same law."""
    left, right = linked_pair(strength, 2 * ROWS, seed)
    order = misjoin(ROWS, how, share, np.random.default_rng(seed))
    now, before = linkage(left[:ROWS], right[:ROWS][order]), linkage(left[ROWS:], right[ROWS:])
    drop = now.compare_to(before)
    return {"alone": now.misjoined, "with a reference": now.misjoined or bool(drop and drop.alarmed)}


def false_alarm(number: int) -> dict[str, Any]:
    """One clean set, alone; and its second half of rows against the first where rows are exchangeable."""
    kind, (left, right) = clean_pair(number)
    return {"kind": kind, "alone": linkage(left, right).misjoined}


def false_drop(strength: str, seed: int) -> bool:
    left, right = linked_pair(strength, 2 * ROWS, 50_000 + seed)
    drop = linkage(left[:ROWS], right[:ROWS]).compare_to(linkage(left[ROWS:], right[ROWS:]))
    return bool(drop and drop.alarmed)


def position(seed: int) -> dict[str, float]:
    """Cross-validated AUROC where only both files together tell the label, joined by key and by position."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import cross_val_score

    rng = np.random.default_rng(seed)
    a, b, keys = rng.normal(size=2_000), rng.normal(size=2_000), rng.permutation(2_000)
    left = pa.table({"id": keys, "a": a, "y": ((a > 0) ^ (b > 0)).astype(int)})
    right = pa.table({"id": keys, "b": b}).take(pa.array(rng.permutation(2_000)))
    joined = {
        "by key": join_by_key(left, right, "id")[0],
        "by position": left.append_column("b", right["b"]),
    }
    model = HistGradientBoostingClassifier(random_state=0)
    return {
        how: float(
            cross_val_score(model, np.column_stack([t["a"], t["b"]]), t["y"].to_numpy(), cv=5, scoring="roc_auc").mean()
        )
        for how, t in joined.items()
    }


def real_pairs() -> list[dict[str, Any]]:
    """Every pair of modalities of the sets that packages carry and that need no media."""
    from fuseworthy import datasets
    from fuseworthy.inputs.encode import encode, views_of
    from fuseworthy.inputs.modality import Embedding, Tabular, Text

    kinds, rows = {"text": Text, "tabular": Tabular, "embedding": Embedding, "series": Embedding}, []
    for name in ("recipes", "reviews", "digits", "movies", "watch", "watch-3s", "icons"):
        table, blocks = datasets.load(name), {}
        for spelled in datasets.SETS[name].modalities:
            modality, kind, columns = spelled.replace("=", ":").split(":")
            if kind in kinds:
                chosen = table.select(columns.split(","))
                made = kinds[kind](*columns.split(","))
                blocks[modality] = encode(modality, views_of(made, chosen)[0], chosen)
        for pair, found in linkages_of(blocks).items():
            rows.append({"what": f"{name}: {pair}", "state": found.state, "score": found.aligned, "above": found.above})
            print(f"| {name}: {pair} | {found.rows:,} | {found.aligned:.2f} | {found.above:.0f} | {found.state} |")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--clean", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--real", action="store_true")
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    start, seeds = time.perf_counter(), range(asked.seeds)
    with ProcessPoolExecutor(asked.jobs) as pool:
        for strength in STRENGTHS:
            for how in WAYS:
                told = {}
                for share in SHARES:
                    n = len(seeds)
                    found = list(pool.map(power, [strength] * n, [how] * n, [share] * n, seeds, chunksize=5))
                    told[share] = [sum(f[w] for f in found) / n for w in ("alone", "with a reference")]
                    rows.append({"what": "power", "strength": strength, "how": how, "share": share, "runs": n}
                                | {"alone": told[share][0], "referred": told[share][1]})  # fmt: skip
                cells = " | ".join(f"{alone:.0%}, {with_:.0%}" for alone, with_ in told.values())
                print(f"| {strength} | {how} | {cells} |", flush=True)
        alarms = list(pool.map(false_alarm, range(asked.clean), chunksize=5))
        rows.append({"what": "clean", "runs": len(alarms), "alone": sum(a["alone"] for a in alarms) / len(alarms)})
        print(f"clean sets: {sum(a['alone'] for a in alarms)} alarms in {len(alarms)}: "
              f"{sorted({a['kind'] for a in alarms if a['alone']})}", flush=True)  # fmt: skip
        for strength in STRENGTHS:
            drops = list(pool.map(false_drop, [strength] * asked.clean, range(asked.clean), chunksize=5))
            rows.append({"what": "clean, referred", "strength": strength, "runs": len(drops),
                         "referred": sum(drops) / len(drops)})  # fmt: skip
            print(f"clean, {strength}, against a reference: {sum(drops)} alarms in {len(drops)}", flush=True)
    for how, score in position(0).items():
        rows.append({"what": "join", "how": how, "score": score})
        print(f"joined {how}: AUROC {score:.3f}")
    rows += real_pairs() if asked.real else []
    for n in (5_000, 100_000):
        rng = np.random.default_rng(0)
        z = rng.normal(size=(n, 8))
        wide = [(z @ rng.normal(size=(8, 384)) + rng.normal(size=(n, 384))).astype(np.float32) for _ in "ab"]
        began = time.perf_counter()
        linkage(*wide)
        rows.append({"what": "seconds", "rows": n, "score": time.perf_counter() - began})
        print(f"{n:,} rows, 384 dimensions each: {rows[-1]['score']:.2f} s")
    keys = sorted({key for row in rows for key in row})
    save("pairing", [{key: row.get(key) for key in keys} for row in rows])
    print(f"commit {commit()}; {machine()}; {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
