"""Abstention: how often a strategy errs on the rows it is surest of, and from which certainty on to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from fuseworthy.evidence.intervals import row_error
from fuseworthy.folds import Ints
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats

POINTS = 40
SURENESS = 0.9
STARTS = (0.1, 0.3, 0.5, 0.75)
"""Coverages from which thresholds are tested downwards, each with its share of the error rate."""


@dataclass(frozen=True)
class Ranked:
    """Scored rows of the first repeat, the surest first: certainty, whether wrong (1 or 0), and clusters."""

    sure: Floats
    wrong: Floats
    clusters: Ints | None

    @classmethod
    def of(cls, ledger: Ledger, name: str) -> Ranked:
        rows = np.flatnonzero(ledger.scored[0])
        prediction = ledger.of(name)[0, rows]
        sure = prediction.max(axis=1)
        order = np.argsort(-sure, kind="stable")
        wrong = (prediction.argmax(axis=1) != ledger.y[rows]).astype(np.float64)[order]
        return cls(sure[order], wrong, None if ledger.folds.clusters is None else ledger.folds.clusters[rows][order])

    @property
    def selective(self) -> Floats:
        """Error among the first k rows, for each k."""
        return np.asarray(np.cumsum(self.wrong) / np.arange(1, len(self.wrong) + 1))


def risk_coverage(ranked: Ranked) -> list[dict[str, float]]:
    """Share of rows kept, from the surest on, and the error among them (El-Yaniv & Wiener 2010)."""
    n, errors = len(ranked.wrong), ranked.selective
    kept = np.unique(np.linspace(1, n, min(POINTS, n)).astype(int))
    return [{"coverage": float(k / n), "error": float(errors[k - 1])} for k in kept]


def area(ranked: Ranked) -> float:
    """Mean selective error over all coverages (AURC): lower is better."""
    return float(ranked.selective.mean())


def abstention_threshold(ranked: Ranked, error: float, *, sureness: float = SURENESS) -> dict[str, Any]:
    """Lowest certainty at which the error is at most ``error``, with probability ``sureness``.

    Learn then test (Angelopoulos et al. 2021): from each of four coverages on, thresholds are lowered as long as the
    exact binomial test (for groups, a normal test with cluster errors) says that the error is below; the lowest that
    any reaches is taken. So the error of new rows like these that are not abstained from is at most ``error``.

    Returns
    -------
    dict with ``threshold`` (None if no threshold holds), ``coverage`` and ``error`` among the rows kept
    """
    sure, wrong, clusters, n = ranked.sure, ranked.wrong, ranked.clusters, len(ranked.wrong)
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
    return {"error": error, "sureness": sureness} | best


def abstention_facts(
    ledger: Ledger, single: str, fusion: str, error: float | None = None, sureness: float = SURENESS
) -> dict[str, Any] | None:
    """Curves of both, areas, and thresholds for a stated error (half of the single's, if none is stated)."""
    if not ledger.task.is_classification:
        return None
    ranked = {name: Ranked.of(ledger, name) for name in (single, fusion)}
    stated = error if error is not None else round(float(ranked[single].wrong.mean()) / 2, 3)
    return {
        "stated": stated,
        "curves": [
            {
                "name": name,
                "role": role,
                "points": risk_coverage(ranked[name]),
                "area": area(ranked[name]),
                "overall": float(ranked[name].wrong.mean()),
                "abstain": abstention_threshold(ranked[name], stated, sureness=sureness),
            }
            for name, role in ((single, "best single"), (fusion, "best fusion"))
        ],
    }


def _cluster_p(wrong: Floats, clusters: Ints, error: float) -> float:
    groups = len(np.unique(clusters))
    if groups < 10:
        return 1.0
    se = row_error(wrong, clusters)
    if se == 0:
        return float(stats.binom.cdf(wrong.mean() * groups, groups, error))
    return float(stats.norm.cdf((wrong.mean() - error) / se))
