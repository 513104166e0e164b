"""A comparison from beginning to end: singles first, then fusions, ledger, verdict, note, report."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from fuseworthy.durable import write_bytes, write_json
from fuseworthy.errors import StudyError
from fuseworthy.evidence.deciding import deciding_losses
from fuseworthy.evidence.headroom import headroom_facts
from fuseworthy.evidence.metrics import TITLES
from fuseworthy.evidence.refusals import refusal_reasons
from fuseworthy.evidence.verdict import decide
from fuseworthy.ledger import Ledger
from fuseworthy.strategies.catalogue import CATALOGUE, PROBES
from fuseworthy.study.assemble import Costs, assemble, complete_repeats
from fuseworthy.study.descriptors import descriptors_of
from fuseworthy.study.engines import Engine, InlineEngine, check_jobs, make_engine
from fuseworthy.study.facts import Seen, build_facts, strategy_rows
from fuseworthy.study.prepare import Loaded, load, prepare
from fuseworthy.study.progress import Progress, Silent
from fuseworthy.study.question import Options, Question
from fuseworthy.study.study import Study
from fuseworthy.study.units import STAGES, Unit, is_done, unit_folders, units_of
from fuseworthy.study.workspace import Plan, Workspace, create, open_plan
from fuseworthy.study.worth import margin_of


@dataclass
class Progressed:
    """Which units are done, which were given up and why, and the probes' answer if it is that fusion cannot pay."""

    done: dict[Unit, bool] = field(default_factory=dict)
    failed: dict[Unit, str] = field(default_factory=dict)
    hopeless: str | None = None


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
        so_far = _run_units(workspace, engine, progress, deadline, question)
    finally:
        engine.close()
    return _conclude(workspace, table, so_far, question, options.command, progress)


def describe(loaded: Loaded, question: Question) -> dict[str, Any]:
    """What will be used as what."""
    return {
        "source": loaded.source,
        "rows": len(loaded.y),
        "target": ", ".join(loaded.targets),
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
    workspace: Workspace, engine: Engine, progress: Progress, deadline: float, question: Question
) -> Progressed:
    """Run all repeats, singles before probes before all else; stop after the first probes if nothing is to be gained."""
    so_far = Progressed()
    repeats = workspace.folds.repeats
    for repeat in range(repeats):
        for stage in STAGES:
            units = units_of(workspace, repeat, stage)
            ready = [unit for unit in units if is_done(workspace, unit)]
            title = f"{stage}, repeat {repeat + 1} of {repeats}"
            progress.begin(title, len(units), len(ready))
            workspace.log("stage", stage=title, units=len(units), done_before=len(ready))
            outcome = engine.run(
                workspace, [u for u in units if u not in ready], lambda u: progress.advance(_label(u)), deadline
            )
            so_far.done |= {u: u not in outcome.skipped and u not in outcome.failed for u in units}
            so_far.failed |= outcome.failed
            _refuse_lost(workspace, outcome.failed, repeat, stage == "singles")
            if outcome.skipped:
                return so_far
            if repeat == 0 and stage == "singles":
                _show_singles(workspace, units, progress)
            if repeat == 0 and stage == "probes" and not outcome.failed:
                so_far.hopeless = _weigh(workspace, list(so_far.done), question, progress)
                if so_far.hopeless and not question.anyway:
                    return so_far
    return so_far


def _weigh(workspace: Workspace, units: list[Unit], question: Question, progress: Progress) -> str | None:
    """Say what the probes found; the sentence if fusion is unlikely to pay and a verdict may say so."""
    ledger, _ = assemble(workspace, units, 1)
    losses = deciding_losses(ledger, question.decide_on)
    facts = headroom_facts(ledger, losses, question.margin, dimensions_of(workspace.plan))
    if facts is None:
        return None
    progress.say(facts["sentence"])
    refused = refusal_reasons(ledger.y, ledger.task, ledger.folds, ledger.labels)
    return str(facts["sentence"]) if facts["unlikely"] and not refused and question.worth is None else None


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
    workspace: Workspace, so_far: Progressed, stopped: bool, notices: list[str]
) -> tuple[Ledger, dict[str, Costs]]:
    """The ledger of the repeats that are complete, without the strategies that could not be fitted."""
    lost = {unit.kind for unit in so_far.failed}
    counted = {unit: ok for unit, ok in so_far.done.items() if unit.kind not in lost}
    repeats = complete_repeats(workspace, counted, max((u.repeat for u in counted), default=-1) + 1)
    if repeats == 0:
        raise StudyError(
            f"the budget must allow one full repeat, but it ran out before. What is done is kept in "
            f"{workspace.folder}: run again with a larger budget (--budget) to go on."
        )
    if repeats < workspace.plan.repeats and not stopped:
        notices.append(f"the budget ran out: {repeats} of {workspace.plan.repeats} repeats are complete and used")
    failed = reasons_of(so_far.failed)
    notices += [f"left out because they could not be fitted: {why}" for why in failed]
    ledger, costs = assemble(workspace, [u for u in counted if u.repeat < repeats], repeats)
    if stopped:  # the probes are all the fusions there are
        ledger = replace(ledger, strategies={**ledger.strategies, **{p: CATALOGUE[p] for p in PROBES}})
        notices.append("stopped after the probes of the first repeat; go on with anyway=True (--anyway)")
    if not ledger.names(kind="fusion"):
        raise StudyError(f"a verdict needs a fusion, but none could be fitted: {'; '.join(failed)}")
    if "control" in lost:
        notices.append("without the controls a FUSE has not been checked against gains that no modality brings")
    elif "mask-only" not in ledger.strategies and not stopped:
        notices.append("mask-only does not apply: every row has every modality")
    return ledger, costs


def reasons_of(failed: dict[Unit, str]) -> list[str]:
    """Which strategies could not be fitted, and why, each reason once."""
    return list(dict.fromkeys(f"{unit.kind} strategies: {why}" for unit, why in failed.items()))


def _conclude(
    workspace: Workspace,
    table: pa.Table,
    so_far: Progressed,
    question: Question,
    command: str | None,
    progress: Progress,
) -> Study:
    plan, notices = workspace.plan, list(workspace.plan.notices)
    stopped = so_far.hopeless is not None and not question.anyway
    ledger, costs = _gather(workspace, so_far, stopped, notices)
    losses = deciding_losses(ledger, question.decide_on)
    margin = margin_of(ledger, losses, costs, question, notices)
    verdict = decide(ledger, margin=margin, metric=plan.metric, decide_on=question.decide_on)
    if stopped:
        verdict = replace(
            verdict, flags=(*verdict.flags, "stopped early: the probes say that fusion is unlikely to pay")
        )
    asked = {name: getattr(plan, name) for name in ("source", "target", "task_reason", "group", "time", "seed")}
    facts = build_facts(
        ledger,
        verdict,
        asked | {"margin": margin, "worth": question.worth, "command": command},
        metric=plan.metric,
        costs=costs,
        modalities=_modalities(plan.modalities, ledger.rows),
        left_out=plan.left_out,
        notices=notices,
        history=_history(ledger),
        inputs={name: table.select(spec["columns"]) for name, spec in plan.modalities.items()},
        losses=losses,
        seen=Seen(
            dimensions_of(plan), plan.observations, descriptors_of(table, plan, question), tuple(question.slices)
        ),
    )
    study = Study(ledger, verdict, facts, workspace.folder, tuple(reasons_of(so_far.failed)))
    _write(study, workspace.folder)
    progress.say(f"{len(ledger.strategies)} strategies compared on {ledger.rows:,} rows")
    return study


def dimensions_of(plan: Plan) -> dict[str, int]:
    """Features that an early fusion learns from each modality."""
    return {name: int(seen["features"]) for name, seen in plan.observations.items()}


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
        ("probe", "probes"),
        ("late", "late fusions"),
        ("early", "early fusions"),
        ("control", "controls"),
        ("subset", "retrained on subsets of the modalities"),
        ("permuted", "with one modality shuffled"),
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
