"""Abstention: how often a strategy errs on the rows it is surest of, and from which certainty on to trust it."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats

POINTS = 40
SURENESS = 0.9
STARTS = (0.1, 0.3, 0.5, 0.75)
"""Coverages from which thresholds are tested downwards, each with its share of the error rate."""


def confidence(prediction: Floats) -> Floats:
    """Probability of the class that is predicted, (n,)."""
    return np.asarray(prediction.max(axis=1))


def risk_coverage(ledger: Ledger, name: str) -> list[dict[str, float]]:
    """Share of rows kept, from the surest on, and the error among them (El-Yaniv & Wiener 2010)."""
    rows, sure, wrong = _judged(ledger, name)
    order = np.argsort(-sure, kind="stable")
    errors = np.cumsum(wrong[order])
    kept = np.unique(np.linspace(1, len(rows), min(POINTS, len(rows))).astype(int))
    return [{"coverage": float(k / len(rows)), "error": float(errors[k - 1] / k)} for k in kept]


def area(ledger: Ledger, name: str) -> float:
    """Mean selective error over all coverages (AURC): lower is better."""
    rows, sure, wrong = _judged(ledger, name)
    order = np.argsort(-sure, kind="stable")
    return float((np.cumsum(wrong[order]) / np.arange(1, len(rows) + 1)).mean())


def abstention_threshold(ledger: Ledger, name: str, error: float, *, sureness: float = SURENESS) -> dict[str, Any]:
    """Lowest certainty at which the error is at most ``error``, with probability ``sureness``.

    Learn then test (Angelopoulos et al. 2021): from each of four coverages on, thresholds are lowered as long as the
    exact binomial test (for groups, a normal test with cluster errors) says that the error is below; the lowest that
    any reaches is taken. So the error of new rows like these that are not abstained from is at most ``error``.

    Returns
    -------
    dict with ``threshold`` (None if no threshold holds), ``coverage`` and ``error`` among the rows kept
    """
    rows, sure, wrong = _judged(ledger, name)
    order = np.argsort(-sure, kind="stable")
    sure, wrong, n = sure[order], wrong[order], len(rows)
    clusters = None if ledger.folds.clusters is None else ledger.folds.clusters[rows][order]
    errors, level = np.cumsum(wrong), (1 - sureness) / len(STARTS)

    def p_value(k: int) -> float:
        if clusters is None:
            return float(stats.binom.cdf(errors[k - 1], k, error))
        return _cluster_p(wrong[:k], clusters[:k], error)

    last = 0
    for start in STARTS:
        for k in np.unique(np.linspace(max(1, start * n), n, 60).astype(int)).tolist():
            if p_value(k) > level:
                break
            last = max(last, k)
    best: dict[str, Any] = {"threshold": None, "coverage": 0.0, "kept_error": None}
    if last:
        best = {"threshold": float(sure[last - 1]), "coverage": last / n, "kept_error": float(errors[last - 1] / last)}
    return {"name": name, "error": error, "sureness": sureness} | best


def abstention_facts(
    ledger: Ledger, single: str, fusion: str, error: float | None = None, sureness: float = SURENESS
) -> dict[str, Any] | None:
    """Curves of both, areas, and thresholds for a stated error (half of the single's, if none is stated)."""
    if not ledger.task.is_classification:
        return None
    overall = float(_judged(ledger, single)[2].mean())
    stated = error if error is not None else round(overall / 2, 3)
    return {
        "stated": stated,
        "curves": [
            {
                "name": name,
                "role": role,
                "points": risk_coverage(ledger, name),
                "area": area(ledger, name),
                "overall": float(_judged(ledger, name)[2].mean()),
                "abstain": abstention_threshold(ledger, name, stated, sureness=sureness),
            }
            for name, role in ((single, "best single"), (fusion, "best fusion"))
        ],
    }


def _judged(ledger: Ledger, name: str) -> tuple[np.ndarray[Any, Any], Floats, Floats]:
    rows = np.flatnonzero(ledger.scored[0])
    prediction = ledger.of(name)[0, rows]
    wrong = (prediction.argmax(axis=1) != ledger.y[rows]).astype(np.float64)
    return rows, confidence(prediction), wrong


def _cluster_p(wrong: Floats, clusters: np.ndarray[Any, Any], error: float) -> float:
    inverse = np.unique(clusters, return_inverse=True)[1]
    sums = np.bincount(inverse, weights=wrong - wrong.mean())
    g = len(sums)
    if g < 10:
        return 1.0
    se = np.sqrt(g / (g - 1) * (sums**2).sum()) / len(wrong)
    if se == 0:
        return float(stats.binom.cdf(wrong.sum(), g, error))
    return float(stats.norm.cdf((wrong.mean() - error) / se))
