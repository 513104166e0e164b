"""Rescue and harm: where the fusion is right and the single wrong, and the other way round."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from fuseworthy.ledger import Ledger


def correctness(ledger: Ledger, name: str) -> NDArray[np.float64]:
    """Share of repeats in which a row is classified rightly, (n,); NaN if never scored."""
    scored = ledger.scored
    hits = np.where(scored, ledger.of(name).argmax(axis=2) == ledger.y, 0.0).sum(axis=0)
    return np.where(scored.any(axis=0), hits / np.maximum(scored.sum(axis=0), 1), np.nan)


def rescue_matrix(ledger: Ledger, single: str, fusion: str) -> dict[str, Any]:
    """Rows both get right, rescued, harmed, and both get wrong, with the exact McNemar test.

    A row counts by its majority over repeats. Regression has no right and wrong: there a row is rescued if the fusion
    is nearer to the truth by more than a tenth of the target's standard deviation, harmed if as much farther.
    """
    if not ledger.task.is_classification:
        return _nearer(ledger, single, fusion)
    known = ledger.scored.any(axis=0)
    ours, theirs = correctness(ledger, fusion)[known] > 0.5, correctness(ledger, single)[known] > 0.5
    y = ledger.y[known]
    rescued, harmed = ours & ~theirs, theirs & ~ours
    per_class = [
        {
            "class": label,
            "rows": int((y == c).sum()),
            "rescued": int(rescued[y == c].sum()),
            "harmed": int(harmed[y == c].sum()),
        }
        for c, label in enumerate(ledger.task.classes)
    ]
    facts = _counts("correct", int((ours & theirs).sum()), rescued, harmed, int((~ours & ~theirs).sum()))
    wrong, right = int((~theirs).sum()), int(theirs.sum())
    return facts | {
        "against": single,
        "fusion": fusion,
        "per_class": per_class,
        "rescue_rate": int(rescued.sum()) / wrong if wrong else 0.0,
        "harm_rate": int(harmed.sum()) / right if right else 0.0,
    }


def most_changed(ledger: Ledger, single: str, fusion: str, count: int = 5) -> tuple[list[int], list[int]]:
    """Row numbers with the largest gain and the largest harm in the deciding loss: (rescued, harmed)."""
    losses = ledger.losses([single, fusion])
    scored = ledger.scored
    gain = np.where(scored, losses[single] - losses[fusion], 0.0).sum(axis=0) / np.maximum(scored.sum(axis=0), 1)
    order = np.argsort(-gain, kind="stable")
    if ledger.task.is_classification:
        ours, theirs = correctness(ledger, fusion) > 0.5, correctness(ledger, single) > 0.5
        return [int(i) for i in order if ours[i] and not theirs[i]][:count], [
            int(i) for i in order[::-1] if theirs[i] and not ours[i]
        ][:count]
    return [int(i) for i in order[:count] if gain[i] > 0], [int(i) for i in order[::-1][:count] if gain[i] < 0]


def changed_rows(ledger: Ledger, single: str, fusion: str) -> list[dict[str, Any]]:
    """Every row that the fusion turned right or wrong (or, for numbers, brought clearly nearer or farther)."""
    known = ledger.scored.any(axis=0)
    if ledger.task.is_classification:
        ours, theirs = correctness(ledger, fusion) > 0.5, correctness(ledger, single) > 0.5
        rescued, harmed = known & ours & ~theirs, known & theirs & ~ours
    else:
        rescued, harmed = np.zeros(ledger.n, dtype=bool), np.zeros(ledger.n, dtype=bool)
        rescued[known], harmed[known] = _moved(ledger, single, fusion)
    losses = ledger.losses([single, fusion])
    scored = np.maximum(ledger.scored.sum(axis=0), 1)
    gain = np.where(ledger.scored, losses[single] - losses[fusion], 0.0).sum(axis=0) / scored
    found = []
    for i in np.flatnonzero(rescued | harmed).tolist():
        row = {"row": ledger.ids[i], "kind": "rescued" if rescued[i] else "harmed", "gain": float(gain[i])}
        found.append(row if ledger.labels is None else row | {"label": str(ledger.labels[i])})
    return found


def _moved(ledger: Ledger, single: str, fusion: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Rows clearly nearer to, and clearly farther from, the truth: by a tenth of its standard deviation."""
    known = ledger.scored.any(axis=0)
    far = {
        name: np.abs(np.nanmean(ledger.of(name)[:, known, 0], axis=0) - ledger.y[known]) for name in (single, fusion)
    }
    step = 0.1 * float(np.sqrt(ledger.task.variance))
    return far[single] - far[fusion] > step, far[fusion] - far[single] > step


def _nearer(ledger: Ledger, single: str, fusion: str) -> dict[str, Any]:
    rescued, harmed = _moved(ledger, single, fusion)
    facts = _counts("closer", 0, rescued, harmed, 0)
    n = len(rescued)
    return facts | {
        "against": single,
        "fusion": fusion,
        "per_class": [],
        "rescue_rate": int(rescued.sum()) / n,
        "harm_rate": int(harmed.sum()) / n,
    }


def _counts(
    kind: str, both_right: int, rescued: NDArray[np.bool_], harmed: NDArray[np.bool_], both_wrong: int
) -> dict[str, Any]:
    b, c = int(rescued.sum()), int(harmed.sum())
    p = float(stats.binomtest(b, b + c, 0.5).pvalue) if b + c else 1.0
    return {"kind": kind, "both_right": both_right, "rescued": b, "harmed": c, "both_wrong": both_wrong, "p_value": p}
