"""Perceiver: a few latent vectors read all tokens, so that cost is linear in their number."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from fuseworthy.nn.attention import AttentionLayer
from fuseworthy.nn.encoder import SummaryEncoder, summary_maps
from fuseworthy.nn.fusion import Attention, AttentionMap, Fusion, Tokens


class PerceiverFusion(Fusion):
    """Latents attend to the tokens of all modalities, then to each other, and an output query reads them.

    Perceiver IO (Jaegle et al. 2021) with one output query. Each token carries an embedding of its modality; absent
    modalities and padding are masked. Cost grows with the tokens, not with their square.

    Parameters
    ----------
    inputs, outputs, width, dropout
        As of `Fusion`; ``width`` a multiple of ``heads``.
    latents : int
        Vectors that read the tokens.
    layers : int
        Of self-attention between latents.
    heads : int
        Of every attention.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs); share (n, M), the attention of the
    latents.

    Examples
    --------
    >>> fusion = PerceiverFusion(inputs={"audio": 8, "video": 5}, outputs=3)
    >>> fusion({"audio": torch.randn(4, 50, 8), "video": torch.randn(4, 20, 5)}).shape
    torch.Size([4, 3])
    """

    def __init__(
        self,
        *,
        inputs: Mapping[str, int],
        outputs: int,
        width: int = 64,
        dropout: float = 0.0,
        latents: int = 4,
        layers: int = 1,
        heads: int = 4,
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, width=width, dropout=dropout)
        self.kinds = nn.Parameter(torch.randn(len(self.names), width) * 0.02)
        self.latents = nn.Parameter(torch.randn(1, latents, width) * 0.02)
        self.read = AttentionLayer(width, heads=heads, dropout=dropout, null=True, crossed=True, timed=False)
        self.encoder = SummaryEncoder(width, heads=heads, layers=layers + 1, dropout=dropout, timed=False)
        self.head = nn.Linear(width, outputs)

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        values, mask, _ = tokens.marked(self.kinds).joined(self.names)
        latents, weights = self.read(self.latents, values, mask, explain=explain)
        everything = torch.ones(latents.shape[:2], dtype=torch.bool, device=latents.device)
        summary, tables = self.encoder(latents, everything, explain=explain)
        logits = self.head(summary)
        if weights is None:
            return logits, Attention(None, self.names)
        labels = tuple(f"latent {i}" for i in range(latents.shape[1]))
        keys = ("nothing", *tokens.labels(self.names))
        first = AttentionMap(weights, ("row", "head", "query", "key"), labels, keys)
        share = tokens.shares(weights[..., 1:].mean((1, 2)))
        return logits, Attention(share, self.names, (first, *summary_maps(tables, labels)))
