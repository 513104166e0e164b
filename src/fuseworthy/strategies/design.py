"""The features of several modalities side by side, of the rows they were learned from and of any others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.features import Features
from fuseworthy.strategies.part import Blocks, Part


@dataclass(frozen=True)
class Layout:
    """Which columns a concatenation has: all of it that is learned, and none of the rows.

    Parameters
    ----------
    views : modality -> the view it is read from, in the order of the columns
    features : modality -> fitted features
    widths : modality -> columns
    kind : {"trees", "dense", "sparse"}
        Trees see an absent modality as missing; linear models see zeros and a flag.
    flagged : modalities that are absent in some training rows
    """

    views: Mapping[str, str]
    features: Mapping[str, Features]
    widths: Mapping[str, int]
    kind: str
    flagged: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Modalities in the order of their columns."""
        return tuple(self.views)

    @property
    def columns(self) -> dict[str, NDArray[np.int64]]:
        """Columns of each modality."""
        stops = np.cumsum([self.widths[m] for m in self.names])
        return {m: np.arange(stop - self.widths[m], stop) for m, stop in zip(self.names, stops, strict=True)}

    @property
    def categorical(self) -> list[int]:
        """Columns that hold codes of categories."""
        own = self.columns
        return [int(own[m][c]) for m in self.names for c in getattr(self.features[m], "categorical", [])]

    def of(self, blocks: Blocks) -> Design:
        """The design of these blocks, which may hold other rows than those learned from."""
        return Design(self, {m: blocks[m][view] for m, view in self.views.items()})


@dataclass(frozen=True)
class Design:
    """A layout and the blocks it reads (modality -> Block)."""

    layout: Layout
    blocks: Mapping[str, Block]

    @property
    def names(self) -> tuple[str, ...]:
        """Modalities in the order of their columns."""
        return self.layout.names

    @property
    def columns(self) -> dict[str, NDArray[np.int64]]:
        """Columns of each modality."""
        return self.layout.columns

    def __call__(self, rows: Ints, moved: Mapping[str, Ints] | None = None) -> Any:
        """(n, columns); ``moved`` says from which rows a modality is taken instead."""
        parts: list[Any] = []
        for m in self.names:
            source = (moved or {}).get(m, rows)
            x = self.layout.features[m].transform(self.blocks[m], source)
            parts.append(self._masked(x, self.blocks[m].present[source]))
        if self.layout.kind == "trees":
            return np.hstack(parts)
        flags = [~self.blocks[m].present[(moved or {}).get(m, rows)] for m in self.layout.flagged]
        parts.append(np.column_stack(flags).astype(float) if flags else np.zeros((len(rows), 0)))
        if self.layout.kind == "sparse":
            return sparse.csr_array(sparse.hstack([sparse.csr_array(x) for x in parts], format="csr"))
        return np.hstack(parts)

    def _masked(self, x: Any, present: NDArray[np.bool_]) -> Any:
        if self.layout.kind == "trees":
            x = np.array(x)
            x[~present] = np.nan
            return x
        if present.all():
            return x
        if sparse.issparse(x):
            return sparse.csr_array(sparse.diags_array(present.astype(float)) @ x)
        return x * present[:, None]


def lay_out(blocks: Mapping[str, Block], features: Mapping[str, Features], part: Part, kind: str) -> Design:
    """The design of the blocks it was learned from, modality by modality in the order of ``blocks``."""
    widths = {m: int(features[m].transform(block, part.train[:1]).shape[1]) for m, block in blocks.items()}
    here = {m: int(block.present[part.train].sum()) for m, block in blocks.items()}
    flagged = tuple(m for m in blocks if 0 < here[m] < len(part.train))
    views = {m: block.view for m, block in blocks.items()}
    return Design(Layout(views, features, widths, kind, flagged), blocks)
