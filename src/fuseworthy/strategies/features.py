"""What a learner sees of a Block, learned from the training rows alone."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.task import Floats

MOST_TOKENS = 50_000
TEXT_DIMENSIONS = 64
VECTOR_DIMENSIONS = 48
WIDE_DIMENSIONS = 256
MOST_FITTED = 50_000
"""Vectors of sequences from which their scaling is learned, drawn at random where there are more."""
MOST_LEVELS = 60
FAINTEST = 1e-6
"""Size of a component, as a share of the largest, below which it holds rounding alone: trees would split on that."""
LARGEST = float(np.finfo(np.float32).max)
"""Of numbers: forests read them in 32 bits."""
ROUNDING, SMALLEST = 8, 1e-12
"""What counts as rounding: a spread of so many units in the last place of the mean, or so small a part of the largest."""


class Features(Protocol):
    """Fitted on the training rows of a Block, applied to any rows of it."""

    def fit(self, block: Block, rows: Ints, seed: int) -> Features: ...

    def transform(self, block: Block, rows: Ints) -> Any: ...


class TokenWeights:
    """TF-IDF of each segment of counts (words, words of one column, character runs), side by side (CSR).

    ``sublinear_tf``, smooth idf and l2 norm as in scikit-learn; tokens must occur in two training rows. Character runs
    repeat what words say, so their segment has half the weight.
    """

    def fit(self, block: Block, rows: Ints, seed: int) -> TokenWeights:
        from sklearn.feature_extraction.text import TfidfTransformer

        counts = block.values[rows]
        frequency = np.bincount(counts.indices, minlength=counts.shape[1])
        self.segments_ = []
        for start, stop, weight in block.meta["segments"]:
            kept = start + np.flatnonzero(frequency[start:stop] >= 2)
            if len(kept) > MOST_TOKENS:
                kept = np.sort(kept[np.argsort(-frequency[kept], kind="stable")[:MOST_TOKENS]])
            if len(kept):
                self.segments_.append((kept, TfidfTransformer(sublinear_tf=True).fit(counts[:, kept]), weight))
        return self

    def transform(self, block: Block, rows: Ints) -> Any:
        counts = block.values[rows]
        if not self.segments_:
            return sparse.csr_array((len(rows), 1), dtype=np.float64)
        parts = [idf.transform(counts[:, kept]) * weight for kept, idf, weight in self.segments_]
        return sparse.csr_array(sparse.hstack(parts, format="csr"))


class TokenTopics:
    """Truncated SVD of the words' TF-IDF weights (latent semantic analysis), (n, 64 at most) dense."""

    def fit(self, block: Block, rows: Ints, seed: int) -> TokenTopics:
        from sklearn.decomposition import TruncatedSVD

        self.tokens_ = TokenWeights().fit(self._words(block), rows, seed)
        weights = self.tokens_.transform(block, rows)
        size = min(TEXT_DIMENSIONS, weights.shape[1] - 1, len(rows) - 1)
        self.svd_ = _told(TruncatedSVD(size, random_state=seed).fit(weights)) if size >= 1 else None
        return self

    def transform(self, block: Block, rows: Ints) -> Floats:
        weights = self.tokens_.transform(block, rows)
        return np.asarray(self.svd_.transform(weights) if self.svd_ is not None else weights.toarray())

    def _words(self, block: Block) -> Block:
        """The block as if it had no character runs."""
        return Block(block.modality, block.view, block.values, block.present, {"segments": block.meta["segments"][:-1]})


class TableDesign:
    """Cells for a linear model: scaled numbers, one-hot categories, a flag for each number that can be missing."""

    def fit(self, block: Block, rows: Ints, seed: int) -> TableDesign:
        cells, sizes = block.values[rows], np.array(block.meta["categories"])
        self.numbers_ = np.flatnonzero(sizes == 0)
        numbers = cells[:, self.numbers_]
        known = np.isfinite(numbers)
        self.some_ = known.any(axis=0)
        self.middle_ = np.array([np.median(c[k]) if k.any() else 0.0 for c, k in zip(numbers.T, known.T, strict=True)])
        filled = np.where(known, numbers, self.middle_)
        self.mean_, spread = filled.mean(axis=0), filled.std(axis=0)
        self.scale_ = np.where(spread > 0, spread, 1.0)
        self.flagged_ = np.flatnonzero(~known.all(axis=0) & self.some_)
        self.levels_ = []
        for column in np.flatnonzero(sizes > 0):
            codes = cells[:, column]
            counts = np.bincount(codes[np.isfinite(codes)].astype(int), minlength=int(sizes[column]))
            common = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
            self.levels_.append((int(column), np.sort(common[counts[common] >= 2])))
        return self

    def transform(self, block: Block, rows: Ints) -> Floats:
        cells = block.values[rows]
        numbers = cells[:, self.numbers_]
        known = np.isfinite(numbers)
        scaled = (np.where(known, numbers, self.middle_) - self.mean_) / self.scale_
        hot = [cells[:, [column]] == levels for column, levels in self.levels_]
        design = np.hstack([np.clip(scaled, -10, 10), ~known[:, self.flagged_], *hot]).astype(np.float64)
        return design if design.shape[1] else np.zeros((len(rows), 1))


class TableCells:
    """Cells for trees: numbers as they are, categories as codes by frequency, NaN where missing."""

    def fit(self, block: Block, rows: Ints, seed: int) -> TableCells:
        cells = block.values[rows]
        self.codes_ = {}
        for column, size in enumerate(block.meta["categories"]):
            if size:
                codes = cells[:, column]
                counts = np.bincount(codes[np.isfinite(codes)].astype(int), minlength=size)
                ranks = np.empty(size)
                ranks[np.argsort(-counts, kind="stable")] = np.arange(size)
                ranks = np.minimum(ranks, MOST_LEVELS)
                ranks[counts == 0] = np.nan
                self.codes_[column] = ranks
        return self

    @property
    def categorical(self) -> list[int]:
        return sorted(self.codes_)

    def transform(self, block: Block, rows: Ints) -> Floats:
        cells = np.array(block.values[rows])
        for column, ranks in self.codes_.items():
            known = np.isfinite(cells[:, column])
            cells[known, column] = ranks[cells[known, column].astype(int)]
        return np.asarray(np.clip(cells, -LARGEST, LARGEST))


class ScaledVectors:
    """Vectors, each dimension centred and scaled, the whole divided by √d; of sequences mean and maximum.

    A dimension that varies by no more than rounding is centred only: it says nothing, and scaled to the size of the others
    it would make a giant of any row in which it is a little different.
    """

    def fit(self, block: Block, rows: Ints, seed: int) -> ScaledVectors:
        values = block.pooled[rows]
        self.mean_, spread = values.mean(axis=0), values.std(axis=0)
        rounding = ROUNDING * np.finfo(self.mean_.dtype).eps * np.abs(self.mean_)
        varies = spread > np.maximum(rounding, SMALLEST * spread.max(initial=0.0))
        self.scale_ = np.where(varies, spread, 1.0) * np.sqrt(values.shape[1])
        return self

    def transform(self, block: Block, rows: Ints) -> Floats:
        return np.asarray((block.pooled[rows] - self.mean_) / self.scale_)


class ReducedVectors:
    """Scaled vectors, by principal components where there are more than 48 dimensions."""

    def fit(self, block: Block, rows: Ints, seed: int) -> ReducedVectors:
        from sklearn.decomposition import PCA

        self.scaling_ = ScaledVectors().fit(block, rows, seed)
        size = min(VECTOR_DIMENSIONS, len(rows) - 1)
        self.pca_ = None
        if block.pooled.shape[1] > size >= 1:
            scaled = self.scaling_.transform(block, rows)
            self.pca_ = _told(PCA(size, svd_solver="randomized", random_state=seed).fit(scaled))
        return self

    def transform(self, block: Block, rows: Ints) -> Floats:
        scaled = self.scaling_.transform(block, rows)
        return scaled if self.pca_ is None else np.asarray(self.pca_.transform(scaled))


class WideVectors(ScaledVectors):
    """Scaled vectors of unit variance, by principal components where there are more than 256 dimensions."""

    def fit(self, block: Block, rows: Ints, seed: int) -> WideVectors:
        from sklearn.decomposition import PCA

        super().fit(block, rows, seed)
        size, self.pca_ = min(WIDE_DIMENSIONS, len(rows) - 1), None
        if block.pooled.shape[1] > size >= 1:
            scaled = super().transform(block, rows)
            self.pca_ = PCA(size, svd_solver="randomized", random_state=seed, iterated_power=2).fit(scaled)
        return self

    def transform(self, block: Block, rows: Ints) -> Floats:
        scaled = super().transform(block, rows)
        return scaled if self.pca_ is None else np.asarray(self.pca_.transform(scaled))


class TokenVectors:
    """Every vector of a sequence as `WideVectors` gives it, learned from the real ones alone; (n, t, d) float32."""

    def fit(self, block: Block, rows: Ints, seed: int) -> TokenVectors:
        tokens = self._tokens(block, rows)
        if len(tokens) > MOST_FITTED:
            tokens = tokens[np.sort(np.random.default_rng(seed).choice(len(tokens), MOST_FITTED, replace=False))]
        self.vectors_ = WideVectors().fit(_vectors(tokens), np.arange(len(tokens)), seed)
        self.width_ = self.vectors_.transform(_vectors(tokens[:1]), np.arange(1)).shape[1]
        return self

    def transform(self, block: Block, rows: Ints) -> Any:
        mask = real_tokens(block, rows)
        found = np.zeros((*mask.shape, self.width_), dtype=np.float32)
        if mask.any():
            tokens = self._tokens(block, rows)
            found[mask] = self.vectors_.transform(_vectors(tokens), np.arange(len(tokens)))
        return found

    def _tokens(self, block: Block, rows: Ints) -> Any:
        """The real vectors of the rows, (tokens, d); one of zeros where there are none."""
        tokens = np.asarray(block.values[rows])[real_tokens(block, rows)]
        return tokens if len(tokens) else np.zeros((1, block.values.shape[2]))


def _told(components: Any) -> Any:
    """A fitted decomposition without the components that hold rounding alone, which come last."""
    size = components.singular_values_
    components.components_ = components.components_[: max(int((size > FAINTEST * size.max()).sum()), 1)]
    return components


def real_tokens(block: Block, rows: Ints) -> NDArray[np.bool_]:
    """Which vectors of the rows' sequences are real, (n, t).

    Raises
    ------
    ValueError
        The block holds no sequences.
    """
    if block.mask is None:
        raise ValueError(f"a block must hold sequences to have tokens, but {block.modality!r} holds {block.view}.")
    return np.asarray(block.mask[rows])


def _vectors(values: Any) -> Block:
    return Block("", "vectors", np.asarray(values, dtype=np.float64), np.ones(len(values), dtype=bool))


class Untouched:
    """The values as they are: what an encoder is given that is trained with its network."""

    def fit(self, block: Block, rows: Ints, seed: int) -> Untouched:
        return self

    def transform(self, block: Block, rows: Ints) -> Any:
        return np.array(block.values[rows])


class Leveled:
    """Another kind of features, divided by one number so that a column varies by about one on average.

    Padding of sequences is not counted.

    For networks: columns keep their proportions, which principal components and rare categories need.
    """

    def __init__(self, features: Features) -> None:
        self.features = features

    def fit(self, block: Block, rows: Ints, seed: int) -> Leveled:
        self.features.fit(block, rows, seed)
        found = np.asarray(self.features.transform(block, rows))
        if block.mask is not None and found.ndim == 3:
            found = found[block.mask[rows]] if block.mask[rows].any() else np.zeros_like(found[:1, 0])
        self.middle_ = found.mean(axis=0, dtype=np.float64).astype(found.dtype)
        spread = float(np.sqrt(np.mean((found - self.middle_) ** 2)))
        self.level_ = spread if spread > 0 else 1.0
        return self

    def transform(self, block: Block, rows: Ints) -> Floats:
        return np.asarray((np.asarray(self.features.transform(block, rows)) - self.middle_) / self.level_)
