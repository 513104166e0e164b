"""What the best possible models score on the canonical tasks: closed forms and Gauss–Hermite quadrature."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.special import expit, ndtr, roots_hermitenorm, xlogy

from ...errors import InputError

NODES = 200
MARGIN = 0.01  # nats: the default practical margin of the verdict for log-loss

WORTH_FUSING = frozenset({"FUSE"})
NOT_WORTH_FUSING = frozenset({"EQUIVALENT", "NOT_WORTH_IT"})
NEVER_FUSE = NOT_WORTH_FUSING | {"HARMFUL", "INCONCLUSIVE"}


@dataclass(frozen=True)
class Scores:
    """What the Bayes classifier scores; log-loss in nats, Brier on one column (a coin has .25).

    Examples
    --------
    >>> gaussian_scores(2.0).accuracy.__round__(4)
    0.8413
    """

    accuracy: float
    auc: float
    log_loss: float
    brier: float


COIN = Scores(accuracy=0.5, auc=0.5, log_loss=float(np.log(2)), brier=0.25)


@dataclass(frozen=True)
class Truth:
    """The best possible scores on one task, and the right verdicts.

    Parameters
    ----------
    single1, single2, fused : Scores
        Of the Bayes classifier that sees x1, x2 or both.
    late : Scores
        Of the best classifier that sees only the two single posteriors. Below `fused`, no late fusion can reach it.
    expected : frozenset of str
        Outcomes that are right for log-loss with the default margin of .01 nats when there are rows enough and some
        candidate can reach `fused`.
    expected_late : frozenset of str
        The same when all candidates are late fusions.
    """

    single1: Scores
    single2: Scores
    fused: Scores
    late: Scores
    expected: frozenset[str]
    expected_late: frozenset[str]

    @property
    def gain(self) -> float:
        """Log-loss of the best single less that of the best fusion, in nats."""
        return min(self.single1.log_loss, self.single2.log_loss) - self.fused.log_loss

    def to_dict(self) -> dict[str, Any]:
        """Give plain data, the outcomes sorted."""
        return asdict(self) | {"expected": sorted(self.expected), "expected_late": sorted(self.expected_late)}


def truth_of(single1: Scores, single2: Scores, fused: Scores, late: Scores) -> Truth:
    """Put the scores together with the outcomes that follow from their gains."""
    best = min(single1.log_loss, single2.log_loss)
    expected, expected_late = (
        WORTH_FUSING if best - scores.log_loss >= MARGIN else NOT_WORTH_FUSING for scores in (fused, late)
    )
    return Truth(single1, single2, fused, late, expected, expected_late)


def separation(a: float, b: float, rho: float) -> float:
    """Distance between the two class means in units of the noise (Mahalanobis).

    D = 2√[(a² + b² − 2ρab) / (1 − ρ²)] for means ±(a, b), unit variances and correlation ρ.

    Examples
    --------
    >>> separation(1.0, 0.0, 0.0)
    2.0
    """
    if not -1 < rho < 1:
        raise InputError(f"rho must lie between -1 and 1, but {rho!r} came.")
    return float(2 * np.sqrt((a * a + b * b - 2 * rho * a * b) / (1 - rho * rho)))


def gaussian_scores(distance: float) -> Scores:
    """Score the Bayes classifier of two Gaussian classes, equally frequent, with one covariance.

    The log-likelihood ratio given y = 1 is N(D²/2, D²); so accuracy Φ(D/2), AUC Φ(D/√2), log-loss
    E log(1 + e^−(D²/2 + DZ)), Brier E σ(−(D²/2 + DZ))², by Gauss–Hermite quadrature with 200 nodes.
    """
    nodes, weights = _normal_rule()
    log_odds = distance * distance / 2 + distance * nodes
    return Scores(
        accuracy=float(ndtr(distance / 2)),
        auc=float(ndtr(distance / np.sqrt(2))),
        log_loss=float(weights @ np.logaddexp(0, -log_odds)),
        brier=float(weights @ expit(-log_odds) ** 2),
    )


def gaussian_truth(a: float, b: float, rho: float) -> Truth:
    """Give the truth of y ↔ s = ±1, x1 = a·s + e1, x2 = b·s + e2, corr(e1, e2) = ρ.

    A single posterior is a one-to-one function of its x unless its strength is 0; then it is ½ for every row and late
    fusion has nothing but the other one.
    """
    single1, single2 = gaussian_scores(2 * abs(a)), gaussian_scores(2 * abs(b))
    fused = gaussian_scores(separation(a, b, rho))
    late = fused
    if a == 0 or b == 0:
        late = single1 if b == 0 else single2
    return truth_of(single1, single2, fused, late)


def xor_truth(mu1: float, mu2: float, flip: float) -> Truth:
    """Give the truth of y = [s1·s2 > 0] ⊕ Bern(ε), x_m = μ_m·s_m + e_m, with s1, s2 independent fair signs.

    E[s_m | x_m] = tanh(μ_m x_m); with T the product of both and c = 1 − 2ε, P(y = 1 | x) = (1 + cT) / 2. With
    q = Φ(μ1)Φ(μ2) + (1 − Φ(μ1))(1 − Φ(μ2)) accuracy is (1 − ε)q + ε(1 − q). Log-loss and Brier are
    the means of the entropy and of p(1 − p); AUC is ½ + (c/2)·E|T − T'| for independent copies of T, because T is
    symmetric about 0. The means are taken over 200 × 200 Gauss–Hermite nodes.
    """
    nodes, weights = _normal_rule()
    product = np.outer(np.tanh(mu1 * (mu1 + nodes)), np.tanh(mu2 * (mu2 + nodes))).ravel()
    weight = np.outer(weights, weights).ravel()
    signal = 1 - 2 * flip
    p = (1 + signal * product) / 2
    right = float(ndtr(mu1) * ndtr(mu2) + ndtr(-mu1) * ndtr(-mu2))
    fused = Scores(
        accuracy=(1 - flip) * right + flip * (1 - right),
        auc=0.5 + signal / 2 * _mean_difference(np.r_[product, -product], np.r_[weight, weight] / 2),
        log_loss=float(weight @ -(xlogy(p, p) + xlogy(1 - p, 1 - p))),
        brier=float(weight @ (p * (1 - p))),
    )
    return truth_of(COIN, COIN, fused, late=COIN)


def _mean_difference(values: np.ndarray[Any, Any], weights: np.ndarray[Any, Any]) -> float:
    """E|T − T'| of a discrete distribution: 2 Σ w v (F₋ + F − 1)."""
    order = np.argsort(values)
    v, w = values[order], weights[order]
    upto = np.cumsum(w)
    return float(2 * np.sum(w * v * (2 * upto - w - 1)))


@cache
def _normal_rule() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    nodes, weights = roots_hermitenorm(NODES)
    return nodes, weights / weights.sum()
