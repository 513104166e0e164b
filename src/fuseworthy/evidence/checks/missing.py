"""What missing modalities give away, and whether more are missing than was learned from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from fuseworthy.evidence.checks.readings import interval_of, span
from fuseworthy.evidence.checks.rule import DoesNotApply, Evidence, Finding, Severity
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
    """How much of a modality is missing in the scored rows of a fold and in its training rows."""

    modality: str
    fold: int
    trained: float
    scored: float
    low: float

    @property
    def beyond(self) -> float:
        return self.low - self.trained - max(MORE, MORE_OF * self.trained)


class MoreMissing:
    """In every fold of a study in time (or with folds given): is a modality missing in more of the scored rows than of
    the training rows, by two points and a quarter, beyond chance (exact binomial limit over all folds)?
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
            f"{worst.low:.1%}), but was in {worst.trained:.1%} of the rows trained on.",
            {"modality": worst.modality, "fold": worst.fold + 1, "scored": worst.scored, "trained": worst.trained},
        )


def _rises(ledger: Ledger) -> Iterator[Rise]:
    folds, first = ledger.folds, np.ones(ledger.n, dtype=bool)
    if ledger.labels is not None:
        first = ledger.labels == ledger.label_names[0]
    absent = {m: ~_has(ledger.pattern, m) for m in ledger.modalities}
    error = 0.05 / max(len(absent) * folds.count * folds.repeats, 1)
    for r in range(folds.repeats):
        for k in range(folds.count):
            train, test = (rows[first[rows]] for rows in (folds.train(r, k), folds.test(r, k)))
            if not len(train) or not len(test):
                continue
            n = len(test) if folds.clusters is None else len(np.unique(folds.clusters[test]))
            for m, flags in absent.items():
                scored, trained = float(flags[test].mean()), float(flags[train].mean())
                low = float(stats.beta.ppf(error, scored * n, n * (1 - scored) + 1)) if scored else 0.0
                yield Rise(m, k, trained, scored, low)


def _has(pattern: NDArray[np.object_], modality: str) -> NDArray[np.bool_]:
    names, place = np.unique(pattern.astype(str), return_inverse=True)
    return np.array([f"+{modality}+" in f"+{name}+" for name in names])[place]
