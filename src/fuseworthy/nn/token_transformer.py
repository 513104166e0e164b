"""One transformer over the tokens of all modalities."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from fuseworthy.nn.encoder import SummaryEncoder, summary_maps
from fuseworthy.nn.fusion import Attention, Fusion, Tokens


class TokenTransformer(Fusion):
    """A plain transformer over one or a few tokens for each modality, read from a summary token.

    The simple baseline that matches elaborate fusions when all are tuned alike (Rheude et al. 2025). Each token carries
    an embedding of its modality; absent modalities and padding are masked.

    Parameters
    ----------
    inputs, outputs, width, dropout
        As of `Fusion`; ``width`` a multiple of ``heads``.
    layers, heads : int
        Of the transformer.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs); share (n, M), the attention of the
    summary in the last layer.

    Examples
    --------
    >>> fusion = TokenTransformer(inputs={"audio": 8, "text": 5}, outputs=3)
    >>> fusion({"audio": torch.randn(4, 8), "text": torch.randn(4, 20, 5)}).shape
    torch.Size([4, 3])
    """

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
        self.kinds = nn.Parameter(torch.randn(len(self.names), width) * 0.02)
        self.encoder = SummaryEncoder(width, heads=heads, layers=layers, dropout=dropout)
        self.head = nn.Linear(width, outputs)

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        values, mask, clock = tokens.marked(self.kinds).joined(self.names)
        summary, tables = self.encoder(values, mask, clock, explain=explain)
        logits = self.head(summary)
        if not explain:
            return logits, Attention(None, self.names)
        share = tokens.shares(tables[-1][:, :, 0, 1:].mean(1))
        return logits, Attention(share, self.names, summary_maps(tables, tokens.labels(self.names)))
