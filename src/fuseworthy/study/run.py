"""A comparison from beginning to end: singles first, then fusions, ledger, verdict, note, report."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from fuseworthy.durable import write_bytes, write_json
from fuseworthy.errors import StudyError
from fuseworthy.evidence.metrics import TITLES
from fuseworthy.evidence.verdict import decide
from fuseworthy.ledger import Ledger
from fuseworthy.study.assemble import Costs, assemble, complete_repeats
from fuseworthy.study.engines import Engine, InlineEngine, check_jobs, make_engine
from fuseworthy.study.facts import build_facts, strategy_rows
from fuseworthy.study.prepare import Loaded, load, prepare
from fuseworthy.study.progress import Progress, Silent
from fuseworthy.study.question import Options, Question
from fuseworthy.study.study import Study
from fuseworthy.study.units import Unit, is_done, unit_folders, units_of
from fuseworthy.study.workspace import Workspace, create, open_plan


def run_study(
    source: Any, question: Question, options: Options | None = None, progress: Progress | None = None
) -> Study:
    """Answer the question on the table.

    Raises
    ------
    FuseworthyError
        Input that cannot be used, folds that cannot be made, a folder that holds another study, or a budget too
        small for one repeat.
    """
    options, progress = options or Options(), progress or Silent()
    if options.resume:
        if options.out is None:
            raise StudyError("resume needs the folder of the run. Pass out= (--out).")
        open_plan(Path(options.out))
    start = time.monotonic()
    check_jobs(options.jobs)
    loaded = load(source, question, tuple(options.joins))
    loaded = replace(loaded, source=options.name or loaded.source)
    progress.inputs(describe(loaded, question))
    if options.out is None:
        with tempfile.TemporaryDirectory(prefix="fuseworthy-") as folder:
            return replace(_run_in(Path(folder), loaded, question, options, progress, start), folder=None)
    return _run_in(Path(options.out), loaded, question, options, progress, start)


def _run_in(
    folder: Path, loaded: Loaded, question: Question, options: Options, progress: Progress, start: float
) -> Study:
    prepared = prepare(loaded, question, folder / "blocks")
    workspace = create(folder, prepared.plan, prepared.y, prepared.ids, prepared.pattern, prepared.folds)
    unit_folders(folder)
    deadline = start + options.budget * 60 if options.budget is not None else float("inf")
    engine, table = make_engine(options.jobs, len(prepared.y)), prepared.table
    if isinstance(engine, InlineEngine):
        workspace.__dict__["blocks"] = prepared.blocks
    del prepared  # workers read the blocks from disk; this process need not hold them
    try:
        done, failed = _run_units(workspace, engine, progress, deadline)
    finally:
        engine.close()
    return _conclude(workspace, table, done, failed, question, options.command, progress)


def describe(loaded: Loaded, question: Question) -> dict[str, Any]:
    """What will be used as what."""
    return {
        "source": loaded.source,
        "rows": len(loaded.y),
        "target": question.target,
        "task": loaded.task.kind,
        "task_reason": loaded.task_reason,
        "classes": list(loaded.task.classes),
        "modalities": [
            {"name": name, "kind": m.kind, "columns": list(m.columns), "reason": loaded.inference.reasons[name]}
            for name, m in loaded.inference.modalities.items()
        ],
        "left_out": loaded.inference.left_out,
        "notices": loaded.notices,
    }


def _run_units(
    workspace: Workspace, engine: Engine, progress: Progress, deadline: float
) -> tuple[dict[Unit, bool], dict[Unit, str]]:
    """Run all repeats, singles before fusions; returns which units are done, and which were given up."""
    repeats = workspace.folds.repeats
    done: dict[Unit, bool] = {}
    failed: dict[Unit, str] = {}
    for repeat in range(repeats):
        for singles in (True, False):
            units = units_of(workspace, repeat, singles=singles)
            ready = [unit for unit in units if is_done(workspace, unit)]
            stage = f"{'singles' if singles else 'fusions and controls'}, repeat {repeat + 1} of {repeats}"
            progress.begin(stage, len(units), len(ready))
            workspace.log("stage", stage=stage, units=len(units), done_before=len(ready))
            outcome = engine.run(
                workspace, [u for u in units if u not in ready], lambda u: progress.advance(_label(u)), deadline
            )
            done |= {unit: unit not in outcome.skipped and unit not in outcome.failed for unit in units}
            failed |= outcome.failed
            _refuse_lost(workspace, outcome.failed, repeat, singles)
            if outcome.skipped:
                return done, failed
            if singles and repeat == 0:
                _show_singles(workspace, units, progress)
    return done, failed


def _refuse_lost(workspace: Workspace, failed: dict[Unit, str], repeat: int, singles: bool) -> None:
    for unit, why in failed.items():
        workspace.log("failed", unit=unit.stem(workspace), why=why)
    if singles and failed:
        unit, why = next(iter(failed.items()))
        raise StudyError(
            f"every single must be fitted before any fusion, but {unit.modality!r} failed on repeat "
            f"{unit.repeat + 1}, fold {unit.fold + 1}: {why}. What is done is kept in {workspace.folder}."
        )


def _show_singles(workspace: Workspace, units: Sequence[Unit], progress: Progress) -> None:
    ledger, costs = assemble(workspace, units, 1)
    rows = strategy_rows(ledger, workspace.plan.metric, costs)
    progress.singles(
        rows, TITLES[workspace.plan.metric], ledger.task.loss_name, f"repeat 1 of {workspace.plan.repeats}"
    )


def _gather(
    workspace: Workspace, done: dict[Unit, bool], failed: dict[Unit, str], notices: list[str]
) -> tuple[Ledger, dict[str, Costs]]:
    """The ledger of the repeats that are complete, without the strategies that could not be fitted."""
    lost = {unit.kind for unit in failed}
    counted = {unit: ok for unit, ok in done.items() if unit.kind not in lost}
    repeats = complete_repeats(workspace, counted, max((u.repeat for u in counted), default=-1) + 1)
    if repeats == 0:
        raise StudyError(
            f"the budget must allow one full repeat, but it ran out before. What is done is kept in "
            f"{workspace.folder}: run again with a larger budget (--budget) to go on."
        )
    if repeats < workspace.plan.repeats:
        notices.append(f"the budget ran out: {repeats} of {workspace.plan.repeats} repeats are complete and used")
    notices += [f"left out because they could not be fitted: {why}" for why in reasons_of(failed)]
    ledger, costs = assemble(workspace, [u for u in counted if u.repeat < repeats], repeats)
    if not ledger.names(kind="fusion"):
        raise StudyError(f"a verdict needs a fusion, but none could be fitted: {'; '.join(reasons_of(failed))}")
    if "control" in lost:
        notices.append("without the controls a FUSE has not been checked against gains that no modality brings")
    elif "mask-only" not in ledger.strategies:
        notices.append("mask-only does not apply: every row has every modality")
    return ledger, costs


def reasons_of(failed: dict[Unit, str]) -> list[str]:
    """Which strategies could not be fitted, and why, each reason once."""
    return list(dict.fromkeys(f"{unit.kind} strategies: {why}" for unit, why in failed.items()))


def _conclude(
    workspace: Workspace,
    table: pa.Table,
    done: dict[Unit, bool],
    failed: dict[Unit, str],
    question: Question,
    command: str | None,
    progress: Progress,
) -> Study:
    plan, notices = workspace.plan, list(workspace.plan.notices)
    ledger, costs = _gather(workspace, done, failed, notices)
    verdict = decide(ledger, margin=question.margin, metric=plan.metric)
    asked = {name: getattr(plan, name) for name in ("source", "target", "task_reason", "group", "time", "seed")}
    facts = build_facts(
        ledger,
        verdict,
        asked | {"margin": question.margin, "command": command},
        metric=plan.metric,
        costs=costs,
        modalities=_modalities(plan.modalities, ledger.n),
        left_out=plan.left_out,
        notices=notices,
        history=_history(ledger),
        inputs={name: table.select(spec["columns"]) for name, spec in plan.modalities.items()},
    )
    study = Study(ledger, verdict, facts, workspace.folder, tuple(reasons_of(failed)))
    _write(study, workspace.folder)
    progress.say(f"{len(ledger.strategies)} strategies compared on {ledger.n:,} rows")
    return study


def _modalities(specs: dict[str, dict[str, Any]], n: int) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "kind": spec["kind"],
            "columns": spec["columns"],
            "reason": spec["reason"],
            "rows_present": spec["rows_present"],
            "share_present": spec["rows_present"] / n,
        }
        for name, spec in specs.items()
    ]


def _history(ledger: Ledger) -> list[str]:
    steps = []
    for kind, title in (
        ("single", "singles"),
        ("late", "late fusions"),
        ("early", "early fusions"),
        ("control", "controls"),
        ("reference", "references"),
    ):
        names = [s.name for s in ledger.strategies.values() if s.family == kind]
        if names:
            steps.append(f"{title}: {', '.join(names)}")
    return steps


def _write(study: Study, folder: Path) -> None:
    write_json(folder / "verdict.json", study.verdict.to_dict())
    write_json(folder / "facts.json", study.facts)
    write_bytes(folder / "note.md", study.note().encode())
    write_bytes(folder / "report.html", study.report().encode())


def _label(unit: Unit) -> str:
    return f"{unit.modality or unit.kind} · fold {unit.fold + 1}"
