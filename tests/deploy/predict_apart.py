"""Read models and write what they answer: ``FOLDER NAME...``; the rows lie beside them."""

import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

import fuseworthy as fw

if __name__ == "__main__":
    root, names = Path(sys.argv[1]), sys.argv[2:]
    table = pq.read_table(root / "rows.parquet")
    for name in names:
        np.save(root / f"{name}.npy", fw.load(root / name).answer(table).prediction)
