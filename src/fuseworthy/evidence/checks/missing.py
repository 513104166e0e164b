"""What missing modalities give away, and whether more are missing than was learned from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from fuseworthy.evidence.checks.readings import interval_of, span
from fuseworthy.evidence.checks.rule import DoesNotApply, Evidence, Finding, Severity
from fuseworthy.folds import Ints
from fuseworthy.ledger import Ledger

MORE, MORE_OF = 0.02, 0.25
"""A rate counts as raised by two points, or by a quarter of itself where that is more."""


class MissingnessTells:
    """Holds a model that sees only which modalities a row has (``mask-only``) against the prior."""

    code = "F017"
    title = "missingness carries the label"
    severity: Severity = "warning"
    advice = (
        "Ask why rows lack the modality, and whether that will be so in use; if not, the flags leak, and the gain must be "
        "measured on rows that have it."
    )

    def look(self, evidence: Evidence) -> Finding | None:
        losses, patterns = evidence.losses, np.unique(evidence.ledger.pattern.astype(str))
        if not {"mask-only", "dummy"} <= set(losses):
            if list(patterns) == ["given"]:
                raise DoesNotApply("the predictions were made elsewhere: which modalities a row has is not known")
            if len(patterns) == 1:
                raise DoesNotApply("every row has the same modalities")
            raise DoesNotApply("the control that sees only missingness was not fitted")
        found = interval_of(evidence, losses["dummy"] - losses["mask-only"])
        if not found.low > 0:
            return None
        return Finding(
            f"Which modalities a row has tells the target by itself: {found.gain:+.4f} over the prior "
            f"({span(found.low, found.high)}), with not one value read.",
            found.to_dict(),
        )


@dataclass(frozen=True)
class Rise:
    """How much of a modality is missing in the training rows of a fold, at most, and in its scored rows, at least."""

    modality: str
    fold: int
    trained: float
    high: float
    scored: float
    low: float

    @property
    def beyond(self) -> float:
        return self.low - self.high - max(MORE, MORE_OF * self.high)


class MoreMissing:
    """In every fold of a study in time (or with folds given): is a modality missing in more of the scored rows than of
    the training rows, by two points and a quarter, beyond chance (exact binomial limits of both, over all folds)?
    """

    code = "F018"
    title = "missing rate above what was trained"
    severity: Severity = "warning"
    advice = "Train with as many rows lacking it as you expect (drop it at random), or fall back on a single that does not need it."

    def look(self, evidence: Evidence) -> Finding | None:
        ledger = evidence.ledger
        patterns = np.unique(ledger.pattern.astype(str))
        if list(patterns) == ["given"]:
            raise DoesNotApply("the predictions were made elsewhere: which modalities a row has is not known")
        if len(patterns) == 1:
            raise DoesNotApply("every row has the same modalities")
        if ledger.folds.order is None and ledger.folds.kind != "given":
            raise DoesNotApply("rows were dealt to folds by chance, so that all folds lack as much")
        rises = sorted(_rises(ledger), key=lambda rise: -rise.beyond)
        if not rises or rises[0].beyond <= 0:
            return None
        worst = rises[0]
        return Finding(
            f"{worst.modality!r} is missing in {worst.scored:.1%} of the rows scored in fold {worst.fold + 1} (at least "
            f"{worst.low:.1%}), but was in {worst.trained:.1%} of the rows trained on (at most {worst.high:.1%}).",
            {"modality": worst.modality, "fold": worst.fold + 1, "scored": worst.scored, "trained": worst.trained},
        )


def _rises(ledger: Ledger) -> Iterator[Rise]:
    folds, first = ledger.folds, np.ones(ledger.n, dtype=bool)
    if ledger.labels is not None:
        first = ledger.labels == ledger.label_names[0]
    absent = {m: ~_has(ledger.pattern, m) for m in ledger.modalities}
    error = 0.05 / max(2 * len(absent) * folds.count * folds.repeats, 1)
    for r in range(folds.repeats):
        for k in range(folds.count):
            train, test = (rows[first[rows]] for rows in (folds.train(r, k), folds.test(r, k)))
            if not len(train) or not len(test):
                continue
            for m, flags in absent.items():
                _, trained, high = _limits(flags[train], _units(ledger, train), error)
                low, scored, _ = _limits(flags[test], _units(ledger, test), error)
                yield Rise(m, k, trained, high, scored, low)


def _units(ledger: Ledger, rows: Ints) -> int:
    """Independent rows, or groups, among these."""
    return len(rows) if ledger.folds.clusters is None else len(np.unique(ledger.folds.clusters[rows]))


def _limits(flags: NDArray[np.bool_], n: int, error: float) -> tuple[float, float, float]:
    """The rate between its exact limits (Clopper & Pearson 1934), each wrong with chance ``error``."""
    rate = float(flags.mean())
    low = float(stats.beta.ppf(error, rate * n, n * (1 - rate) + 1)) if rate > 0 else 0.0
    high = float(stats.beta.ppf(1 - error, rate * n + 1, n * (1 - rate))) if rate < 1 else 1.0
    return low, rate, high


def _has(pattern: NDArray[np.object_], modality: str) -> NDArray[np.bool_]:
    names, place = np.unique(pattern.astype(str), return_inverse=True)
    return np.array([f"+{modality}+" in f"+{name}+" for name in names])[place]
