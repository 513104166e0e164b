"""What the best possible models score on a canonical task, and which verdicts are right."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np

MARGIN = 0.01  # nats or R²: the default practical margin of the verdict

WORTH_FUSING = frozenset({"FUSE"})
NOT_WORTH_FUSING = frozenset({"EQUIVALENT", "NOT_WORTH_IT"})
NEVER_FUSE = NOT_WORTH_FUSING | {"HARMFUL", "INCONCLUSIVE"}


@dataclass(frozen=True)
class Scores:
    """What a classifier scores.

    Log-loss is in nats. Two classes: Brier on one column (a coin has .25). More classes: AUC is the mean of each class
    against the rest, Brier the sum over classes.

    Examples
    --------
    >>> COIN.merit.__round__(4)
    -0.6931
    """

    accuracy: float
    auc: float
    log_loss: float
    brier: float

    @property
    def merit(self) -> float:
        """What a gain is a difference of: log-loss with its sign turned."""
        return -self.log_loss


@dataclass(frozen=True)
class RegressionScores:
    """What a regression scores: R², the share of the target's variance that it explains."""

    r2: float

    @property
    def merit(self) -> float:
        """What a gain is a difference of."""
        return self.r2


COIN = Scores(accuracy=0.5, auc=0.5, log_loss=float(np.log(2)), brier=0.25)

S = TypeVar("S", bound=Scores | RegressionScores)


@dataclass(frozen=True)
class Truth(Generic[S]):
    """The best possible scores on one task, and the right verdicts.

    Parameters
    ----------
    single1, single2, fused : Scores or RegressionScores
        Of the Bayes rule that sees x1, x2 or both in one row, and no plain column. Of several labels, the mean.
    late : Scores or RegressionScores
        Of the best rule that sees only the two single posteriors. Below `fused`, no late fusion can reach it.
    expected : frozenset of str
        Outcomes that are right for log-loss or R² with the default margin of .01 when there are rows enough and some
        candidate can reach `fused`.
    expected_late : frozenset of str
        The same when all candidates are late fusions.
    rules : dict of str to Scores or RegressionScores
        What other rules score that the task is about, such as a miscalibrated product. Each task names its own.
    extra : dict of str to float
        Further numbers of the task.
    labels : dict of str to Truth
        One truth per label, by its column, where a row has several labels.
    """

    single1: S
    single2: S
    fused: S
    late: S
    expected: frozenset[str]
    expected_late: frozenset[str]
    rules: dict[str, S] = field(default_factory=dict)
    extra: dict[str, float] = field(default_factory=dict)
    labels: dict[str, Truth[S]] = field(default_factory=dict)

    @property
    def gain(self) -> float:
        """What the best fusion gains on the best single: log-loss in nats, or R²."""
        return self.fused.merit - max(self.single1.merit, self.single2.merit)

    def to_dict(self) -> dict[str, Any]:
        """Give plain data, the outcomes sorted."""
        return asdict(self) | {
            "expected": sorted(self.expected),
            "expected_late": sorted(self.expected_late),
            "labels": {name: truth.to_dict() for name, truth in self.labels.items()},
        }


def truth_of(
    single1: S,
    single2: S,
    fused: S,
    late: S | None = None,
    rules: dict[str, S] | None = None,
    extra: dict[str, float] | None = None,
) -> Truth[S]:
    """Put the scores together with the outcomes that follow from their gains; `late` is `fused` unless given."""
    late = fused if late is None else late
    best = max(single1.merit, single2.merit)
    expected, expected_late = (
        WORTH_FUSING if scores.merit - best >= MARGIN else NOT_WORTH_FUSING for scores in (fused, late)
    )
    return Truth(single1, single2, fused, late, expected, expected_late, rules or {}, extra or {})
