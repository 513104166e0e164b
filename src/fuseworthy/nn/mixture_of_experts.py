"""Mixture of experts: one for each modality, one for all, and a gate that chooses row by row."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fuseworthy.nn.fusion import Attention, Fusion, Tokens
from fuseworthy.nn.tokens import masked_softmax
from fuseworthy.nn.trunk import trunk


class MixtureOfExperts(Fusion):
    """``Σ_k g_k(z) E_k(z)``: an expert for each modality alone and one for all together (Jacobs et al. 1991).

    The gate is a softmax over the experts whose modality is present; the joint expert always is, as learned vectors
    tell it who is absent. So the fusion can fall back on a single modality where that is better. The loss adds a
    balance of the load (Shazeer et al. 2017) that keeps experts from dying early.

    Parameters
    ----------
    inputs, outputs, width, dropout
        As of `Fusion`.
    balance : float
        Weight of the load balance.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs); share (n, M): a single expert's gate
    counts for its modality, the joint one's for all present alike.

    Examples
    --------
    >>> fusion = MixtureOfExperts(inputs={"audio": 8, "text": 5}, outputs=3)
    >>> fusion({"audio": torch.randn(4, 8), "text": torch.randn(4, 5)}).shape
    torch.Size([4, 3])
    """

    told_of_absence = True

    def __init__(
        self,
        *,
        inputs: Mapping[str, int],
        outputs: int,
        width: int = 64,
        dropout: float = 0.0,
        balance: float = 0.01,
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, width=width, dropout=dropout)
        members = len(self.names)
        self.balance = balance
        self.singles = nn.ModuleList(trunk(width, outputs, hidden=width, dropout=dropout) for _ in self.names)
        self.joint = trunk(members * width, outputs, hidden=width, dropout=dropout)
        self.gate = nn.Linear(members * width, members + 1)

    def row_loss(self, tokens: Tokens, target: Tensor, *, progress: float = 1.0) -> tuple[Tensor, Tensor]:
        """The task's loss and each row's part in the load balance, ``K Σ_k g_k · mean(g_k)`` over K experts."""
        logits, gates = self._mix(tokens)
        load = gates.shape[1] * (gates * gates.mean(0)).sum(1)
        return logits, self._task_loss(logits, target) + self.balance * load

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        logits, gates = self._mix(tokens)
        share = None
        if explain:
            present = tokens.presence().to(gates.dtype)
            alike = present / present.sum(1, keepdim=True).clamp_min(1)
            share = gates[:, :-1] + gates[:, -1:] * alike
        return logits, Attention(share, self.names)

    def _mix(self, tokens: Tokens) -> tuple[Tensor, Tensor]:
        vectors = self._vectors(tokens)
        everything = vectors.flatten(1)
        singles = [expert(vectors[:, m]) for m, expert in enumerate(self.singles)]
        experts = torch.stack([*singles, self.joint(everything)], dim=1)
        gates = masked_softmax(self.gate(everything), F.pad(tokens.presence(), (0, 1), value=True), dim=1)
        return (gates[..., None] * experts).sum(1), gates
