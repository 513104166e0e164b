"""Product of experts: modalities as Gaussian beliefs about one latent vector."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from fuseworthy.nn.fusion import Attention, Fusion, Tokens
from fuseworthy.nn.trunk import trunk


class ProductOfExperts(Fusion):
    """Every modality believes in a Gaussian; the beliefs present and a prior N(0, 1) are multiplied.

    ``μ = Σ_m λ_m μ_m / (1 + Σ_m λ_m)`` with precisions λ, from which a network predicts: the inference network of Wu and
    Goodman (2018), trained for the prediction only. Absent modalities drop out of the product exactly; with none
    present the prior remains.

    Parameters
    ----------
    inputs, outputs, width, dropout
        As of `Fusion`.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs); share (n, M), of the precision that
    does not come from the prior.

    Examples
    --------
    >>> fusion = ProductOfExperts(inputs={"audio": 8, "text": 5}, outputs=3)
    >>> fusion({"audio": torch.randn(4, 8), "text": torch.randn(4, 5)}).shape
    torch.Size([4, 3])
    """

    def __init__(self, *, inputs: Mapping[str, int], outputs: int, width: int = 64, dropout: float = 0.0) -> None:
        super().__init__(inputs=inputs, outputs=outputs, width=width, dropout=dropout)
        self.beliefs = nn.ModuleList(nn.Linear(width, 2 * width) for _ in self.names)
        self.trunk = trunk(width, outputs, hidden=width, dropout=dropout)

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        mean, precision = self.posterior(tokens)
        share = None
        if explain:
            share = (precision / precision.sum(1, keepdim=True).clamp_min(torch.finfo(precision.dtype).tiny)).mean(2)
        return self.trunk(mean), Attention(share, self.names)

    def posterior(self, tokens: Tokens) -> tuple[Tensor, Tensor]:
        """Mean of the product, (n, width), and every modality's precision, (n, M, width), zero where absent."""
        beliefs = torch.stack([f(tokens.vector(n)) for n, f in zip(self.names, self.beliefs, strict=True)], dim=1)
        means, log_precision = beliefs.chunk(2, dim=2)
        precision = log_precision.clamp(-8, 8).exp() * tokens.presence()[..., None]
        return (precision * means).sum(1) / (1 + precision.sum(1)), precision
