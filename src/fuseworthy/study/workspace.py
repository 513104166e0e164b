"""A run folder: everything a unit needs to run, read from disk, so that any process can run any unit."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fuseworthy.durable import content_digest, read_json, write_json, write_with
from fuseworthy.errors import StudyError
from fuseworthy.folds import Folds
from fuseworthy.inputs.blocks import Block, load_block
from fuseworthy.strategies.sharing import is_shared
from fuseworthy.task import Task


@dataclass(frozen=True)
class Plan:
    """All that was asked for and decided before anything trained; `study.json` on disk.

    ``labels`` are the target columns of a study with several; ``candidates`` are networks that join if the probes find
    reason to; ``custom`` maps the user's own strategies to where they are imported from, ``custom_digests`` to what they are; ``observations`` is what was
    seen of the data before training. ``modalities`` maps a name to kind, columns, encoders, reason and its views with the folders of their blocks, in order, and if its encoder is trained which, and the folder of what that is given.
    """

    version: str
    source: str
    target: str
    task: dict[str, Any]
    task_reason: str
    modalities: dict[str, dict[str, Any]]
    fusions: list[str]
    folds: int
    repeats: int
    fold_kind: str
    seed: int
    margin: float
    metric: str
    data_hash: str
    fold_hash: str
    group: str | None = None
    time: str | None = None
    id: str | None = None
    labels: list[str] = field(default_factory=list)
    attribution: bool = True
    candidates: list[str] = field(default_factory=list)
    custom: dict[str, str] = field(default_factory=dict)
    custom_digests: dict[str, str] = field(default_factory=dict)
    observations: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    libraries: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """sha256 of all that decides the predictions; where blocks lie, and how a report words things, does not."""
        data = asdict(self)
        for name in (
            "notices",
            "source",
            "margin",
            "metric",
            "left_out",
            "task_reason",
            "attribution",
            "observations",
            "candidates",
        ):
            del data[name]
        data["modalities"] = {
            name: {k: v for k, v in spec.items() if k not in ("folders", "reason", "root", "raw")}
            for name, spec in self.modalities.items()
        }
        return content_digest(data)


@dataclass(frozen=True)
class Workspace:
    """An opened run folder; ``y`` is (n,), or (n, labels); ``objects`` are strategies given as such, by name."""

    folder: Path
    plan: Plan
    y: NDArray[Any]
    ids: NDArray[Any]
    pattern: NDArray[Any]
    folds: Folds
    objects: Mapping[str, Any] = field(default_factory=dict)

    @property
    def task(self) -> Task:
        return Task.from_dict(self.plan.task)

    def target(self, label: int = 0) -> NDArray[Any]:
        """(n,) class codes or values, of one label where there are several."""
        return self.y[:, label] if self.plan.labels else self.y

    @cached_property
    def blocks(self) -> dict[str, dict[str, Block]]:
        """Every modality's blocks by view, loaded once per process; views in the order of their encoders, the floor first."""
        return {
            name: {view: _load(folder, name) for view, folder in spec["folders"]}
            for name, spec in self.plan.modalities.items()
        }

    @cached_property
    def shared_in_groups(self) -> frozenset[str]:
        """Modalities that the rows of a group share; none without a group column."""
        groups = self.folds.clusters
        if groups is None or not self.plan.group:
            return frozenset()
        return frozenset(m for m, views in self.blocks.items() if is_shared(next(iter(views.values())), groups))

    @cached_property
    def with_raw(self) -> dict[str, dict[str, Block]]:
        """The same with what is given to encoders that are trained, as a further view of their modalities."""
        found = {name: dict(views) for name, views in self.blocks.items()}
        for name, spec in self.plan.modalities.items():
            if "raw" in spec:
                block = _load(spec["raw"], name)
                found[name][block.view] = block
        return found

    @property
    def present(self) -> dict[str, NDArray[np.bool_]]:
        """Presence of each modality, (n,)."""
        return {name: next(iter(views.values())).present for name, views in self.blocks.items()}

    def log(self, event: str, **facts: Any) -> None:
        """Append a line to the run's log."""
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as handle:
            handle.write(json.dumps({"time": round(time.time(), 3), "event": event} | facts, ensure_ascii=False) + "\n")


def _load(folder: str, modality: str) -> Block:
    try:
        return load_block(Path(folder), modality, Path(folder).name)
    except (OSError, ValueError) as error:
        raise StudyError(f"the encoded blocks of {modality!r} must be readable, but: {error}") from error


def create(
    folder: Path, plan: Plan, y: NDArray[Any], ids: NDArray[Any], pattern: NDArray[Any], folds: Folds
) -> Workspace:
    """Write the plan and the folds into a new run folder, or open one that holds the same study.

    Raises
    ------
    StudyError
        The folder holds another study.
    """
    record = folder / "study.json"
    if record.exists():
        held = open_plan(folder)
        if held.key != plan.key:
            differs = sorted(k for k, v in asdict(plan).items() if asdict(held)[k] != v and k not in ("notices",))
            raise StudyError(
                f"{folder} holds another study (it differs in {', '.join(differs)}). Choose another folder with out= "
                "(--out), or remove that one."
            )
    elif folder.exists() and any(not _ours(entry.name) for entry in folder.iterdir()):
        raise StudyError(f"{folder} must be empty or hold this study, but it holds other files. Choose another out=.")
    folder.mkdir(parents=True, exist_ok=True)
    _write_rows(folder / "folds.parquet", y, ids, pattern, folds)
    write_json(record, asdict(plan))
    return Workspace(folder, plan, y, ids, pattern, folds)


def _ours(name: str) -> bool:
    """Whether a file may be the leaving of a run killed before its plan was written."""
    return name in ("blocks", "folds.parquet") or (name.startswith(".") and name.endswith(".part"))


def open_plan(folder: Path) -> Plan:
    """The plan of a run folder.

    Raises
    ------
    StudyError
        There is none, or it is damaged.
    """
    try:
        return Plan(**read_json(folder / "study.json"))
    except FileNotFoundError:
        raise StudyError(f"{folder} must hold a study, but has no study.json.") from None
    except (ValueError, TypeError) as error:
        raise StudyError(
            f"{folder / 'study.json'} must be whole, but: {error}. Start again in a new folder."
        ) from error


def open_workspace(folder: Path) -> Workspace:
    """Open a run folder as a worker does: from disk alone."""
    plan = open_plan(folder)
    table = pq.read_table(folder / "folds.parquet")
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    assignment = np.stack([columns[f"fold_{r}"] for r in range(plan.repeats)]).astype(np.int64)
    folds = Folds(plan.fold_kind, assignment, columns.get("cluster"), columns.get("order"))  # type: ignore[arg-type]
    if folds.digest != plan.fold_hash:
        raise StudyError(f"{folder / 'folds.parquet'} does not belong to the study: its hash differs.")
    targets = [columns[f"target_{j}"] for j in range(len(plan.labels))]
    y = np.column_stack(targets) if targets else columns["target"]
    return Workspace(folder, plan, y, columns["id"], columns["pattern"], folds)


def _write_rows(path: Path, y: NDArray[Any], ids: NDArray[Any], pattern: NDArray[Any], folds: Folds) -> None:
    columns: dict[str, Any] = {"id": ids.tolist(), "pattern": pattern.tolist()}
    columns |= {f"target_{j}": y[:, j] for j in range(y.shape[1])} if y.ndim > 1 else {"target": y}
    if folds.clusters is not None:
        columns["cluster"] = folds.clusters
    if folds.order is not None:
        columns["order"] = folds.order
    columns |= {f"fold_{r}": folds.assignment[r] for r in range(folds.repeats)}
    write_with(path, lambda handle: pq.write_table(pa.table(columns), handle))
