"""A small study of a text and a table, and the bytes of its ledger."""

from pathlib import Path

import fuseworthy as fw
from fuseworthy.study.study import Study

MODALITIES = {"note": fw.Text("note"), "table": fw.Tabular("size", "shop")}
QUICK = {"repeats": 1, "folds": 3, "id": "key", "strategies": ["mean", "stacking", "early-linear"]}


def quick(table, out=None, **more) -> Study:
    return fw.compare(table, "label", modalities=MODALITIES, out=out, jobs=more.pop("jobs", 1), **(QUICK | more))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "ledger").iterdir())}
