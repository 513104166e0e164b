"""Compare on a table made in memory, some notes missing: python examples/own_table.py [FOLDER]"""

import sys

import numpy as np
import pyarrow as pa

import fuseworthy as fw

ROWS = 400
rng = np.random.default_rng(0)
sick = rng.random(ROWS) < 0.5
words = np.array([["fine", "calm", "rested", "slept"], ["tired", "cough", "fever", "pale"]])
seen = np.where(rng.random(ROWS) < 0.85, sick, ~sick).astype(int)  # the note misleads in 15 % of rows
notes = [" ".join(rng.choice(words[s], 4)) if rng.random() < 0.9 else None for s in seen]

table = pa.table(
    {
        "visit": np.arange(ROWS),
        "note": notes,
        "pulse": rng.normal(70, 8, ROWS) + 9 * sick,
        "age": rng.integers(20, 80, ROWS),
        "sick": np.where(sick, "yes", "no"),
    }
)

study = fw.compare(
    table,
    "sick",
    id="visit",
    modalities={"note": fw.Text("note"), "vitals": fw.Tabular("pulse", "age")},
    strategies=["mean", "stacking", "early-linear"],
    repeats=1,
    out=sys.argv[1] if len(sys.argv) > 1 else None,
)
print(study)
