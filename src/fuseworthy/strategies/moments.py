"""Linear least squares from sufficient statistics: every fold, subset of columns and penalty from one pass over the rows.

The moments of a set of rows (count, sums, cross products) add up, so those of a training part are the total less those
of the rows left out; a subset of modalities is a block of rows and columns of them; and a penalty only adds to their
diagonal. What is left for each fit is one Cholesky factorisation of a small matrix (Hoerl & Kennard 1970; Golub, Heath &
Wahba 1979 for many penalties from one decomposition, which measured slower here than one factorisation each).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from fuseworthy.folds import Ints
from fuseworthy.task import Floats

MOST_COLUMNS = 4000
"""Beyond this a matrix of cross products costs more than it saves."""


@dataclass(frozen=True)
class Moments:
    """Sums over some rows: all that ridge regression needs to know of them.

    Parameters
    ----------
    count : int
    x, y : (d,) and (c,) sums
    xx, xy : (d, d) and (d, c) sums of products
    """

    count: int
    x: Floats
    y: Floats
    xx: Floats
    xy: Floats

    def __sub__(self, other: Moments) -> Moments:
        return Moments(
            self.count - other.count,
            self.x - other.x,
            self.y - other.y,
            self.xx - other.xx,
            self.xy - other.xy,
        )

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.count + other.count,
            self.x + other.x,
            self.y + other.y,
            self.xx + other.xx,
            self.xy + other.xy,
        )

    def columns(self, keep: Ints) -> Moments:
        """The moments of some columns of x."""
        return Moments(self.count, self.x[keep], self.y, self.xx[np.ix_(keep, keep)], self.xy[keep])

    def ridge(self, penalties: Sequence[Floats | float]) -> tuple[Floats, Floats]:
        """Coefficients (p, d, c) and intercepts (p, c) for p penalties, each a number or one a column, (d,).

        They minimise Σ (y - xb - a)² + Σ penalty·b², as scikit-learn's ``Ridge(alpha=penalty)`` does.
        """
        mean_x, mean_y = self.x / self.count, self.y / self.count
        gram = self.xx - np.outer(self.x, mean_x)
        right = self.xy - np.outer(self.x, mean_y)
        diagonal, coefficients = np.diag_indices_from(gram), []
        for penalty in penalties:
            penalised = gram.copy()
            penalised[diagonal] += penalty
            factor = linalg.cho_factor(penalised, overwrite_a=True, check_finite=False)
            coefficients.append(linalg.cho_solve(factor, right, check_finite=False))
        found = np.stack(coefficients)
        return found, mean_y - np.einsum("d,pdc->pc", mean_x, found)


def moments(x: Floats, y: Floats) -> Moments:
    """Of rows x (n, d) with targets y (n, c)."""
    return Moments(len(x), x.sum(axis=0), y.sum(axis=0), x.T @ x, x.T @ y)


def ridge_out_of_fold(x: Floats, y: NDArray[Any], folds: Ints, penalties: Sequence[Floats | float]) -> Floats:
    """Cross-fitted ridge predictions with each penalty, (p, n, c), as a loop of fits would give them.

    Parameters
    ----------
    x : (n, d)
    y : (n,) or (n, c)
    folds : (n,) fold of each row
    penalties : each a number or one a column, (d,)
    """
    (found,) = _predictions(x, y, folds, {"all": np.arange(x.shape[1])}, {"all": penalties}).values()
    return found


def ridge_every_subset(
    blocks: Mapping[str, Floats], y: NDArray[Any], folds: Ints, penalties: Sequence[float]
) -> dict[tuple[str, ...], Floats]:
    """Cross-fitted ridge predictions of every subset of the modalities: sorted names -> (p, n, c).

    Parameters
    ----------
    blocks : modality -> (n, d) features
    y : (n,) or (n, c) targets
    folds : (n,) fold of each row
    penalties : p numbers

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a, b, y = rng.normal(size=(60, 2)), rng.normal(size=(60, 3)), rng.normal(size=60)
    >>> found = ridge_every_subset({"a": a, "b": b}, y, np.arange(60) % 5, [0.1, 1.0])
    >>> {subset: p.shape for subset, p in found.items()}
    {('a',): (2, 60, 1), ('b',): (2, 60, 1), ('a', 'b'): (2, 60, 1)}
    """
    names = sorted(blocks)
    stops = np.cumsum([blocks[m].shape[1] for m in names])
    own = {m: np.arange(stop - blocks[m].shape[1], stop) for m, stop in zip(names, stops, strict=True)}
    subsets = {s: s for size in range(1, len(names) + 1) for s in combinations(names, size)}
    columns = {s: np.concatenate([own[m] for m in s]) for s in subsets}
    x = np.hstack([blocks[m] for m in names])
    return _predictions(x, y, folds, columns, dict.fromkeys(columns, penalties))


def _predictions(
    x: Floats, y: NDArray[Any], folds: Ints, columns: Mapping[Any, Ints], penalties: Mapping[Any, Sequence[Any]]
) -> dict[Any, Floats]:
    """The one loop: folds, then subsets of columns; predictions of the fold left out for all penalties at once."""
    targets = y.reshape(len(y), -1).astype(np.float64)
    centre = x.mean(axis=0)  # a shift changes no fit, and keeps the differences of sums exact
    x = x - centre
    parts = {k: np.flatnonzero(folds == k) for k in np.unique(folds)}
    sums = {k: moments(x[rows], targets[rows]) for k, rows in parts.items()}
    total = sum(list(sums.values())[1:], next(iter(sums.values())))
    found = {s: np.empty((len(penalties[s]), len(x), targets.shape[1])) for s in columns}
    for k, rows in parts.items():
        if len(rows) == len(x):
            raise ValueError(f"every fold must leave rows to learn from, but fold {k} holds all {len(x)} rows.")
        rest, left_out = total - sums[k], x[rows]
        for s, keep in columns.items():
            everything = len(keep) == x.shape[1]
            coefficients, intercepts = (rest if everything else rest.columns(keep)).ridge(penalties[s])
            own = left_out if everything else left_out[:, keep]
            flat = own @ coefficients.transpose(1, 0, 2).reshape(len(keep), -1)
            found[s][:, rows] = flat.reshape(len(rows), *intercepts.shape).transpose(1, 0, 2) + intercepts[:, None]
    return found
