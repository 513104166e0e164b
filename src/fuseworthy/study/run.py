"""A comparison from beginning to end: singles first, then fusions, ledger, verdict, note, report."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from fuseworthy.errors import StudyError, nearest
from fuseworthy.evidence.deciding import deciding_losses
from fuseworthy.evidence.dominance import dominance_facts
from fuseworthy.evidence.headroom import headroom_facts
from fuseworthy.evidence.metrics import TITLES
from fuseworthy.evidence.refusals import refusal_reasons
from fuseworthy.inputs.encoded import Watch
from fuseworthy.strategies.catalogue import REMEDIES, TUNED
from fuseworthy.study.absence import ask_hidden
from fuseworthy.study.assemble import assemble
from fuseworthy.study.conclude import Progressed, conclude, dimensions_of, what_of
from fuseworthy.study.deploying import Refit
from fuseworthy.study.engines import Engine, InlineEngine, check_jobs, make_engine
from fuseworthy.study.facts import strategy_rows
from fuseworthy.study.fusions import asked_networks, joining_networks
from fuseworthy.study.prepare import Loaded, load, prepare
from fuseworthy.study.progress import EncodingProgress, Progress, Silent
from fuseworthy.study.question import Options, Question
from fuseworthy.study.study import Study
from fuseworthy.study.units import STAGES, Unit, is_done, network_units, unit_folders, units_of
from fuseworthy.study.workspace import Plan, Workspace, create, open_plan


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
    watch = Watch(options.jobs, EncodingProgress(progress))
    prepared = prepare(loaded, question, folder / "blocks", watch)
    _require_tried(options.deploy, prepared.plan)
    workspace = create(folder, prepared.plan, prepared.y, prepared.ids, prepared.pattern, prepared.folds)
    unit_folders(folder)
    deadline = start + options.budget * 60 if options.budget is not None else float("inf")
    workspace = replace(workspace, objects=prepared.objects)
    for line in prepared.plan.notices[len(loaded.notices) :]:
        progress.say(line)
    jobs = 1 if prepared.objects else options.jobs  # an object stays in the process it was made in
    engine, table = make_engine(jobs, len(prepared.y)), prepared.table
    refit = Refit(
        *(loaded, prepared.folds.clusters, prepared.folds.order),
        *(prepared.plan.seed, prepared.objects, prepared.plan.custom),
    )
    if isinstance(engine, InlineEngine):
        workspace.__dict__["blocks"] = prepared.blocks
    del prepared  # workers read the blocks from disk; this process need not hold them
    try:
        so_far = _run_units(workspace, engine, progress, deadline, question)
        ask = partial(ask_hidden, workspace, engine, progress, deadline)
        return replace(conclude(workspace, table, so_far, question, options.command, progress, ask), refit=refit)
    finally:
        engine.close()


def _require_tried(name: str | None, plan: Plan) -> None:
    """Raise `StudyError` before anything is trained for a strategy to be deployed that this study cannot try."""
    fusions = [*plan.fusions, *plan.candidates]
    if name is not None and name not in fusions and not any(name.startswith(f"{m}/") for m in plan.modalities):
        known = [*fusions, *(f"{m}/linear" for m in plan.modalities)]
        raise StudyError(f"a study must try what it deploys, but {name!r} came: {nearest(name, known)}.")


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
    """Run all repeats: singles, probes, all else, networks, remedies; stop after the first probes if they see no gain.

    What the probes and the networks of the first repeat find decides which networks join in all repeats.
    """
    course = _Course(workspace, engine, progress, deadline)
    networks, remedies = asked_networks(workspace.plan), list[str]()
    for repeat in range(workspace.folds.repeats):
        for stage in STAGES:
            units = units_of(workspace, repeat, stage)
            if not course.run(stage, repeat, units):
                return course.so_far
            if repeat == 0 and stage == "singles":
                _show_singles(workspace, units, progress)
            if repeat == 0 and stage == "probes" and not course.so_far.failed:
                course.so_far.hopeless, joining = _weigh(workspace, course.units, question, progress)
                networks += joining
                if course.so_far.hopeless and not question.anyway:
                    return course.so_far
        if not course.run("networks", repeat, network_units(workspace, repeat, networks)):
            return course.so_far
        if repeat == 0 and networks:
            remedies = _offer_remedies(workspace, course.units, question, progress)
        if not course.run("remedies", repeat, network_units(workspace, repeat, remedies, alone=False)):
            return course.so_far
    return course.so_far


@dataclass
class _Course:
    """Stages as they are run, and what became of their units."""

    workspace: Workspace
    engine: Engine
    progress: Progress
    deadline: float
    so_far: Progressed = field(default_factory=Progressed)

    @property
    def units(self) -> list[Unit]:
        """Units that are done, of strategies that failed on no fold."""
        lost = {what_of(unit) for unit in self.so_far.failed}
        return [unit for unit, ok in self.so_far.done.items() if ok and what_of(unit) not in lost]

    def run(self, stage: str, repeat: int, units: list[Unit]) -> bool:
        """Run what is not done yet; False if the budget ran out."""
        if not units:
            return True
        ready = {unit for unit in units if is_done(self.workspace, unit)}
        title = f"{stage}, repeat {repeat + 1} of {self.workspace.folds.repeats}"
        self.progress.begin(title, len(units), len(ready))
        self.workspace.log("stage", stage=title, units=len(units), done_before=len(ready))
        waiting = [unit for unit in units if unit not in ready]
        outcome = self.engine.run(
            self.workspace, waiting, lambda unit: self.progress.advance(_label(unit)), self.deadline
        )
        self.so_far.done |= {u: u not in outcome.skipped and u not in outcome.failed for u in units}
        self.so_far.failed |= outcome.failed
        _refuse_lost(self.workspace, outcome.failed, repeat, stage == "singles")
        return not outcome.skipped


def _weigh(
    workspace: Workspace, units: list[Unit], question: Question, progress: Progress
) -> tuple[str | None, list[str]]:
    """Say what the probes found: the sentence if fusion is unlikely to pay and a verdict may say so; networks to join."""
    ledger, _ = assemble(workspace, units, 1)
    losses = deciding_losses(ledger, question.decide_on)
    facts = headroom_facts(ledger, losses, question.margin, dimensions_of(workspace.plan))
    if facts is None:
        return None, []
    progress.say(facts["sentence"])
    refused = refusal_reasons(ledger.y, ledger.task, ledger.folds, ledger.labels)
    sequences = _has_sequences(workspace)
    joining, why = joining_networks(workspace.plan.candidates, len(workspace.ids), facts, sequences=sequences)
    blind = TUNED in workspace.plan.fusions or (sequences and (joining or asked_networks(workspace.plan)))
    if facts["unlikely"] and not blind and not refused and question.worth is None:
        return str(facts["sentence"]), []
    if why:
        progress.say(why)
    return None, joining


def _has_sequences(workspace: Workspace) -> bool:
    """Whether probes, which see of a sequence only its mean and maximum, may be blind to what networks find."""
    return any("tokens" in spec["forms"].values() for spec in workspace.plan.modalities.values())


def _offer_remedies(workspace: Workspace, units: list[Unit], question: Question, progress: Progress) -> list[str]:
    """Remedies for dominance, where a joint network is worse than the stack and the study may try them."""
    remedies = [name for name in workspace.plan.candidates if name in REMEDIES]
    ledger, _ = assemble(workspace, units, 1)
    facts = dominance_facts(ledger, deciding_losses(ledger, question.decide_on), question.margin)
    if facts is None or not remedies:
        return []
    progress.say(facts["sentence"])
    return remedies if facts["under_trained"] else []


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


def _label(unit: Unit) -> str:
    what = "/".join(word for word in (unit.modality, unit.strategy) if word)
    return f"{what or unit.kind} · fold {unit.fold + 1}"
