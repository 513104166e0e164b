"""Gated fusion: for every row and hidden unit, how much to hear each modality."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from fuseworthy.nn.fusion import Attention, Fusion, Tokens
from fuseworthy.nn.tokens import masked_softmax
from fuseworthy.nn.trunk import trunk


class GatedFusion(Fusion):
    """Gated multimodal unit (Arevalo et al. 2017): ``Σ_m g_m ⊙ tanh(W_m z_m)`` with gates that see every modality.

    The gates are a softmax over the modalities present, separately in each hidden unit. For two modalities that is the
    paper's ``g`` and ``1 − g`` with ``g = σ(U [z_1; z_2])``, as a softmax over two is the sigmoid of their difference;
    for more the paper's independent sigmoids are replaced, so that gates are shares. To the gates an absent modality is a
    vector of zeros. Gates can only follow quality that shows in the inputs.

    Parameters
    ----------
    inputs, outputs, width, dropout
        As of `Fusion`.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs); share (n, M), the mean gate.

    Examples
    --------
    >>> fusion = GatedFusion(inputs={"audio": 8, "text": 5}, outputs=3)
    >>> logits, attention = fusion({"audio": torch.randn(4, 8)}, return_attention=True)
    >>> attention.share[0].tolist()  # text is absent
    [1.0, 0.0]
    """

    def __init__(self, *, inputs: Mapping[str, int], outputs: int, width: int = 64, dropout: float = 0.0) -> None:
        super().__init__(inputs=inputs, outputs=outputs, width=width, dropout=dropout)
        members = len(self.names)
        self.content = nn.ModuleList(nn.Linear(width, width) for _ in self.names)
        self.gates = nn.Linear(members * width, members * width)
        self.trunk = trunk(width, outputs, hidden=width, dropout=dropout)

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        gated, gates = self.gate(tokens)
        logits = self.trunk(gated)
        return logits, Attention(gates.mean(2) if explain else None, self.names)

    def gate(self, tokens: Tokens) -> tuple[Tensor, Tensor]:
        """The gated sum (n, width), and the gates (n, M, width)."""
        present = tokens.presence()[..., None]
        vectors = self._vectors(tokens) * present
        content = torch.stack([layer(vectors[:, m]) for m, layer in enumerate(self.content)], dim=1).tanh()
        scores = self.gates(vectors.flatten(1)).unflatten(1, (len(self.names), self.width))
        gates = masked_softmax(scores, present, dim=1)
        return (gates * content).sum(1), gates
