"""What is asked of a compression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fuseworthy.errors import InputError
from fuseworthy.evidence.verdict import DEFAULT_MARGIN

TRUTH = 0.25
"""Share of the truth in what is taught. A label is one draw, an answer the chance of it, so that a student learns more from
answers; a quarter of truth corrects a teacher that is wrong, and costs next to nothing where it is right."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of a compression.

    Parameters
    ----------
    only : kinds (``int8``, ``pruned``, ``distilled``) or candidates (``distilled:review``); everything if left out
    group : column whose rows stay together
    margin : the loss that is just too much, in nats a row or as a share of the variance
    folds : over which distilled candidates are scored
    truth : share of the truth in what is taught, the rest is what the original answers
    random_state : int
    keep_seen : also score rows that hold what the model learned from
    """

    only: Sequence[str] | None = None
    group: str | None = None
    margin: float = DEFAULT_MARGIN
    folds: int = 5
    truth: float = TRUTH
    random_state: int = 0
    keep_seen: bool = False


def require_sensible(wanted: Wanted) -> None:
    """Refuse numbers that mean nothing.

    Raises
    ------
    InputError
    """
    if not 0 < wanted.margin < float("inf"):
        raise InputError(f"margin must be a loss above 0, but {wanted.margin} came. Pass margin={DEFAULT_MARGIN:g}.")
    if wanted.folds < 2:
        raise InputError(f"folds must be at least 2, but {wanted.folds} came. Pass folds=5.")
    if not 0 <= wanted.truth < 1:
        raise InputError(
            f"truth must be a share from 0 up to 1, but {wanted.truth} came: at 1 nothing is taught. Pass truth={TRUTH:g}."
        )
