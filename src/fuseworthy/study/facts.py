"""One dict of facts: all that a note, a report or a repr says, computed once from the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from fuseworthy import __version__
from fuseworthy.evidence.calibration import calibration_facts, recalibration_slope
from fuseworthy.evidence.checks import Evidence, run_checks
from fuseworthy.evidence.intervals import paired_interval, row_means
from fuseworthy.evidence.metrics import TITLES, ledger_scores
from fuseworthy.evidence.outcome import Verdict
from fuseworthy.evidence.policies import best_overall
from fuseworthy.evidence.rescue import correctness, most_changed, rescue_matrix
from fuseworthy.evidence.verdict import unit_of
from fuseworthy.ledger import FUSION_FAMILIES, Ledger
from fuseworthy.study.assemble import Costs
from fuseworthy.study.explanation import Seen, explanation_facts
from fuseworthy.task import Floats

LONGEST_INPUT = 400


def build_facts(
    ledger: Ledger,
    verdict: Verdict,
    question: dict[str, Any],
    *,
    metric: str,
    costs: Mapping[str, Costs] | None = None,
    modalities: list[dict[str, Any]] | None = None,
    left_out: Mapping[str, str] | None = None,
    notices: list[str] | None = None,
    history: list[str] | None = None,
    inputs: Mapping[str, pa.Table] | None = None,
    losses: Mapping[str, Floats] | None = None,
    seen: Seen | None = None,
) -> dict[str, Any]:
    """Facts of a study or a judgement.

    Parameters
    ----------
    question : source, target and whatever else was asked
    metric : headline metric
    inputs : modality -> its columns, for the examples
    losses : what decides, the ledger's own losses if left out
    seen : what is known of the data beside the ledger
    """
    seen, losses = seen or Seen(), losses or ledger.losses()
    table = strategy_rows(ledger, metric, costs or {}, losses)
    best_single, best_fusion = verdict.best_single, verdict.best_fusion
    facts: dict[str, Any] = {
        "version": __version__,
        "question": question | question_facts(ledger, metric, verdict),
        "modalities": modalities or [],
        "patterns": pattern_facts(ledger),
        "left_out": [{"column": c, "reason": why} for c, why in (left_out or {}).items()],
        "notices": notices or [],
        "strategies": table,
        "best_single": best_single,
        "best_fusion": best_fusion,
        "deploy": verdict.deploy,
        "verdict": verdict.to_dict(),
        "rescue": rescue_matrix(ledger, best_single, best_fusion),
        "calibration": calibration_rows(ledger, best_single, best_fusion),
        "examples": example_facts(ledger, best_single, best_fusion, inputs or {}),
        "why_tried": why_tried(ledger, best_single),
        "harm_case": harm_case(table, ledger, best_single, metric),
        "history": history or [],
    }
    facts |= explanation_facts(ledger, verdict, losses, table, seen)
    facts["checks"] = [
        found.to_dict() for found in run_checks(Evidence(ledger, verdict, losses, facts, seen.observations))
    ]
    return plain(facts)  # type: ignore[no-any-return]


def question_facts(ledger: Ledger, metric: str, verdict: Verdict) -> dict[str, Any]:
    folds, task = ledger.folds, ledger.task
    return {
        "task": task.kind,
        "classes": list(task.classes) or None,
        "rows": ledger.rows,
        "clusters": unit_of(ledger)[1] if unit_of(ledger)[0] == "groups" else None,
        "loss": task.loss_name,
        "metric": TITLES[metric],
        "folds": folds.count,
        "repeats": folds.repeats,
        "fold_kind": folds.kind,
        "data_hash": ledger.data_hash,
        "fold_hash": folds.digest,
        "confidence": verdict.confidence,
        "ledger_hash": ledger.digest,
    }


def pattern_facts(ledger: Ledger) -> list[dict[str, Any]]:
    """Availability patterns, commonest first."""
    names, counts = np.unique(ledger.pattern.astype(str), return_counts=True)
    return [
        {"pattern": str(names[i]), "rows": int(counts[i]), "share": float(counts[i] / ledger.n)}
        for i in np.argsort(-counts, kind="stable")
    ]


def strategy_rows(
    ledger: Ledger, metric: str, costs: Mapping[str, Costs], losses: Mapping[str, Floats] | None = None
) -> list[dict[str, Any]]:
    """One row a strategy: loss, headline metric, paired gain over the best single, calibration, costs."""
    losses = losses or ledger.losses()
    means = {name: float(np.nanmean(row_means(loss))) for name, loss in losses.items()}
    singles = ledger.names(kind="single")
    best = min(singles, key=lambda name: means[name])
    alpha = 0.025 if ledger.folds.order is not None else 0.05
    rows = []
    for name, strategy in ledger.strategies.items():
        score = ledger_scores(metric, ledger, ledger.of(name))
        gain = None if name == best else paired_interval(losses[best] - losses[name], ledger.folds, alpha=alpha)
        cost = costs.get(name)
        rows.append(
            {
                "name": name,
                "title": strategy.title,
                "family": strategy.family,
                "modality": strategy.modality,
                "rank": strategy.rank,
                "loss": means[name],
                "metric": float(np.nanmean(row_means(score))),
                "gain": gain.gain if gain else None,
                "low": gain.low if gain else None,
                "high": gain.high if gain else None,
                **slopes(ledger, name),
                "fit_seconds": cost.fit_seconds if cost else None,
                "predict_seconds": cost.predict_seconds if cost else None,
                "parameters": cost.parameters if cost else None,
                "memory_mb": cost.memory_mb if cost else None,
            }
        )
    return rows


def slopes(ledger: Ledger, name: str) -> dict[str, Any]:
    """Recalibration slope as scored, and slope and loss before the strategy's own calibration step."""
    rows = np.flatnonzero(ledger.scored[0])
    y = ledger.y[rows]
    now = recalibration_slope(ledger.task, y, ledger.of(name)[0, rows])
    found: dict[str, Any] = {key: now[key] for key in ("slope", "slope_low", "slope_high")}
    before = ledger.raw.get(name)
    found["slope_before"] = (
        recalibration_slope(ledger.task, y, before[0, rows])["slope"] if before is not None else None
    )
    found["loss_before"] = (
        float(np.nanmean(row_means(ledger.task.row_loss(ledger.y, before)))) if before is not None else None
    )
    return found


def calibration_rows(ledger: Ledger, best_single: str, best_fusion: str) -> list[dict[str, Any]]:
    """Curves of the best single, the best fusion, and the best single of every other modality."""
    roles = {best_single: "best single", best_fusion: "best fusion"}
    losses = ledger.losses(ledger.names(kind="single"))
    for modality in ledger.modalities:
        own = ledger.names(modality=modality)
        roles.setdefault(min(own, key=lambda name: float(np.nanmean(losses[name]))), f"best of {modality}")
    return [calibration_facts(ledger, name, role) for name, role in roles.items()]


def why_tried(ledger: Ledger, best_single: str) -> str | None:
    """What the other modalities get right where the best single is wrong: a reason to try, no promise of a gain."""
    if not ledger.task.is_classification:
        return None
    known = ledger.scored.any(axis=0)
    wrong = known & (correctness(ledger, best_single) < 0.5)
    losses = ledger.losses(ledger.names(kind="single"))
    found = []
    for modality in ledger.modalities:
        if modality != ledger.strategies[best_single].modality:
            other = best_overall(losses, ledger.names(modality=modality))
            found.append(f"{other} gets {int((correctness(ledger, other)[wrong] > 0.5).sum()):,} of them right")
    return (
        (
            f"Fusion was tried because the modalities err on different rows: {best_single} is wrong on {int(wrong.sum()):,} "
            f"of {int(known.sum()):,} rows, and {'; '.join(found)}. That is a reason to try, not a gain: guessing alone would "
            "get some of them right."
        )
        if found
        else None
    )


def harm_case(table: list[dict[str, Any]], ledger: Ledger, best_single: str, metric: str) -> str:
    """One case in which the added modality hurts: the simplest fusion that does worse, or the rows a fusion turns wrong."""
    fusions = [row for row in table if row["family"] in FUSION_FAMILIES]
    hurting = [row for row in fusions if row["high"] is not None and row["high"] < 0]
    if hurting:
        return _harmful_fusion(min(hurting, key=lambda row: int(row["rank"])), table, ledger, best_single, metric)
    matrices = [rescue_matrix(ledger, best_single, row["name"]) for row in fusions]
    matrix = max(matrices, key=lambda m: int(m["harmed"]))
    if not matrix["harmed"]:
        return f"No case was found: no fusion is wrong on a row that {best_single} alone gets right."
    how = "wrong where" if matrix["kind"] == "correct" else "clearly farther from the truth than"
    alone = " alone is right" if matrix["kind"] == "correct" else " alone"
    return (
        f"On {matrix['harmed']:,} of {ledger.n:,} rows {matrix['fusion']} is {how} {best_single}{alone} "
        f"(and the other way round on {matrix['rescued']:,})."
    )


def _harmful_fusion(
    row: dict[str, Any], table: list[dict[str, Any]], ledger: Ledger, best_single: str, metric: str
) -> str:
    single = next(other for other in table if other["name"] == best_single)
    loss, title = ledger.task.loss_name, TITLES[metric]
    before = ""
    if row["loss_before"] is not None and row["loss_before"] > row["loss"]:
        before = f"; left without its recalibration, {loss} {row['loss_before']:.3f} against {single['loss']:.3f}"
    return (
        f"Fusing by {row['name']} ({row['title']}) would hurt: {title} {row['metric']:.3f} against "
        f"{single['metric']:.3f} for {best_single} alone, {loss} worse by {-row['gain']:.4f} "
        f"(interval {-row['high']:.4f} to {-row['low']:.4f}){before}."
    )


def example_facts(ledger: Ledger, single: str, fusion: str, inputs: Mapping[str, pa.Table]) -> dict[str, Any]:
    """Rows with the largest rescue and harm, with what both said and what they were given."""
    rescued, harmed = most_changed(ledger, single, fusion)
    return {
        name: [_example(ledger, row, single, fusion, inputs) for row in rows]
        for name, rows in (("rescued", rescued), ("harmed", harmed))
    }


def _example(ledger: Ledger, row: int, single: str, fusion: str, inputs: Mapping[str, pa.Table]) -> dict[str, Any]:
    task = ledger.task
    truth = task.classes[int(ledger.y[row])] if task.is_classification else f"{ledger.y[row]:g}"
    return {
        "row": str(ledger.ids[row]) + ("" if ledger.labels is None else f", {ledger.labels[row]}"),
        "truth": truth,
        "single": _say(ledger, row, single),
        "fusion": _say(ledger, row, fusion),
        "inputs": {name: _preview(table, row % ledger.rows) for name, table in inputs.items()},
    }


def _say(ledger: Ledger, row: int, name: str) -> str:
    prediction = np.nanmean(ledger.of(name)[:, row], axis=0)
    if not ledger.task.is_classification:
        return f"{prediction[0]:g}"
    label = int(prediction.argmax())
    return f"{ledger.task.classes[label]} (p={prediction[label]:.2f})"


def _preview(table: pa.Table, row: int) -> str:
    cells = []
    for name in table.column_names[:12]:
        value = table[name][row].as_py()
        if value is None:
            continue
        if isinstance(value, list):
            value = _shortened(value)
        text = f"{value:.4g}" if isinstance(value, float) else str(value)
        cells.append(f"{name}: {text}")
    joined = " | ".join(cells) or "(missing)"
    return joined if len(joined) <= LONGEST_INPUT else joined[: LONGEST_INPUT - 1] + "…"


def _shortened(values: list[Any]) -> str:
    """The first numbers of a vector, or how many vectors a sequence has."""
    if values and isinstance(values[0], list):
        return f"{len(values)} vectors, the first {_shortened(values[0])}"
    return "[" + ", ".join(f"{v:.3g}" for v in values[:4]) + (", …]" if len(values) > 4 else "]")


def plain(value: Any) -> Any:
    """JSON-able copy: numpy numbers to Python's, NaN to None, tuples to lists."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
