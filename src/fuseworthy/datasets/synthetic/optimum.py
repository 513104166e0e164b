"""What Bayes' rule and other rules score on two equally frequent classes: closed forms and quadrature."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from ...errors import InputError
from .normals import Normals
from .truth import Scores, Truth, truth_of


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


def stated_scores(positive: Normals, negative: Normals | None = None) -> Scores:
    """Score log-odds ℓ, right or wrong ones, that are a mixture of normals given y = 1 and given y = 0.

    Accuracy ½P(ℓ > 0 | 1) + ½P(ℓ < 0 | 0) and AUC P(ℓ₁ > ℓ₀) are sums of Φ; log-loss ½E[log(1 + e^−ℓ) | 1] +
    ½E[log(1 + e^ℓ) | 0] and Brier ½E[σ(−ℓ)² | 1] + ½E[σ(ℓ)² | 0] are quadratures. `negative` is the mirror of
    `positive` unless given.
    """
    negative = positive.mirrored() if negative is None else negative
    zero = Normals.of((1.0, 0.0, 0.0))
    sides = (positive, negative.mirrored())
    return Scores(
        accuracy=sum(side.above(zero) for side in sides) / 2,
        auc=positive.above(negative),
        log_loss=sum(side.average(lambda log_odds: np.logaddexp(0, -log_odds)) for side in sides) / 2,
        brier=sum(side.average(lambda log_odds: expit(-log_odds) ** 2) for side in sides) / 2,
    )


def gaussian_scores(distance: float) -> Scores:
    """Score the Bayes classifier of two Gaussian classes with one covariance.

    The log-likelihood ratio given y = 1 is N(D²/2, D²); so accuracy Φ(D/2), AUC Φ(D/√2), log-loss
    E log(1 + e^−(D²/2 + DZ)), Brier E σ(−(D²/2 + DZ))².

    Examples
    --------
    >>> gaussian_scores(2.0).accuracy.__round__(4)
    0.8413
    """
    return stated_scores(Normals.of((1.0, distance * distance / 2, distance)))


def gaussian_truth(
    a: float, b: float, rho: float, rules: dict[str, Scores] | None = None, extra: dict[str, float] | None = None
) -> Truth[Scores]:
    """Give the truth of y ↔ s = ±1, x1 = a·s + e1, x2 = b·s + e2, corr(e1, e2) = ρ.

    A single posterior is a one-to-one function of its x unless its strength is 0; then it is ½ for every row and late
    fusion has nothing but the other one.
    """
    single1, single2 = gaussian_scores(2 * abs(a)), gaussian_scores(2 * abs(b))
    late = None
    if a == 0 or b == 0:
        late = single1 if b == 0 else single2
    return truth_of(single1, single2, gaussian_scores(separation(a, b, rho)), late, rules, extra)
