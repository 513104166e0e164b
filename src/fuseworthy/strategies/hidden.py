"""What a fitted strategy answers where modalities are hidden from it, on rows it has not learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import NOTHING, Block
from fuseworthy.strategies.part import Blocks, Fitted, Part, Predictor, presence
from fuseworthy.task import Floats

EXACT = 5
"""Up to so many modalities every subset is asked for; above, each alone, all but one, and the patterns seen."""


def visible_sets(names: Sequence[str], seen: Sequence[str] = ()) -> list[tuple[str, ...]]:
    """Sets of modalities to ask a strategy with, small to large.

    Parameters
    ----------
    names : modalities
    seen : availability patterns of the rows, as ``a+b``

    Examples
    --------
    >>> visible_sets(["b", "a"])
    [('a',), ('b',), ('a', 'b')]
    """
    own = sorted(names)
    if len(own) <= EXACT:
        return [s for size in range(1, len(own) + 1) for s in combinations(own, size)]
    found = {(m,) for m in own} | set(combinations(own, len(own) - 1)) | {tuple(own)}
    found |= {tuple(sorted(pattern.split("+"))) for pattern in seen if pattern != NOTHING}
    return sorted(found, key=lambda s: (len(s), s))


def hidden(blocks: Blocks, visible: Sequence[str]) -> dict[str, dict[str, Block]]:
    """The blocks with every other modality absent in all rows."""
    return {
        m: {view: block if m in visible else _absent(block) for view, block in views.items()}
        for m, views in blocks.items()
    }


def ask(predictor: Predictor, blocks: Blocks, part: Part, sets: Sequence[tuple[str, ...]]) -> dict[str, Floats]:
    """Predictions of the scored rows with only these modalities: set as ``a+b`` -> (len(test), width)."""
    return {"+".join(visible): predictor.predict(hidden(blocks, visible), part.test) for visible in sets}


@dataclass(frozen=True)
class Replayed:
    """A single's predictions as they were written down, for the scored rows alone; the prior where it is hidden.

    Parameters
    ----------
    modality : str
    rows : (k,) sorted row numbers
    values : (k, width)
    prior : (width,)
    """

    modality: str
    rows: Ints
    values: Floats
    prior: Floats

    def predict(self, blocks: Blocks, rows: Ints) -> Floats:
        here = presence(blocks[self.modality])[rows]
        return np.where(here[:, None], self.values[np.searchsorted(self.rows, rows)], self.prior)


def replayed(singles: Mapping[str, Fitted], part: Part) -> dict[str, Fitted]:
    """Singles read from disk, able to answer the scored rows again."""
    order = np.argsort(part.test)
    return {
        name: replace(fitted, predictor=Replayed(name.split("/")[0], part.test[order], fitted.test[order], part.prior))
        for name, fitted in singles.items()
    }


def _absent(block: Block) -> Block:
    return replace(block, present=np.zeros(block.n, dtype=bool))
