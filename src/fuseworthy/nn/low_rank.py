"""Low-rank tensor fusion: products across modalities at linear cost."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from fuseworthy.nn.fusion import Attention, Fusion, Tokens
from fuseworthy.nn.trunk import trunk


class LowRankFusion(Fusion):
    """``h = Σ_r w_r ⊙_m (F_m^r [1; z_m]) + b``: tensor fusion with a low-rank tensor (Liu et al. 2018), then a network.

    The same function as a linear layer on the outer product of `TensorFusion` whose weights have rank ``rank``, but the
    cost is linear in the number of modalities. An absent modality is ``[1; 0]``, as there.

    Parameters
    ----------
    inputs, outputs, width, dropout
        As of `Fusion`.
    rank : int
        Number of products that are summed.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs).

    Examples
    --------
    >>> fusion = LowRankFusion(inputs={"audio": 8, "text": 5}, outputs=3, rank=2)
    >>> fusion({"audio": torch.randn(4, 8), "text": torch.randn(4, 5)}).shape
    torch.Size([4, 3])
    """

    def __init__(
        self,
        *,
        inputs: Mapping[str, int],
        outputs: int,
        width: int = 64,
        dropout: float = 0.0,
        rank: int = 4,
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, width=width, dropout=dropout)
        members = len(self.names)
        self.factors = nn.Parameter(torch.randn(members, width, rank * width) * width**-0.5)
        # Near one, so that a product of many modalities neither vanishes nor forgets the single ones.
        self.constants = nn.Parameter(torch.ones(members, rank * width))
        self.rank_weights = nn.Parameter(torch.full((rank,), rank**-0.5))
        self.bias = nn.Parameter(torch.zeros(width))
        self.trunk = trunk(width, outputs, hidden=width, dropout=dropout)

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        return self.trunk(self.product(tokens)), Attention(None, self.names)

    def product(self, tokens: Tokens) -> Tensor:
        """The fused vector ``h``, (n, width)."""
        vectors = self._vectors(tokens) * tokens.presence()[..., None]
        factors = torch.baddbmm(self.constants[:, None], vectors.transpose(0, 1), self.factors)
        product = factors.prod(0).reshape(-1, len(self.rank_weights), self.width)
        return (self.rank_weights[:, None] * product).sum(1) + self.bias
