"""A transformer that reads a sequence of tokens into one summary."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fuseworthy.nn.attention import AttentionLayer
from fuseworthy.nn.tokens import AttentionMap


class SummaryEncoder(nn.Module):
    """Pre-norm transformer over a learned summary token and the tokens given; returns the summary.

    In the last layer only the summary asks, as nothing else is read.

    Parameters
    ----------
    width, heads, dropout
        As of `AttentionLayer`.
    layers : int
        At least one.
    timed : bool
        Whether a clock may be given.

    **Shape**: tokens (n, t, width), mask (n, t), clock (n, t) or None; returns (n, width) and the weights of every
    layer, (n, heads, q, 1 + t), on request.

    Examples
    --------
    >>> encoder = SummaryEncoder(8, heads=2, layers=2)
    >>> encoder(torch.randn(3, 5, 8), torch.ones(3, 5).bool())[0].shape
    torch.Size([3, 8])
    """

    def __init__(self, width: int, *, heads: int, layers: int, dropout: float = 0.0, timed: bool = True) -> None:
        super().__init__()
        self.summary = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        # The summary has no time, so clocks say nothing to the last layer.
        timing = [timed and i < layers - 1 for i in range(layers)]
        self.layers = nn.ModuleList(AttentionLayer(width, heads=heads, dropout=dropout, timed=t) for t in timing)
        self.norm = nn.LayerNorm(width)

    def forward(
        self, tokens: Tensor, mask: Tensor, clock: Tensor | None = None, *, explain: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        x = torch.cat([self.summary.to(tokens.dtype).expand(tokens.shape[0], -1, -1), tokens], dim=1)
        mask = nn.functional.pad(mask, (1, 0), value=True)
        if clock is not None:
            clock = nn.functional.pad(clock, (1, 0), value=torch.nan)
        tables = []
        for i, layer in enumerate(self.layers):
            is_last = i == len(self.layers) - 1
            asked = 1 if is_last else x.shape[1]
            clocks = None if clock is None or is_last else (clock, clock)
            x, weights = layer(x[:, :asked], x, mask, clocks, explain=explain)
            tables += [] if weights is None else [weights]
        return self.norm(x[:, 0]), tables


def summary_maps(tables: list[Tensor], labels: tuple[str, ...]) -> tuple[AttentionMap, ...]:
    """Name the queries and keys of a `SummaryEncoder`'s tables."""
    keys = ("summary", *labels)
    return tuple(AttentionMap(t, ("row", "head", "query", "key"), keys[: t.shape[2]], keys) for t in tables)
