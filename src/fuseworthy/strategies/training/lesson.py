"""A fusion with all that is needed to teach it: its own loss, and a loss of each modality alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from fuseworthy.strategies.training.rows import Named

if TYPE_CHECKING:
    from fuseworthy.nn import Fusion


class Lesson(nn.Module):
    """A fusion and, if asked for, a linear head on each modality's own vector (Wang et al. 2020; Du et al. 2023).

    Parameters
    ----------
    fusion : Fusion
    unimodal : bool
        Whether modalities have heads of their own.
    """

    def __init__(self, fusion: Fusion, *, unimodal: bool = False) -> None:
        super().__init__()
        self.fusion = fusion
        heads = [nn.Linear(fusion.width, fusion.outputs) for _ in fusion.names] if unimodal else []
        self.heads = nn.ModuleList(heads)

    def forward(
        self, inputs: Named, present: Named, mask: Named, times: Named, target: Tensor, progress: float
    ) -> tuple[Tensor, Tensor]:
        """Loss of each row, (n,), and of each modality alone, (n, M), zero where it is absent; M = 0 without heads."""
        tokens = self.fusion.project(inputs, present, mask, times)
        _, joint = self.fusion.row_loss(tokens, target, progress=progress)
        alone = [
            row_loss(head(tokens.vector(m)), target) * tokens.present[m]
            for m, head in zip(self.fusion.names, self.heads, strict=False)
        ]
        return joint, torch.stack(alone, dim=-1) if alone else joint.new_zeros(len(joint), 0)


def row_loss(outputs: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of class logits (n, C), or squared error of one output (n, 1); (n,)."""
    if outputs.shape[-1] == 1:
        return (outputs.squeeze(-1) - target) ** 2
    return functional.cross_entropy(outputs, target, reduction="none")
