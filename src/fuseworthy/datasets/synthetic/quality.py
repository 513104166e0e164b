"""Tasks T10 and T11: a modality informs on some rows only, and a plain column tells which."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import ndtr

from ...errors import InputError
from .normals import Floats, Normals, normal_rule
from .optimum import gaussian_scores, separation, stated_scores
from .task import Draws, RandomState, Task, task_from_signals
from .truth import Scores, Truth, truth_of


def row_quality(
    n: int, random_state: RandomState = None, *, mu: float = 2.0, pad: int = 0, rotate: bool = False
) -> Task:
    """T10: in each row a fair coin r says which modality carries μ·s; the other is noise: x_m = μ·s·[m is good] + e_m.

    Rules: ``observed`` sees r (the column ``r``, 1 where x1 is the good one) and reads the good modality, accuracy
    Φ(μ); ``static`` adds x1 + x2, Φ(μ/√2); ``hidden`` is Bayes without r and the same as `truth.fused`. It equals
    ``static``: (e^{μx1} + e^{μx2}) / (e^{−μx1} + e^{−μx2}) = e^{μ(x1 + x2)}. So gating wins only if r is observed.
    A single modality is right with ½Φ(μ) + ¼. Source: canonical task T10.

    Examples
    --------
    >>> truth = row_quality(10, random_state=0).truth
    >>> [round(truth.rules[name].accuracy, 4) for name in ("observed", "static")]
    [0.9772, 0.9214]
    """
    draws = Draws(n, random_state)
    s, r = draws.sign(), draws.signal.integers(0, 2, n)
    signals = {"x1": mu * s * r + draws.noise(), "x2": mu * s * (1 - r) + draws.noise()}
    single = _sometimes_scores(mu, 0.5)
    summed = gaussian_scores(np.sqrt(2) * abs(mu))
    rules = {"observed": gaussian_scores(2 * abs(mu)), "static": summed, "hidden": summed}
    y = (s > 0).astype(np.int64)
    task = task_from_signals(
        "row_quality", draws, signals, y, truth_of(single, single, summed, rules=rules), pad, rotate
    )
    return replace(task, columns={"r": r})


def slice_rescue(
    n: int,
    random_state: RandomState = None,
    *,
    a: float = 0.7,
    b: float = 1.5,
    share: float = 0.2,
    pad: int = 0,
    rotate: bool = False,
) -> Task:
    """T11: x1 = a·s + e1 everywhere; x2 = b·s·g + e2 informs only in the slice g = 1, a share π of the rows.

    `truth.fused` does not see the column ``g``; the rule ``observed`` does. Extra, all in accuracy: ``slice_gain`` of
    ``observed`` over x1 alone in the slice, Φ(√(a² + b²)) − Φ(a); ``overall_gain``, π times that; ``elsewhere_gain``,
    none; and ``hidden_slice_gain`` and ``hidden_elsewhere_gain`` of `truth.fused`. Source: canonical task T11.

    Examples
    --------
    >>> extra = slice_rescue(10, random_state=0).truth.extra
    >>> round(extra["slice_gain"], 4), round(extra["overall_gain"], 4)
    (0.193, 0.0386)
    """
    if not 0 < share < 1:
        raise InputError(f"share must lie between 0 and 1, but {share!r} came.")
    draws = Draws(n, random_state)
    s, g = draws.sign(), (draws.signal.random(n) < share).astype(np.int64)
    signals = {"x1": a * s + draws.noise(), "x2": b * s * g + draws.noise()}
    y = (s > 0).astype(np.int64)
    task = task_from_signals("slice_rescue", draws, signals, y, _slice_truth(a, b, share), pad, rotate)
    return replace(task, columns={"g": g})


def _slice_truth(a: float, b: float, share: float) -> Truth[Scores]:
    d, both = 2 * abs(a), separation(a, b, 0.0)
    single1 = gaussian_scores(d)
    given = {
        "slice": _with_normal(d, _sometimes_log_odds(b + normal_rule()[0], b, share)),
        "elsewhere": _with_normal(d, _sometimes_log_odds(normal_rule()[0], b, share)),
    }
    observed = stated_scores(Normals.of((share, both * both / 2, both), (1 - share, d * d / 2, d)))
    accuracy = {name: stated_scores(log_odds).accuracy for name, log_odds in given.items()}
    slice_gain = gaussian_scores(both).accuracy - single1.accuracy
    extra = {
        "slice_gain": slice_gain,
        "overall_gain": observed.accuracy - single1.accuracy,
        "elsewhere_gain": gaussian_scores(d).accuracy - single1.accuracy,
        "hidden_slice_gain": accuracy["slice"] - single1.accuracy,
        "hidden_elsewhere_gain": accuracy["elsewhere"] - single1.accuracy,
    }
    fused = stated_scores(_mixed(given["slice"], given["elsewhere"], share))
    return truth_of(single1, _sometimes_scores(b, share), fused, rules={"observed": observed}, extra=extra)


def _sometimes_log_odds(x: Floats, strength: float, chance: float) -> Floats:
    """Log-odds given x of a modality that carries strength·s with this chance and else nothing.

    log[(1 − π) + π·e^{bx − b²/2}] − log[(1 − π) + π·e^{−bx − b²/2}], which rises with b·x.
    """
    never, exponent = np.log1p(-chance), np.log(chance) - strength * strength / 2
    above = np.logaddexp(never, exponent + strength * x)
    return np.asarray(above - np.logaddexp(never, exponent - strength * x))


def _sometimes_scores(strength: float, chance: float) -> Scores:
    """Score `_sometimes_log_odds`: x itself, a mixture of two normals, ranks and decides as they do.

    Accuracy πΦ(b) + (1 − π)/2; AUC is P(x > x') for x of class 1 and x' of class 0; the rest by quadrature over x.
    """
    nodes, weights = normal_rule()
    strength = abs(strength)
    x = Normals.of((chance, strength, 1.0), (1 - chance, 0.0, 1.0))
    log_odds = _sometimes_log_odds(x.mean[:, None] + nodes, strength, chance).ravel()
    smooth = stated_scores(Normals(np.outer(x.weight, weights).ravel(), log_odds, np.zeros_like(log_odds)))
    accuracy = float(chance * ndtr(strength) + (1 - chance) / 2)
    auc = x.above(x.mirrored()) if strength else 0.5
    return replace(smooth, accuracy=accuracy, auc=auc)


def _with_normal(d: float, log_odds: Floats) -> Normals:
    """Add the N(D²/2, D²) of x1 to log-odds of x2 at the quadrature nodes: a mixture with one component a node."""
    weights = normal_rule()[1]
    return Normals(weights, d * d / 2 + log_odds, np.full_like(log_odds, d))


def _mixed(one: Normals, other: Normals, share: float) -> Normals:
    weight = np.r_[share * one.weight, (1 - share) * other.weight]
    return Normals(weight, np.r_[one.mean, other.mean], np.r_[one.sd, other.sd])
