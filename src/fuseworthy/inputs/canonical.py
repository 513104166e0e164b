"""What two sets of features tell of each other: canonical directions of their normal scores, and how strong each is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

from fuseworthy.folds import Ints
from fuseworthy.task import Floats

MOST = 0.999
"""A correlation of one would make the odds of a pair infinite."""


@dataclass(frozen=True)
class Directions:
    """Directions in which two modalities go together.

    Parameters
    ----------
    left : (a, k) array
        Turn features of the first modality into k numbers of variance one.
    right : (b, k) array
        The same of the second.
    strength : (k,) array
        Correlation of each, less what chance gives so many features and rows.
    """

    left: Floats
    right: Floats
    strength: Floats


def normal_scores(features: Floats, present: NDArray[np.bool_]) -> Floats:
    """Each column's ranks as normal quantiles, zero where a row is absent: no row and no unit can dominate.

    Parameters
    ----------
    features : (n, d) array
    present : (n,) bool array

    Returns
    -------
    (n, e) array, without the constant columns

    Examples
    --------
    >>> normal_scores(np.array([[1.0], [5.0], [1e9]]), np.ones(3, dtype=bool)).ravel().round(2).tolist()
    [-1.22, 0.0, 1.22]
    """
    known = features[present]
    if len(known) < 2:
        return np.zeros((len(features), 1))
    known = known[:, known.max(axis=0) > known.min(axis=0)]
    if not known.shape[1]:
        return np.zeros((len(features), 1))
    scores = ndtri((rankdata(known, axis=0) - 0.5) / len(known))
    scores = scores - scores.mean(axis=0)
    spread = scores.std(axis=0)
    out = np.zeros((len(features), known.shape[1]))
    out[present] = scores / np.where(spread > 0, spread, 1.0)
    return out


def inverse_root(x: Floats) -> Floats:
    """A matrix that makes the columns of x uncorrelated and of variance one, (d, d); slightly shrunk."""
    covariance = x.T @ x / len(x) + (x.shape[1] / len(x)) * np.eye(x.shape[1])
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)).T)


def directions(x: Floats, y: Floats, roots: tuple[Floats, Floats] | None = None) -> Directions:
    """Canonical directions of paired rows.

    Parameters
    ----------
    x, y : (n, a) and (n, b) arrays of normal scores, row by row
    roots : pair of arrays, optional
        `inverse_root` of each, if they are known.

    References
    ----------
    H. Hotelling, Relations between two sets of variates, Biometrika 28, 1936. Chance correlations of whitened data end
    at about (sqrt(a) + sqrt(b)) / sqrt(n), which is taken off.
    """
    n = len(x)
    left, right = roots or (inverse_root(x), inverse_root(y))
    u, found, v = np.linalg.svd(left.T @ (x.T @ y / n) @ right, full_matrices=False)
    edge = min((np.sqrt(x.shape[1]) + np.sqrt(y.shape[1])) ** 2 / n, 0.9)
    strength = np.sqrt(np.maximum(found**2 - edge, 0) / (1 - edge))
    if not strength.any():
        strength[0] = found[0]  # nothing above chance: the strongest alone, which a held-out row will show to be none
    kept = strength > 0
    return Directions(left @ u[:, kept], right @ v.T[:, kept], np.minimum(strength[kept], MOST))


class Halves:
    """Two halves of paired rows, with what does not change when rows are shuffled within a half.

    Parameters
    ----------
    x, y : (n, a) and (n, b) arrays of normal scores
    held : (n,) bool array
        The first of the two halves.
    """

    def __init__(self, x: Floats, y: Floats, held: NDArray[np.bool_]) -> None:
        self.n, self.places = len(x), [np.flatnonzero(held), np.flatnonzero(~held)]
        self.x, self.y = [x[p] for p in self.places], [y[p] for p in self.places]
        self.roots = [(inverse_root(a), inverse_root(b)) for a, b in zip(self.x, self.y, strict=True)]

    def agreement(self, order: Ints | None = None) -> Floats:
        """What each row adds to the held-out correlation of the two sets, (n,); they sum to it.

        Directions are found on one half of the rows and weigh the other, and the other way round.

        Parameters
        ----------
        order : (n,) int array, optional
            Another row of ``y`` for each row, within its half: a shuffle.
        """
        y = self.y
        if order is not None:
            back = np.empty(self.n, dtype=np.int64)
            for places in self.places:
                back[places] = np.arange(len(places))
            y = [own[back[order[places]]] for own, places in zip(self.y, self.places, strict=True)]
        parts = np.zeros(self.n)
        for test, train in ((0, 1), (1, 0)):
            found = directions(self.x[train], y[train], self.roots[train])
            u, v = self.x[test] @ found.left, y[test] @ found.right
            scale = np.sqrt((found.strength * u * u).sum() * (found.strength * v * v).sum())
            if scale > 0:
                parts[self.places[test]] = (u * v) @ found.strength / scale / 2
        return parts
