"""Cross-attention: every modality looks into the others before all are read together."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from fuseworthy.nn.attention import MultiHeadAttention
from fuseworthy.nn.encoder import SummaryEncoder, summary_maps
from fuseworthy.nn.fusion import Attention, AttentionMap, Fusion, Tokens


class CrossAttentionFusion(Fusion):
    """Each modality's tokens query the tokens of all others; what they find is put beside them, ``W [z; found]``.

    Co-attention between modalities (Lu et al. 2019), with one context of all others in place of one for each pair, then
    self-attention over all tokens, read from a summary token.

    Parameters
    ----------
    inputs, outputs, width, dropout
        As of `Fusion`; ``width`` a multiple of ``heads``.
    layers, heads : int
        Of the self-attention; ``heads`` also of the cross-attention.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs); share (n, M), the attention of the
    summary in the last layer; one map for each modality's look at the others, then those of the self-attention.

    Examples
    --------
    >>> fusion = CrossAttentionFusion(inputs={"question": 8, "image": 5}, outputs=3)
    >>> fusion({"question": torch.randn(4, 8), "image": torch.randn(4, 20, 5)}).shape
    torch.Size([4, 3])
    """

    def __init__(
        self,
        *,
        inputs: Mapping[str, int],
        outputs: int,
        width: int = 64,
        dropout: float = 0.0,
        layers: int = 1,
        heads: int = 4,
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, width=width, dropout=dropout)
        self.kinds = nn.Parameter(torch.randn(len(self.names), width) * 0.02)
        self.looks = nn.ModuleList(MultiHeadAttention(width, heads=heads, null=True) for _ in self.names)
        self.merges = nn.ModuleList(nn.Sequential(nn.Linear(2 * width, width), nn.GELU()) for _ in self.names)
        self.encoder = SummaryEncoder(width, heads=heads, layers=layers, dropout=dropout)
        self.head = nn.Linear(width, outputs)

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        tokens = tokens.marked(self.kinds)
        seen, maps = {}, []
        for m, name in enumerate(self.names):
            found, weights = self._look(m, tokens, explain)
            seen[name] = tokens.values[name] + self.merges[m](torch.cat([tokens.values[name], found], dim=2))
            maps += [] if weights is None else [weights]
        tokens = Tokens(seen, tokens.mask, tokens.present, tokens.times)
        values, mask, clock = tokens.joined(self.names)
        summary, tables = self.encoder(values, mask, clock, explain=explain)
        logits = self.head(summary)
        if not explain:
            return logits, Attention(None, self.names)
        share = tokens.shares(tables[-1][:, :, 0, 1:].mean(1))
        return logits, Attention(share, self.names, (*maps, *summary_maps(tables, tokens.labels(self.names))))

    def _look(self, m: int, tokens: Tokens, explain: bool) -> tuple[Tensor, AttentionMap | None]:
        """What the others' tokens hold for this modality's, and the weights."""
        name, query = self.names[m], tokens.values[self.names[m]]
        others = tuple(other for other in self.names if other != name)
        if not others:
            context, mask, clock = query[:, :0], tokens.mask[name][:, :0], None
        else:
            context, mask, clock = tokens.joined(others)
        clocks = (tokens.times[name], clock) if clock is not None and name in tokens.times else None
        found, weights = self.looks[m](query, context, mask, clocks, explain=explain)
        if weights is None:
            return found, None
        keys = ("nothing", *tokens.labels(others))
        return found, AttentionMap(weights, ("row", "head", "query", "key"), tokens.labels((name,)), keys)
