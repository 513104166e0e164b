"""Early fusion: all vectors side by side into one network."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from fuseworthy.nn.fusion import Attention, Fusion, Tokens
from fuseworthy.nn.trunk import trunk


class ConcatFusion(Fusion):
    """Concatenate the normalised modalities and learn one network on top, ``g([z_1; …; z_M])``.

    The oldest fusion and the one to beat (Baltrušaitis, Ahuja and Morency 2019, section 6). An absent modality is a
    learned vector, so the network is told; sequences enter as the mean of their tokens.

    Parameters
    ----------
    inputs, outputs, width, dropout
        As of `Fusion`.
    hidden : int, optional
        Hidden units after the concatenation; by default ``width``.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs).

    Examples
    --------
    >>> import torch
    >>> fusion = ConcatFusion(inputs={"audio": 8, "text": 5}, outputs=3)
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
        hidden: int | None = None,
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, width=width, dropout=dropout)
        self.trunk = trunk(len(self.names) * width, outputs, hidden=hidden or width, dropout=dropout)

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        logits = self.trunk(self._vectors(tokens).flatten(1))
        return logits, Attention(None, self.names)
