"""A fusion with all that is needed to teach it: its own loss, and a loss of each modality alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from fuseworthy.nn import Fusion
from fuseworthy.strategies.training.rows import Named


class Lesson(nn.Module):
    """A fusion and, if asked for, a linear head on each modality's own vector (Wang et al. 2020; Du et al. 2023).

    Parameters
    ----------
    fusion : Fusion, or any module with its ``forward``
    unimodal : bool
        Whether modalities have heads of their own.

    Raises
    ------
    ValueError
        Modalities need heads, and the module is no Fusion.
    """

    def __init__(self, fusion: nn.Module, *, unimodal: bool = False) -> None:
        super().__init__()
        if unimodal and not isinstance(fusion, Fusion):
            raise ValueError(
                f"a loss for each modality needs a Fusion of fuseworthy.nn, but {type(fusion).__name__} came. "
                "Subclass Fusion, or leave the objective out."
            )
        self.fusion = fusion
        heads = [nn.Linear(fusion.width, fusion.outputs) for _ in fusion.names] if unimodal else []  # type: ignore[union-attr,arg-type]
        self.heads = nn.ModuleList(heads)

    @property
    def prefixes(self) -> list[str]:
        """How the names of the parameters of each modality's encoder begin; none where the module is no Fusion."""
        if not isinstance(self.fusion, Fusion):
            return []
        return [f"fusion.{self.fusion.modality_prefix(m)}" for m in self.fusion.names]

    @property
    def rates(self) -> dict[str, float]:
        """Parameters that have a learning rate of their own, and it."""
        return {f"fusion.{name}": rate for name, rate in getattr(self.fusion, "rates", {}).items()}

    def forward(
        self, inputs: Named, present: Named, mask: Named, times: Named, target: Tensor, progress: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Loss of each row, (n,); of each modality alone, (n, M), zero where it is absent; and 1 where it is heard.

        M = 0 without heads.
        """
        if not isinstance(self.fusion, Fusion):
            joint = row_loss(self.fusion(inputs, present, mask, times), target)
            return joint, joint.new_zeros(len(joint), 0), joint.new_zeros(len(joint), 0)
        tokens = self.fusion.project(inputs, present, mask, times)
        _, joint = self.fusion.row_loss(tokens, target, progress=progress)
        if not len(self.heads):
            return joint, joint.new_zeros(len(joint), 0), joint.new_zeros(len(joint), 0)
        heard = tokens.presence().to(joint.dtype)
        heads = zip(self.fusion.names, self.heads, strict=True)
        alone = torch.stack([row_loss(head(tokens.vector(m)), target) for m, head in heads], dim=-1)
        return joint, alone * heard, heard


def row_loss(outputs: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of class logits (n, C), or squared error of one output (n, 1); (n,)."""
    if outputs.shape[-1] == 1:
        return (outputs.squeeze(-1) - target) ** 2
    return functional.cross_entropy(outputs, target, reduction="none")
