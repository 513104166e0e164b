"""Make the golden model of a release, once: ``python tests/deploy/make_golden.py tests/deploy/golden/VERSION``."""

import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
from small_models import MODALITIES, rows_of

import fuseworthy as fw
from fuseworthy.deploy.model import Model
from fuseworthy.deploy.router import Choice, Router
from fuseworthy.inputs.encode import learn_encodings
from fuseworthy.strategies.part import whole_part
from fuseworthy.strategies.singles import Singles
from fuseworthy.strategies.strategy import strategy_named
from quick_learners import quick_learners

NAMES = ("note", "photo", "table")


def golden() -> Model:
    """A small model of text, table and embedding."""
    table, y, task = rows_of(n=60)
    own = {m: fw.Text("title") if m == "note" else MODALITIES[m] for m in NAMES}
    encodings, blocks = learn_encodings(table, own)
    part = whole_part(y, task, 0)
    singles = Singles(blocks, part)
    names = [f"{m}/linear" for m in NAMES]
    kept = {name: singles[name].predictor for name in names}
    fusion = ("early-linear", strategy_named("early-linear").fit(blocks, singles, part).predictor)
    router = Router({"+".join(NAMES): Choice(True, names[0], NAMES, "the verdict's rows")}, tuple(names))
    return Model(task, "y", own, encodings, kept, fusion, router, part.prior, 0.6, {"rows": 60, "limits": []})


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    with quick_learners():
        made = golden()
    made.save(folder / "model")
    rows = rows_of(n=60)[0].slice(0, 12)
    pq.write_table(rows.select(["title", "size", "shop", "day", "photo"]), folder / "rows.parquet")
    (folder / "answers.json").write_text(json.dumps(made.answer(rows).prediction.tolist(), indent=1) + "\n")
