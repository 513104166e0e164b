"""From finished units to ledger, verdict, facts, note and report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from fuseworthy.errors import StudyError
from fuseworthy.evidence.deciding import deciding_losses
from fuseworthy.evidence.missing import Hidden
from fuseworthy.evidence.outcome import Verdict
from fuseworthy.evidence.verdict import decide
from fuseworthy.ledger import Ledger
from fuseworthy.strategies.catalogue import CATALOGUE, PROBES, encoders_read
from fuseworthy.study.assemble import Costs, assemble, complete_repeats, mean_shares
from fuseworthy.study.cells import decompose
from fuseworthy.study.descriptors import descriptors_of
from fuseworthy.study.explanation import Seen
from fuseworthy.study.facts import build_facts
from fuseworthy.study.progress import Progress
from fuseworthy.study.question import Question
from fuseworthy.study.study import Study
from fuseworthy.study.units import Unit
from fuseworthy.study.workspace import Plan, Workspace
from fuseworthy.study.worth import margin_of
from fuseworthy.task import Floats

Ask = Callable[[str], dict[str, Floats] | str]


@dataclass
class Progressed:
    """Which units are done, which were given up and why, and the probes' answer if it is that fusion cannot pay."""

    done: dict[Unit, bool] = field(default_factory=dict)
    failed: dict[Unit, str] = field(default_factory=dict)
    hopeless: str | None = None


def _gather(
    workspace: Workspace, so_far: Progressed, stopped: bool, notices: list[str]
) -> tuple[Ledger, dict[str, Costs]]:
    """The ledger of the repeats that are complete, without the strategies that could not be fitted."""
    lost = {what_of(unit) for unit in so_far.failed}
    counted = {unit: ok for unit, ok in so_far.done.items() if what_of(unit) not in lost}
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
    if "control strategies" in lost:
        notices.append("without the controls a FUSE has not been checked against gains that no modality brings")
    elif "mask-only" not in ledger.strategies and not stopped:
        notices.append("mask-only does not apply: every row has every modality")
    return ledger, costs


def reasons_of(failed: dict[Unit, str]) -> list[str]:
    """Which strategies could not be fitted, and why, each reason once."""
    return list(dict.fromkeys(f"{what_of(unit)}: {why}" for unit, why in failed.items()))


def what_of(unit: Unit) -> str:
    """What is lost with a unit: its own strategy, or all of its kind."""
    if unit.kind == "network" and unit.modality:
        return f"{unit.modality}/{unit.strategy or 'network'}"
    return unit.strategy or f"{unit.kind} strategies"


def conclude(
    workspace: Workspace,
    table: pa.Table,
    so_far: Progressed,
    question: Question,
    command: str | None,
    progress: Progress,
    ask: Ask,
) -> Study:
    """Verdict, facts, note and report of the units that are done.

    Parameters
    ----------
    ask : what a fusion predicts where modalities are hidden from it, see `fuseworthy.study.absence`
    """
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
    hidden = _hidden(verdict, ask, stopped or not question.attribution, notices)
    observations = plan.observations
    if question.decompose:
        observations = observations | {"decomposition": decompose(workspace.blocks, workspace.y, workspace.task)}
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
            dimensions_of(plan),
            observations,
            descriptors_of(table, plan, question),
            tuple(question.slices),
            mean_shares(workspace, [unit for unit, ok in so_far.done.items() if ok]),
            {name: encoders_read(name, spec["forms"]) for name, spec in plan.modalities.items()},
            hidden,
        ),
    )
    study = Study(ledger, verdict, facts, workspace.folder, tuple(reasons_of(so_far.failed)))
    study.write(workspace.folder)
    progress.say(f"{len(ledger.strategies)} strategies compared on {ledger.rows:,} rows")
    return study


def _hidden(verdict: Verdict, ask: Ask, spared: bool, notices: list[str]) -> Hidden | None:
    """The fusion that would be deployed, asked without some of the modalities."""
    if spared:
        return None
    name = verdict.deploy if verdict.outcome == "FUSE" else verdict.best_fusion
    found = ask(name)
    if isinstance(found, str):
        notices.append(f"what {name} does without some of the modalities is not known: {found}")
        return None
    return Hidden(name, found)


def dimensions_of(plan: Plan) -> dict[str, int]:
    """Features that an early fusion learns from each modality."""
    return {name: int(seen["features"]) for name, seen in plan.observations["modalities"].items()}


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
        ("intermediate", "intermediate fusions"),
        ("attention", "attention fusions"),
        ("hybrid", "hybrids"),
        ("uncertainty", "uncertainty-weighted fusions"),
        ("tuned", "trained with their encoders"),
        ("custom", "own strategies"),
        ("control", "controls"),
        ("subset", "retrained on subsets of the modalities"),
        ("permuted", "with one modality shuffled"),
        ("reference", "references"),
    ):
        names = [s.name for s in ledger.strategies.values() if s.family == kind]
        if names:
            steps.append(f"{title}: {', '.join(names)}")
    return steps
