"""Do the rows of two modalities belong together? What one tells of the other, against shuffles, moves and swaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.canonical import Halves, directions, normal_scores
from fuseworthy.inputs.displaced import find_move, find_stretch, find_swapped
from fuseworthy.inputs.reduce import contiguous_rows, reduced
from fuseworthy.task import Floats

LOOKED_AT, SHUFFLES, STRIPE, FARTHEST, FEWEST, FEWEST_MOVED = 8_000, 200, 25, 3, 60, 500
SURE = 3.5
"""Standard deviations by which a moved pairing must lie above the shuffles, and above the rows as joined."""
SHARP = 3.5
"""The same above one row less and one more."""
DROP = 3.0
"""Standard errors by which a score must have fallen below a reference."""


@dataclass(frozen=True)
class Drop:
    """How a pairing score compares with one taken before.

    Parameters
    ----------
    score, reference : float
    errors : float
        How many standard errors the score lies below the reference.
    share : float
        Of the rows that would have to be mis-joined to explain it.
    alarmed : bool
        Whether it fell for sure.
    """

    score: float
    reference: float
    errors: float
    share: float
    alarmed: bool


@dataclass(frozen=True)
class Linkage:
    """What two modalities tell of each other, and whether their rows are paired rightly. Rows are numbered from 1.

    Parameters
    ----------
    modalities : pair of str
    rows : int
        Rows looked at that have both.
    aligned : float or None
        Held-out correlation of the two as joined, weighted by what each direction tells; None if there are too few rows.
    error : float
        Its standard error, with stripes of 25 neighbouring rows as units.
    chance : float
        What 99 % of 200 shuffles stay below.
    spread : float
        Standard deviation of the shuffles.
    above : float
        Standard deviations by which ``aligned`` lies above the shuffles.
    p : float
        Share of the shuffles (and the rows as joined) that fit as well.
    linked : bool
        Whether the two tell anything of each other as joined.
    shift : int
        Rows by which all of the second one lies beside its partner; 0 if that is not so.
    shifts : mapping of str to float
        The correlation when moved by so many rows.
    best : float or None
        The correlation at ``shift``.
    stretch : dict or None
        ``first`` and ``last`` row of a part that fits far better when moved, and the ``shift``.
    identifying : bool
        Whether the link tells a row's partner from all others, so that swapped rows can be seen.
    swapped : float
        Share of rows beside a wrong partner, without order; 0 if that is not sure.
    examples : tuple of int
        A few such rows.
    """

    modalities: tuple[str, str]
    rows: int
    aligned: float | None = None
    error: float = 0.0
    chance: float = 0.0
    spread: float = 0.0
    above: float = 0.0
    p: float = 1.0
    linked: bool = False
    shift: int = 0
    shifts: Mapping[str, float] | None = None
    best: float | None = None
    stretch: Mapping[str, int] | None = None
    identifying: bool = False
    swapped: float = 0.0
    examples: tuple[int, ...] = ()

    @property
    def misjoined(self) -> bool:
        return bool(self.shift or self.stretch or self.swapped)

    @property
    def state(self) -> str:
        """ "misjoined", "linked", "no link", or "too few rows"."""
        if self.aligned is None:
            return "too few rows"
        return "misjoined" if self.misjoined else "linked" if self.linked else "no link"

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON, for a study or for a saved model to carry as its reference."""
        return asdict(self) | {
            "modalities": list(self.modalities),
            "shifts": dict(self.shifts or {}),
            "examples": list(self.examples),
            "misjoined": self.misjoined,
            "state": self.state,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Linkage:
        """What `to_dict` wrote."""
        known = {k: v for k, v in data.items() if k in cls.__dataclass_fields__}
        known |= {"modalities": tuple(data["modalities"]), "examples": tuple(data.get("examples", ()))}
        return cls(**known)

    def compare_to(self, reference: Linkage) -> Drop | None:
        """Whether the link is weaker than it was, as it gets when a part of the rows is mis-joined.

        Both must have been taken on about as many rows, or more now. None if there was no link to lose, or too few rows.

        Examples
        --------
        >>> before = Linkage(("a", "b"), 5000, 0.50, 0.006, linked=True)
        >>> Linkage(("a", "b"), 5000, 0.40, 0.006, linked=True).compare_to(before).share
        0.2
        """
        if reference.aligned is None or not reference.linked or self.aligned is None:
            return None
        error = max(float(np.hypot(self.error, reference.error)), 1e-9)
        errors = (reference.aligned - self.aligned) / error
        share = float(np.clip(1 - self.aligned / reference.aligned, 0, 1))
        return Drop(self.aligned, reference.aligned, round(errors, 2), round(share, 4), errors > DROP and share > 0.03)


def linkages_of(blocks: Mapping[str, Block], places: Ints | None = None) -> dict[str, Linkage]:
    """The linkage of every two modalities, by "a and b"; of more than 8 000 rows, eight pieces of neighbours.

    Parameters
    ----------
    blocks : modality -> Block of n rows
    places : (n,) int array, optional
        Where these rows lie in the table, if they are a part of it.
    """
    n = next(iter(blocks.values())).n
    rows = np.concatenate(contiguous_rows(n, LOOKED_AT))
    features = {name: reduced(block, rows) for name, block in blocks.items()}
    present = {name: np.asarray(block.present[rows]) for name, block in blocks.items()}
    where = rows if places is None else places[rows]
    return {
        f"{a} and {b}": link((a, b), (features[a], features[b]), (present[a], present[b]), where)
        for a, b in combinations(sorted(blocks), 2)
    }


def link(
    names: tuple[str, str],
    features: tuple[Floats, Floats],
    present: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    rows: Ints | None = None,
) -> Linkage:
    """What two sets of features tell of each other, row by row.

    Parameters
    ----------
    names : pair of str
    features : pair of (n, d) arrays
    present : pair of (n,) bool arrays
    rows : (n,) int array, optional
        Places of the rows in the table, in runs of neighbours.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a, here = rng.normal(size=(400, 4)), np.ones(400, dtype=bool)
    >>> link(("a", "b"), (a, a + 0.3 * rng.normal(size=(400, 4))), (here, here)).state
    'linked'
    """
    places = np.arange(len(features[0])) if rows is None else rows
    x, y = (normal_scores(own, here) for own, here in zip(features, present, strict=True))
    both = present[0] & present[1]
    aligned = _paired(x, y, present, places, 0)
    if aligned is None:
        return Linkage(names, int(both.sum()))
    found = _against_shuffles(names, aligned)
    found = _moved(found, aligned, x, y, present, places)
    if found.shift or not found.linked or found.rows < FEWEST_MOVED:
        return found
    return _within(found, x, y, present, places)


def _within(
    found: Linkage, x: Floats, y: Floats, present: tuple[NDArray[np.bool_], NDArray[np.bool_]], places: Ints
) -> Linkage:
    """A stretch that is moved, and rows that are swapped, where most rows are paired rightly."""
    both = present[0] & present[1]
    best = directions(x[both], y[both])
    pieces = np.split(np.arange(len(places)), np.flatnonzero(np.diff(places) != 1) + 1)
    here = np.array(present, dtype=np.float64)  # normal scores of absent rows are zero already
    u, v = x @ best.left, y @ best.right
    stretch = find_stretch(u, v, best.strength, (here[0], here[1]), pieces)
    swapped = find_swapped(x[both], y[both])
    numbers = places[both] + 1
    return replace(
        found,
        stretch=None
        if stretch is None
        else {
            "first": int(places[stretch.first]) + 1,
            "last": int(places[stretch.last]) + 1,
            "shift": stretch.shift,
        },
        identifying=swapped.identifying,
        swapped=0.0 if stretch else swapped.share,
        examples=() if stretch else tuple(int(numbers[place]) for place in swapped.places),
    )


@dataclass(frozen=True)
class Paired:
    """Rows of one modality beside rows of the other: what each row adds to the correlation, and its stripe."""

    halves: Halves
    held: NDArray[np.bool_]
    stripes: Ints
    parts: Floats

    @property
    def score(self) -> float:
        return float(self.parts.sum())


def _paired(
    x: Floats, y: Floats, present: tuple[NDArray[np.bool_], NDArray[np.bool_]], places: Ints, shift: int
) -> Paired | None:
    """Each row beside the one ``shift`` further on in the table; None if too few have both."""
    left = np.arange(max(0, -shift), len(places) - max(0, shift))
    left = left[places[left + shift] == places[left] + shift]
    left = left[present[0][left] & present[1][left + shift]]
    stripes = places[left] // STRIPE
    held = stripes % 2 == 1
    if min(held.sum(), (~held).sum()) < FEWEST // 2:
        return None
    halves = Halves(x[left], y[left + shift], held)
    return Paired(halves, held, stripes, halves.agreement())


def _against_shuffles(names: tuple[str, str], aligned: Paired) -> Linkage:
    rng = np.random.default_rng(0)
    null = np.array([aligned.halves.agreement(_shuffled(aligned.held, rng)).sum() for _ in range(SHUFFLES)])
    chance, spread = float(np.quantile(null, 0.99)), max(float(null.std(ddof=1)), 1e-9)
    above = (aligned.score - float(null.mean())) / spread
    return Linkage(
        names,
        len(aligned.parts),
        aligned=round(aligned.score, 4),
        error=round(_error(aligned.parts, aligned.stripes), 4),
        chance=round(chance, 4),
        spread=round(spread, 4),
        above=round(above, 2),
        p=round((1 + int((null >= aligned.score).sum())) / (1 + SHUFFLES), 4),
        linked=bool(aligned.score > chance and above > 3),
        best=round(aligned.score, 4),
    )


def _shuffled(held: NDArray[np.bool_], rng: np.random.Generator) -> Ints:
    """Another row for each row, in the same half."""
    order = np.arange(len(held))
    for half in (np.flatnonzero(held), np.flatnonzero(~held)):
        order[half] = rng.permutation(half)
    return order


def _moved(
    found: Linkage,
    aligned: Paired,
    x: Floats,
    y: Floats,
    present: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    places: Ints,
) -> Linkage:
    """All rows of the second one moved by up to three; or by any number, if nothing links them as they are."""
    far = FARTHEST + 1  # one more than is asked for: a peak must not lie at the border, where smooth series have it
    shifts = [s for s in range(-far, far + 1) if s]
    if not found.linked and len(places) == places[-1] - places[0] + 1:
        shifts += [whole] if abs(whole := find_move(x, y)) > far else []
    moved = {s: pair for s in shifts if (pair := _paired(x, y, present, places, s)) is not None}
    best = max(moved, key=lambda s: moved[s].score, default=0)
    shift = 0
    if best and abs(best) != far and aligned.score < moved[best].score:
        beside = [moved[s] for s in (best - 1, best + 1) if s in moved]  # neighbours of a wandering series fit alike
        sure = moved[best].score > SURE * found.spread and _difference(moved[best], aligned) > SURE
        sure = sure and all(_difference(moved[best], other) > SHARP for other in beside)
        shift = best if sure else 0
    scores = {str(s): round(moved[s].score, 4) for s in sorted(moved) if abs(s) != far}
    return replace(found, shift=shift, shifts=scores, best=scores[str(shift)] if shift else found.aligned)


def _error(parts: Floats, stripes: Ints) -> float:
    """Standard error of a sum over rows, whose stripes are the units of chance."""
    sums = np.bincount(stripes, weights=parts)[np.bincount(stripes) > 0]
    return float(sums.std(ddof=1) * np.sqrt(len(sums)))


def _difference(moved: Paired, aligned: Paired) -> float:
    """How many standard errors the moved pairing fits better."""
    size = int(max(moved.stripes.max(), aligned.stripes.max())) + 1
    sums = [np.bincount(pair.stripes, weights=pair.parts, minlength=size) for pair in (moved, aligned)]
    difference = (sums[0] - sums[1])[np.bincount(aligned.stripes, minlength=size) > 0]
    spread = float(difference.std(ddof=1)) * np.sqrt(len(difference))
    return float(difference.sum()) / spread if spread > 0 else 0.0
