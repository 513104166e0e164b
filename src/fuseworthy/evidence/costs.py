"""What each strategy costs beside what it gains: which ones nothing else beats at their price."""

from __future__ import annotations

from collections.abc import Sequence
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
        | {"pareto": not any(_beats(other, row) for other in known)}
        for row in known
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


def _beats(other: dict[str, Any], row: dict[str, Any]) -> bool:
    no_worse = other["loss"] <= row["loss"] and other["predict_seconds"] <= row["predict_seconds"]
    return bool(no_worse and (other["loss"] < row["loss"] or other["predict_seconds"] < row["predict_seconds"]))
