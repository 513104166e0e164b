"""Early fusion of raw tokens: all modalities interleaved in one sequence, one shared encoder."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from fuseworthy.nn.encoder import SummaryEncoder, summary_maps
from fuseworthy.nn.fusion import Attention, Fusion, Tokens
from fuseworthy.nn.projection import sinusoids


class InterleavedFusion(Fusion):
    """Raw tokens of all modalities, in the order of their times, through one encoder from the first layer on.

    Early fusion as in single-stream models (Kim, Son and Kim 2021; Chameleon Team 2024): nothing is summarised before
    the modalities meet. A vector is cut into two tokens by learned linear maps, so that the encoder sees its parts
    beside the others' parts, where `TokenTransformer` gives a vector one token. Tokens are ordered by time, or, without
    times, by how far along their own modality they are; their place in that order is encoded. In place of a modality
    embedding, each modality has its own linear map.

    Parameters
    ----------
    inputs, outputs, width, dropout
        As of `Fusion`; ``width`` a multiple of ``heads``.
    layers, heads : int
        Of the encoder.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs); share (n, M), the attention of the
    summary in the last layer.

    Examples
    --------
    >>> fusion = InterleavedFusion(inputs={"audio": 8, "text": 5}, outputs=3)
    >>> fusion({"audio": torch.randn(4, 8), "text": torch.randn(4, 20, 5)}).shape
    torch.Size([4, 3])
    """

    pieces = 2

    def __init__(
        self,
        *,
        inputs: Mapping[str, int],
        outputs: int,
        width: int = 64,
        dropout: float = 0.0,
        layers: int = 2,
        heads: int = 4,
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, width=width, dropout=dropout)
        self.encoder = SummaryEncoder(width, heads=heads, layers=layers, dropout=dropout)
        self.head = nn.Linear(width, outputs)

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        values, mask, clock = tokens.joined(self.names)
        values = values + sinusoids(places(tokens, self.names), self.width).to(values.dtype)
        summary, tables = self.encoder(values, mask, clock, explain=explain)
        logits = self.head(summary)
        if not explain:
            return logits, Attention(None, self.names)
        share = tokens.shares(tables[-1][:, :, 0, 1:].mean(1))
        return logits, Attention(share, self.names, summary_maps(tables, tokens.labels(self.names)))


def places(tokens: Tokens, names: tuple[str, ...]) -> Tensor:
    """Place of each token in the interleaved sequence, (n, tokens), counting real tokens only.

    Times are brought to 0…1 within the row, to be comparable with relative positions; ties are in the order of names.

    Examples
    --------
    >>> values, mask = {"a": torch.zeros(1, 2, 4), "b": torch.zeros(1, 3, 4)}, torch.ones(1, 3).bool()
    >>> places(Tokens(values, {"a": mask[:, :2], "b": mask}, {}, {}), ("a", "b"))
    tensor([[1., 3., 0., 2., 4.]])
    """
    _, mask, clock = tokens.joined(names)
    when = torch.cat([_along(tokens.mask[name]) for name in names], dim=1)
    if clock is not None:
        timed = mask & ~clock.isnan()
        start = torch.where(timed, clock, torch.inf).amin(1, keepdim=True)
        span = torch.where(timed, clock, -torch.inf).amax(1, keepdim=True) - start
        when = torch.where(timed, (clock - start) / span.clamp_min(1e-9), when)
    order = torch.where(mask, when, torch.inf).argsort(dim=1, stable=True)
    return order.argsort(dim=1).to(when.dtype)


def _along(mask: Tensor) -> Tensor:
    """How far along the real tokens each one is, in 0…1."""
    seen = mask.to(torch.float32).cumsum(1)
    return (seen - 0.5) / seen[:, -1:].clamp_min(1)
