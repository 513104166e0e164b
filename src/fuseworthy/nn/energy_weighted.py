"""Late fusion of logits, weighted row by row by how confident each modality is."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fuseworthy.nn.fusion import Attention, Fusion, Tokens
from fuseworthy.nn.shapes import check_classes
from fuseworthy.nn.trunk import trunk


class EnergyWeightedFusion(Fusion):
    """Quality-aware fusion (Zhang et al. 2023): ``Σ_m c_m f_m(z_m)`` with the confidence ``c`` from the energy.

    Each modality has logits ``f_m`` of its own; its confidence is the softplus of their log-sum-exp, the negative free
    energy, which is kept positive so that shares make sense. As in the paper no gradient flows through the confidence
    into the prediction; the loss adds each modality's own cross-entropy, and a term that ranks confidences as the
    probabilities of the true class are ranked. The paper ranks by a history over epochs; here each row is compared
    with the next one of the batch, so nothing needs to be remembered between batches.

    Each modality votes by itself, so what only shows in a combination (an exclusive or) cannot be learned.

    Parameters
    ----------
    inputs, outputs, width, dropout
        As of `Fusion`; ``outputs`` at least two.
    ranking : float
        Weight of the ranking term.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs); share (n, M), of the confidence.

    Examples
    --------
    >>> fusion = EnergyWeightedFusion(inputs={"audio": 8, "text": 5}, outputs=3)
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
        ranking: float = 0.1,
    ) -> None:
        check_classes(type(self).__name__, outputs)
        super().__init__(inputs=inputs, outputs=outputs, width=width, dropout=dropout)
        self.ranking = ranking
        self.views = nn.ModuleList(trunk(width, outputs, hidden=width, dropout=dropout) for _ in self.names)

    def row_loss(self, tokens: Tokens, target: Tensor, *, progress: float = 1.0) -> tuple[Tensor, Tensor]:
        """Cross-entropy of the fused logits and of every modality present, and the ranking term.

        The ranking compares rows of the batch: it is the one loss here that is not a row's own.
        """
        views, confidence = self.views_of(tokens)
        fused = (confidence.detach()[..., None] * views).sum(1)
        probability = views.log_softmax(2).gather(2, target[:, None, None].expand(-1, len(self.names), 1))[..., 0]
        single = (ranking_loss(confidence, probability.detach().exp()) * self.ranking - probability) * tokens.presence()
        return fused, self._task_loss(fused, target) + single.sum(1)

    def views_of(self, tokens: Tokens) -> tuple[Tensor, Tensor]:
        """Each modality's logits, (n, M, outputs), and its confidence, (n, M), zero where absent."""
        views = torch.stack([v(tokens.vector(n)) for n, v in zip(self.names, self.views, strict=True)], dim=1)
        return views, F.softplus(views.logsumexp(2)) * tokens.presence()

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        views, confidence = self.views_of(tokens)
        share = confidence / confidence.sum(1, keepdim=True).clamp_min(torch.finfo(confidence.dtype).tiny)
        return (confidence[..., None] * views).sum(1), Attention(share, self.names)


def ranking_loss(confidence: Tensor, correctness: Tensor) -> Tensor:
    """How far confidences lag behind the differences in correctness, next row against row; (n, M).

    The correctness ranking loss of Moon et al. (2020).
    """
    ahead = correctness - correctness.roll(1, 0)
    return F.relu(ahead.abs() - ahead.sign() * (confidence - confidence.roll(1, 0)))
