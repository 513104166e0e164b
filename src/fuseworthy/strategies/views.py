"""Which of a modality's encoded views a strategy reads, where encoders compete."""

from __future__ import annotations

from collections.abc import Mapping

from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.families import families_for
from fuseworthy.strategies.part import Blocks, Fitted, Part


def dense_view(views: Mapping[str, Block]) -> str:
    """The last view with one vector a row (pretrained encoders are named after floors), or the first view of all.

    Examples
    --------
    >>> import numpy as np
    >>> here = np.ones(2, dtype=bool)
    >>> words = Block("note", "counts", np.zeros((2, 9)), here)
    >>> dense_view({"counts": words, "minilm": Block("note", "minilm", np.zeros((2, 3)), here)}), dense_view({"counts": words})
    ('minilm', 'counts')
    """
    vectors = [view for view, block in views.items() if block.form == "vectors"]
    return vectors[-1] if vectors else next(iter(views))


def token_view(views: Mapping[str, Block]) -> str:
    """The last view that holds sequences, or what `dense_view` gives."""
    sequences = [view for view, block in views.items() if block.form == "tokens"]
    return sequences[-1] if sequences else dense_view(views)


def narrowed(blocks: Blocks, singles: Mapping[str, Fitted], part: Part) -> dict[str, Mapping[str, Block]]:
    """Of several encoders of a modality that give no sequence, the one whose singles have the lowest inner loss; and its
    sequences.

    Singles that are not there are not heard: then all views are left.
    """
    return {m: _narrowed(m, views, singles, part) for m, views in blocks.items()}


def _narrowed(
    modality: str, views: Mapping[str, Block], singles: Mapping[str, Fitted], part: Part
) -> Mapping[str, Block]:
    losses: dict[str, float] = {}
    flat = [view for view, block in views.items() if block.form != "tokens"]
    if len(flat) < 2:
        return views
    for family in families_for({view: block.form for view, block in views.items()}):
        name = f"{modality}/{family.name}"
        if family.view in flat and name in singles and (inner := singles[name].inner) is not None:
            loss = part.task.mean_loss(part.y_train, inner)
            losses[family.view] = min(loss, losses.get(family.view, loss))
    if not losses:
        return views
    best = min(losses, key=lambda view: losses[view])
    return {view: block for view, block in views.items() if view == best or view not in flat}
