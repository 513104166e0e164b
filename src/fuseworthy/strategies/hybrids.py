"""A tree of fusions: modalities that interact are fused first, the others join after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

from fuseworthy.errors import InputError
from fuseworthy.strategies.early import join_boosting
from fuseworthy.strategies.families import BOOSTING
from fuseworthy.strategies.late import best_per_modality, gather, inner_of, stack
from fuseworthy.strategies.neural import Neural
from fuseworthy.strategies.part import Blocks, Fitted, Part, presence
from fuseworthy.strategies.singles import FeatureStore
from fuseworthy.strategies.views import narrowed

if TYPE_CHECKING:
    from fuseworthy.nn import Fusion


@dataclass(frozen=True)
class FoundHybrid:
    """A hybrid of two levels.

    Parameters
    ----------
    first : tuple of str, optional
        The modalities that are fused first; left out, it is the pair that interacts most on inner folds: whose boosted
        concatenation gains most over the stack of both.
    """

    first: tuple[str, ...] | None = None

    def fit(self, blocks: Blocks, singles: Mapping[str, Fitted], part: Part) -> Fitted:
        blocks = narrowed(blocks, singles, part)
        first = self.first or strongest_pair(blocks, singles, part)
        if unknown := set(first) - set(blocks):
            raise InputError(
                f"a hybrid must name modalities of the study, but {min(unknown)!r} came; there are {', '.join(blocks)}."
            )
        if len(first) < 2 or len(first) == len(blocks):
            raise InputError(
                f"a hybrid must fuse two modalities or more first and leave others for later, but {len(first)} of "
                f"{len(blocks)} came."
            )
        sequences = any(block.form == "tokens" for m in first for block in blocks[m].values())
        fitted = Neural(partial(two_levels, first, sequences), stacked=not sequences, tokens=sequences).fit(
            blocks, singles, part
        )
        return replace(fitted, setting=fitted.setting | {"first": "+".join(first)})


def two_levels(first: tuple[str, ...], sequences: bool, inputs: dict[str, int], outputs: int) -> Fusion:
    """A network that fuses some modalities first: token by token if they are sequences, with gates if not."""
    from fuseworthy.nn import GatedFusion, Hybrid, InterleavedFusion

    spec = {"+".join(first): list(first)} | {m: m for m in inputs if m not in first}
    inner = InterleavedFusion if sequences else GatedFusion
    return Hybrid(spec=spec, inputs=inputs, outputs=outputs, dropout=0.3 if sequences else 0.6, inner=inner)


def strongest_pair(blocks: Blocks, singles: Mapping[str, Fitted], part: Part) -> tuple[str, ...]:
    """The pair of modalities with the largest gain of features combined over predictions combined, inside the part."""
    store, gains = FeatureStore(part), {}
    best = best_per_modality(singles, part)
    for pair in combinations(sorted(blocks), 2):
        members = gather({best[m]: singles[best[m]] for m in pair}, {m: presence(blocks[m]) for m in pair}, part)
        _, late = stack(members, part)
        joint = join_boosting({m: blocks[m] for m in pair}, part, store, settings=BOOSTING[:1]).fitted
        losses = [part.task.mean_loss(part.y_train, inner_of(fitted)) for fitted in (late, joint)]
        gains[pair] = losses[0] - losses[1]
    return max(gains, key=lambda pair: gains[pair])
