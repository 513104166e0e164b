"""One weight for each modality, the same in every row."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from fuseworthy.nn.fusion import Attention, Fusion, Tokens
from fuseworthy.nn.tokens import masked_softmax
from fuseworthy.nn.trunk import trunk


class ModalityWeights(Fusion):
    """Learned weights, ``Σ_m softmax(a)_m z_m`` over the modalities present, then a network.

    The mixture of representations of Peters et al. (2018, equation 1) with modalities in place of layers; costs M
    parameters. The weights say which modalities the network relies on, for all rows alike.

    Parameters
    ----------
    inputs, outputs, width, dropout
        As of `Fusion`.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs); share (n, M).

    Examples
    --------
    >>> fusion = ModalityWeights(inputs={"audio": 8, "text": 5}, outputs=3)
    >>> inputs = {"audio": torch.randn(4, 8), "text": torch.randn(4, 5)}
    >>> logits, attention = fusion(inputs, return_attention=True)
    >>> attention.share[0].tolist()  # before training
    [0.5, 0.5]
    """

    def __init__(self, *, inputs: Mapping[str, int], outputs: int, width: int = 64, dropout: float = 0.0) -> None:
        super().__init__(inputs=inputs, outputs=outputs, width=width, dropout=dropout)
        self.weights = nn.Parameter(torch.zeros(len(self.names)))
        self.trunk = trunk(width, outputs, hidden=width, dropout=dropout)

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        present = tokens.presence()
        share = masked_softmax(self.weights.expand(present.shape), present, dim=1)
        logits = self.trunk((share[..., None] * self._vectors(tokens)).sum(1))
        return logits, Attention(share, self.names)
