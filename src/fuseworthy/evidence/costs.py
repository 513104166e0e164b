"""What each strategy costs beside what it gains: which ones nothing else beats at their price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fuseworthy.ledger import FUSION_FAMILIES

COSTS = ("predict_seconds", "fit_seconds", "parameters", "memory_mb")


def cost_facts(rows: Sequence[dict[str, Any]], best_single: str, best_fusion: str) -> dict[str, Any] | None:
    """Gain, and costs, of every single and fusion; ``pareto`` where nothing is both better and quicker to predict.

    Parameters
    ----------
    rows : a dict a strategy with ``name``, ``family``, ``loss``, ``gain`` and the costs

    Returns
    -------
    dict, or None where costs are not known
    """
    known = [r for r in rows if r["predict_seconds"] is not None and r["family"] in ("single", *FUSION_FAMILIES)]
    if not known:
        return None
    found = [
        {key: row.get(key) for key in ("name", "family", "modality", "loss", "gain", "low", "high", *COSTS)}
        | {"pareto": on_front}
        for row, on_front in zip(known, front(known, "predict_seconds"), strict=True)
    ]
    named: dict[str, Any] = {str(row["name"]): row for row in found}
    single, fusion = named.get(best_single), named.get(best_fusion)
    extra = None
    if single and fusion:
        extra = {
            "milliseconds": fusion["predict_seconds"] - single["predict_seconds"],
            "fit_ratio": fusion["fit_seconds"] / single["fit_seconds"] if single["fit_seconds"] else None,
            "parameters": fusion["parameters"] - single["parameters"],
        }
    return {"rows": found, "extra": extra}


def front(rows: Sequence[Mapping[str, Any]], cost: str) -> list[bool]:
    """Which rows nothing else beats at their price: no other has no more loss and no more of the cost, and less of one.

    Examples
    --------
    >>> front([{"loss": 1.0, "bytes": 5}, {"loss": 2.0, "bytes": 5}, {"loss": 2.0, "bytes": 1}], "bytes")
    [True, False, True]
    """
    return [not any(_beats(other, row, cost) for other in rows) for row in rows]


def _beats(other: Mapping[str, Any], row: Mapping[str, Any], cost: str) -> bool:
    no_worse = other["loss"] <= row["loss"] and other[cost] <= row[cost]
    return bool(no_worse and (other["loss"] < row["loss"] or other[cost] < row[cost]))
