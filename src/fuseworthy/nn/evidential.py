"""Evidential fusion: modalities as opinions with a stated uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from math import lgamma

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fuseworthy.nn.fusion import Attention, Fusion, Tokens
from fuseworthy.nn.shapes import check_classes
from fuseworthy.nn.trunk import trunk


class EvidentialFusion(Fusion):
    """Trusted multi-view classification (Han et al. 2021): subjective opinions joined by Dempster's reduced rule.

    A modality's network gives evidence ``e ≥ 0`` for each of C classes; with ``S = Σ (e + 1)`` its opinion is the
    beliefs ``b = e / S`` and the uncertainty ``u = C / S``. Opinions are joined by
    ``b = (b¹b² + b¹u² + b²u¹) / (1 − κ)``, ``u = u¹u² / (1 − κ)``, κ the conflict. An absent modality is the opinion that
    knows nothing, u = 1, which changes no other. The output is the logarithm of the expected probabilities.

    Each modality votes by itself, so what only shows in a combination (an exclusive or) cannot be learned; and
    modalities that repeat each other make it overconfident, as the rule takes them for independent.

    Parameters
    ----------
    inputs, outputs, width, dropout
        As of `Fusion`; ``outputs`` at least two.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs); share (n, M), of ``1 − u``.

    Examples
    --------
    >>> fusion = EvidentialFusion(inputs={"audio": 8, "text": 5}, outputs=3)
    >>> logits = fusion({"audio": torch.randn(4, 8), "text": torch.randn(4, 5)})
    >>> bool(torch.allclose(logits.exp().sum(1), torch.ones(4)))
    True
    """

    def __init__(self, *, inputs: Mapping[str, int], outputs: int, width: int = 64, dropout: float = 0.0) -> None:
        check_classes(type(self).__name__, outputs)
        super().__init__(inputs=inputs, outputs=outputs, width=width, dropout=dropout)
        self.views = nn.ModuleList(trunk(width, outputs, hidden=width, dropout=dropout) for _ in self.names)

    def row_loss(self, tokens: Tokens, target: Tensor, *, progress: float = 1.0) -> tuple[Tensor, Tensor]:
        """Adjusted cross-entropy of the fused opinion and of every view present, with the annealed divergence."""
        evidence = self.evidence(tokens)
        fused = self._join(evidence)
        truth = (target[:, None] == torch.arange(self.outputs, device=target.device)).to(evidence.dtype)
        views = dirichlet_loss(evidence + 1, truth[:, None], progress)
        loss = dirichlet_loss(fused + 1, truth, progress) + (views * tokens.presence()).sum(1)
        return expected_log(fused), loss

    def evidence(self, tokens: Tokens) -> Tensor:
        """(n, M, outputs), zero where absent; in full precision, as the loss needs."""
        views = [view(tokens.vector(name)) for name, view in zip(self.names, self.views, strict=True)]
        return F.softplus(torch.stack(views, dim=1).float()) * tokens.presence()[..., None]

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        evidence = self.evidence(tokens)
        share = None
        if explain:
            certain = evidence.sum(2) / (evidence.sum(2) + self.outputs)
            share = certain / certain.sum(1, keepdim=True).clamp_min(torch.finfo(certain.dtype).tiny)
        return expected_log(self._join(evidence)), Attention(share, self.names)

    def _join(self, evidence: Tensor) -> Tensor:
        """Evidence of the joint opinion, (n, outputs)."""
        joint = evidence[:, 0]
        for m in range(1, len(self.names)):
            joint = dempster(joint, evidence[:, m])
        return joint


def dempster(first: Tensor, second: Tensor) -> Tensor:
    """Join the evidence of two opinions by Dempster's reduced rule, (…, C) (Han et al. 2021, definition 4).

    Their rule, multiplied out: as ``b = e / S``, ``u = C / S`` and the joint evidence is ``C b / u``, conflict and strengths
    cancel and ``e = e¹ + e² + e¹e² / C`` remains. So nothing can be divided by zero.

    Examples
    --------
    >>> dempster(torch.tensor([4.0, 0.0]), torch.tensor([0.0, 0.0])).tolist()  # one knows nothing
    [4.0, 0.0]
    """
    return first + second + first * second / first.shape[-1]


def expected_log(evidence: Tensor) -> Tensor:
    """Log of the expected class probabilities, (…, C)."""
    alpha = evidence + 1
    return alpha.log() - alpha.sum(-1, keepdim=True).log()


def dirichlet_loss(alpha: Tensor, truth: Tensor, progress: float) -> Tensor:
    """Expected cross-entropy under a Dirichlet, and the divergence of its misleading part from uniform (…, C) -> (…).

    Equations 11 to 13 of Han et al. (2021); the second term is weighed by ``progress``.
    """
    total = alpha.sum(-1, keepdim=True)
    expected = (truth * (total.digamma() - alpha.digamma())).sum(-1)
    misleading = truth + (1 - truth) * alpha
    strength = misleading.sum(-1, keepdim=True)
    apart = (misleading - 1) * (misleading.digamma() - strength.digamma())
    divergence = (apart - misleading.lgamma()).sum(-1) + strength[..., 0].lgamma() - lgamma(alpha.shape[-1])
    return expected + min(progress, 1.0) * divergence
