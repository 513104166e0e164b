"""The unit of work: some strategies on one fold. It reads the run folder and leaves durable files there.

A unit is done when its receipt is whole and names the sha256 of its parts; anything else is run again. Predictions go
into ``ledger/``, predictions inside the training part into ``inner/``, and what varies from run to run (times) into the
receipt, so that ledgers of two runs are the same bytes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fuseworthy.durable import content_digest, file_digest, read_json, write_json, write_with
from fuseworthy.ledger import RAW
from fuseworthy.strategies.catalogue import CATALOGUE, EARLY, LATE, PROBES, TUNED
from fuseworthy.strategies.part import Cost, Fitted, Part, make_part
from fuseworthy.study.workspace import Workspace
from fuseworthy.task import Floats

if TYPE_CHECKING:
    from fuseworthy.strategies.late import Members

STAGES = {
    "singles": ("single",),
    "probes": ("probe",),
    "fusions, controls and explanation": ("late", "early", "control", "attribution", "custom"),
}
"""Kinds of units in the order in which they are run: no fusion before the singles, nothing dear before the probes.
Networks come after; which of them are run may depend on what the probes find."""


@dataclass(frozen=True)
class Unit:
    """What to fit on one fold: the singles of one modality, the strategies of one kind, or one network (for one label).

    A unit of kind ``"network"`` has the network's name as its strategy, or a modality: the network on that one alone, or
    with both the one that trains the modality's encoder on it alone.
    """

    kind: str
    repeat: int
    fold: int
    modality: str = ""
    label: int = 0
    strategy: str = ""

    def stem(self, workspace: Workspace) -> str:
        """File name without ending: safe whatever the modality is called."""
        which = f"-{sorted(workspace.plan.modalities).index(self.modality)}" if self.modality else ""
        label = f"-l{self.label:03d}" if workspace.plan.labels else ""
        safe = self.strategy if self.strategy in CATALOGUE else content_digest(self.strategy)[:8]
        named = f"-{safe}" if self.strategy else ""
        return f"r{self.repeat:02d}-f{self.fold:02d}{label}-{self.kind}{which}{named}"

    def key(self, workspace: Workspace) -> str:
        return content_digest({"unit": asdict(self), "study": workspace.plan.key})


def units_of(workspace: Workspace, repeat: int, stage: str) -> list[Unit]:
    """Units of one stage (a key of `STAGES`) of one repeat."""
    plan, wanted = workspace.plan, set(workspace.plan.fusions) - set(PROBES)
    needed = {"late": bool(wanted & set(LATE)), "early": bool(wanted & set(EARLY)), "attribution": plan.attribution}
    kinds = [kind for kind in STAGES[stage] if needed.get(kind, True)]
    return [
        Unit(kind, repeat, k, m, label, own)
        for kind in kinds
        for label in range(max(len(plan.labels), 1))
        for k in range(workspace.folds.count)
        for m in (sorted(plan.modalities) if kind == "single" else ("",))
        for own in (plan.custom if kind == "custom" else ("",))
    ]


def network_units(workspace: Workspace, repeat: int, names: Sequence[str], *, alone: bool = True) -> list[Unit]:
    """Units of some networks of one repeat, fold by fold; ``alone``: of each modality by itself before them, and the
    placebo after them."""
    plan = workspace.plan
    before = [(m, "") for m in sorted(plan.modalities)] if names and alone else []
    after = [("", "placebo-network")] if names and alone else []
    if TUNED in names:
        before += [(m, TUNED) for m in sorted(plan.modalities) if "tuned" in plan.modalities[m]]
        after += [("", "placebo-tuned")]
    return [
        Unit("network", repeat, k, m, label, name)
        for label in range(max(len(plan.labels), 1))
        for k in range(workspace.folds.count)
        for m, name in [*before, *(("", name) for name in names), *after]
    ]


def run_unit(workspace: Workspace, unit: Unit) -> None:
    """Fit the unit's strategies and write what they predict."""
    start = time.perf_counter()
    part = make_part(
        workspace.target(unit.label), workspace.task, workspace.folds, unit.repeat, unit.fold, workspace.plan.seed
    )
    fitted = _fit(workspace, unit, part)
    stem = unit.stem(workspace)
    if unit.kind == "hidden":
        predictions = {name: f.test for name, f in fitted.items()}
        parts = {f"hidden/{stem}.parquet": pa.table({"row": part.test} | _columns(predictions, workspace))}
    else:
        parts = {f"ledger/{stem}.parquet": _ledger_part(workspace, unit, part, fitted)}
    inner = {name: f.inner for name, f in fitted.items() if f.inner is not None and unit.kind == "single"}
    if inner:
        parts[f"inner/{stem}.parquet"] = pa.table({"row": part.train} | _columns(inner, workspace))
    digests = {
        name: write_with(workspace.folder / name, lambda handle, t=table: pq.write_table(t, handle))  # type: ignore[misc]
        for name, table in parts.items()
    }
    write_json(
        workspace.folder / "receipts" / f"{stem}.json",
        {
            "key": unit.key(workspace),
            "files": digests,
            "costs": {name: asdict(f.cost) for name, f in fitted.items()},
            "settings": {name: f.setting for name, f in fitted.items()},
            "seconds": round(time.perf_counter() - start, 3),
            "peak_mb": _peak_mb(),
        },
    )


def is_done(workspace: Workspace, unit: Unit) -> bool:
    """Whether the unit's receipt and files are whole and belong to this study."""
    return read_receipt(workspace, unit) is not None


def read_receipt(workspace: Workspace, unit: Unit) -> dict[str, Any] | None:
    """The receipt, or None if it or a file it names is missing, torn, flipped or of another study."""
    path = workspace.folder / "receipts" / f"{unit.stem(workspace)}.json"
    try:
        receipt: dict[str, Any] = read_json(path)
        whole = receipt["key"] == unit.key(workspace) and all(
            file_digest(workspace.folder / name) == digest for name, digest in receipt["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return receipt if whole else None


def read_singles(workspace: Workspace, of: Unit) -> dict[str, Fitted]:
    """All singles of a unit's fold (and label), as their units left them."""
    singles: dict[str, Fitted] = {}
    for modality in sorted(workspace.plan.modalities):
        unit = Unit("single", of.repeat, of.fold, modality, of.label)
        receipt = read_receipt(workspace, unit)
        if receipt is None:
            raise RuntimeError(f"unit {unit} must be done before fusions of its fold")
        test, inner = (
            pq.read_table(workspace.folder / where / f"{unit.stem(workspace)}.parquet") for where in ("ledger", "inner")
        )
        for name, cost in receipt["costs"].items():
            singles[name] = Fitted(
                read_columns(test, name, workspace),
                None,
                read_columns(inner, name, workspace),
                Cost(**cost),
                receipt["settings"][name],
            )
    return singles


def read_columns(table: pa.Table, name: str, workspace: Workspace) -> Floats:
    """One strategy's predictions, (rows, width), from a part."""
    width = workspace.task.width
    return np.column_stack([table[f"{name}|{c}"].to_numpy() for c in range(width)])


def _columns(predictions: dict[str, Floats], workspace: Workspace) -> dict[str, Floats]:
    return {f"{name}|{c}": p[:, c] for name, p in predictions.items() for c in range(workspace.task.width)}


def _ledger_part(workspace: Workspace, unit: Unit, part: Part, fitted: dict[str, Fitted]) -> pa.Table:
    rows = part.test
    columns: dict[str, Any] = {
        "row": rows,
        "id": workspace.ids[rows].tolist(),
        "repeat": np.full(len(rows), unit.repeat),
        "fold": np.full(len(rows), unit.fold),
        "target": workspace.target(unit.label)[rows],
        "pattern": workspace.pattern[rows].tolist(),
    }
    if workspace.folds.clusters is not None:
        columns["cluster"] = workspace.folds.clusters[rows]
    columns |= _columns({name: f.test for name, f in fitted.items()}, workspace)
    columns |= _columns({name + RAW: f.raw for name, f in fitted.items() if f.raw is not None}, workspace)
    plan = workspace.plan
    return pa.table(columns).replace_schema_metadata({"data_hash": plan.data_hash, "fold_hash": plan.fold_hash})


def _fit(workspace: Workspace, unit: Unit, part: Part) -> dict[str, Fitted]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        if unit.kind == "single":
            from fuseworthy.strategies.singles import fit_singles

            return fit_singles(unit.modality, workspace.blocks[unit.modality], part)
        singles = read_singles(workspace, unit)
        if unit.kind in ("network", "custom"):
            from fuseworthy.study.networks import fit_one

            return fit_one(workspace, unit, part, singles)
        if unit.kind == "hidden":
            from fuseworthy.study.absence import fit_hidden

            return fit_hidden(workspace, unit, part, singles)
        build = {"probe": _fit_probes, "late": _fit_late, "early": _fit_early, "control": _fit_controls}
        return build.get(unit.kind, _fit_attribution)(workspace, part, singles)


def _fit_probes(workspace: Workspace, part: Part, singles: dict[str, Fitted]) -> dict[str, Fitted]:
    from fuseworthy.strategies import early, late
    from fuseworthy.strategies.probes import fit_emap
    from fuseworthy.strategies.singles import FeatureStore, dummy
    from fuseworthy.strategies.views import narrowed

    store, blocks = FeatureStore(part), narrowed(workspace.blocks, singles, part)
    full = early.join_boosting(blocks, part, store)
    return {
        "stacking": late.fit_stacking(_spokesmen(workspace, part, singles), part),
        "early-boosting": full.fitted,
        "additive": early.join_boosting(blocks, part, store, additive=True).fitted,
        "emap": fit_emap(full, part),
        "dummy": dummy(part),
    }


def _spokesmen(workspace: Workspace, part: Part, singles: dict[str, Fitted]) -> Members:
    """The best single of each modality."""
    from fuseworthy.strategies import late

    return late.gather({n: singles[n] for n in late.best_per_modality(singles, part).values()}, workspace.present, part)


def _fit_attribution(workspace: Workspace, part: Part, singles: dict[str, Fitted]) -> dict[str, Fitted]:
    from fuseworthy.strategies import early
    from fuseworthy.strategies.subsets import fit_subsets
    from fuseworthy.strategies.views import narrowed
    from fuseworthy.study.strangers import strangers

    chosen, orders = early.best_linear(workspace.blocks, singles, part), strangers(workspace, part)
    best = narrowed(workspace.blocks, singles, part)
    return fit_subsets(_spokesmen(workspace, part, singles), workspace.blocks, best, chosen, part, orders)


def _fit_late(workspace: Workspace, part: Part, singles: dict[str, Fitted]) -> dict[str, Fitted]:
    from fuseworthy.strategies import late

    everyone = late.gather(singles, workspace.present, part)
    best = _spokesmen(workspace, part, singles)
    fits = {"mean": late.fit_mean, "weighted-mean": late.fit_weighted, "log-pool": late.fit_log_pool}
    fitted = {name: fit(best, part) for name, fit in fits.items() if name in workspace.plan.fusions}
    if "greedy" in workspace.plan.fusions:
        fitted["greedy"] = late.fit_greedy(everyone, part)
    return fitted


def _fit_early(workspace: Workspace, part: Part, singles: dict[str, Fitted]) -> dict[str, Fitted]:
    from fuseworthy.strategies import early, late

    strongest = late.best_single(singles, part).split("/")[0]
    chosen = early.best_linear(workspace.blocks, singles, part)
    return {"early-linear": early.fit_early_linear(workspace.blocks, part, chosen, strongest)}


def _fit_controls(workspace: Workspace, part: Part, singles: dict[str, Fitted]) -> dict[str, Fitted]:
    from fuseworthy.strategies import controls, early, late
    from fuseworthy.strategies.singles import mask_only
    from fuseworthy.strategies.views import narrowed
    from fuseworthy.study.strangers import strangers

    blocks, present = workspace.blocks, workspace.present
    members, best = late.gather(singles, present, part), late.best_single(singles, part)
    chosen = late.best_per_modality(singles, part)
    placebo, moved = controls.fit_placebo(singles, chosen, best, blocks, part, strangers(workspace, part))
    fitted = {
        "twin": controls.fit_twin(best, blocks, part, singles[best]),
        "ensemble": controls.fit_ensemble(members, best.split("/")[0], part),
        "recal": controls.fit_recal(members, best, part),
        "placebo-late": placebo,
    }
    if "early-linear" in workspace.plan.fusions:
        linear = early.best_linear(blocks, singles, part)
        fitted["placebo-early"] = early.fit_early_linear(moved, part, linear, best.split("/")[0])
    elif "early-boosting" in workspace.plan.fusions:
        fitted["placebo-early"] = early.fit_early_boosting(narrowed(moved, singles, part), part)
    flags = np.column_stack(list(present.values()))
    if not flags.all():
        fitted["mask-only"] = mask_only(flags, part)
    return {name: fitted[name] for name in CATALOGUE if name in fitted}


def _peak_mb() -> float:
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)


def unit_folders(folder: Path) -> None:
    """Make the folders that units write into."""
    for name in ("ledger", "inner", "hidden", "receipts"):
        (folder / name).mkdir(exist_ok=True)
