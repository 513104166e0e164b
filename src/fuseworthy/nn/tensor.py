"""Tensor fusion: every product of features across modalities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from fuseworthy.nn.fusion import Attention, Fusion, Tokens
from fuseworthy.nn.trunk import trunk

CELLS = 5000
"""How many products are affordable: the first layer after them has this many inputs."""


class TensorFusion(Fusion):
    """Outer product of all modalities, ``⊗_m [1; z_m]``, then a network (Zadeh et al. 2017).

    Holds every product of features of different modalities, of every order, explicitly. That costs ``(narrow + 1)^M``,
    so the vectors are narrowed first, and more than six modalities are refused. An absent modality is ``[1; 0]``: only
    the products without it remain.

    Parameters
    ----------
    inputs, outputs, width, dropout
        As of `Fusion`.
    narrow : int, optional
        Features of each modality that are multiplied; by default as many as keep the product under 5000 cells: 64 for
        two modalities, 16 for three, 7 for four.
    hidden : int
        Hidden units after the product.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs).

    Examples
    --------
    >>> import torch
    >>> fusion = TensorFusion(inputs={"audio": 8, "text": 5, "video": 9}, outputs=3)
    >>> fusion({"audio": torch.randn(4, 8), "text": torch.randn(4, 5)}).shape
    torch.Size([4, 3])
    >>> fusion.narrow
    16
    """

    def __init__(
        self,
        *,
        inputs: Mapping[str, int],
        outputs: int,
        width: int = 64,
        dropout: float = 0.0,
        narrow: int | None = None,
        hidden: int = 32,
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, width=width, dropout=dropout)
        self.narrow = narrow or narrowness(len(self.names))
        self.narrowing = nn.ModuleList(nn.Linear(width, self.narrow) for _ in self.names)
        self.trunk = trunk((self.narrow + 1) ** len(self.names), outputs, hidden=hidden, dropout=dropout)

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        *others, last = self.factors(tokens)
        first = self.trunk[0]
        assert isinstance(first, nn.Linear)
        # The products with the last modality are never written out: the layer's weights meet the others first.
        cells = products(others or [last[:, :1]])
        weight = first.weight.reshape(-1, cells.shape[1], last.shape[1]).transpose(0, 1)
        met = (cells @ weight.flatten(1)).reshape(-1, *weight.shape[1:])
        hidden = (met * last[:, None]).sum(2) + first.bias
        return self.trunk[1:](hidden), Attention(None, self.names)

    def factors(self, tokens: Tokens) -> list[Tensor]:
        """``[1; z_m]`` of each modality, (n, narrow + 1), in sorted order."""
        narrowed = zip(self.names, self.narrowing, strict=True)
        small = [narrowing(tokens.vector(name)) * tokens.present[name][:, None] for name, narrowing in narrowed]
        return [F.pad(values, (1, 0), value=1.0) for values in small]


def products(factors: Sequence[Tensor]) -> Tensor:
    """All products of one entry of each factor, (n, cells), the last factor varying fastest."""
    cells = factors[0]
    for factor in factors[1:]:
        cells = (cells[:, :, None] * factor[:, None]).flatten(1)
    return cells


def narrowness(members: int) -> int:
    """Most features a modality, up to 64, that keep ``(features + 1)^members`` within `CELLS`.

    Raises
    ------
    ValueError
        If there are more than six members.

    Examples
    --------
    >>> [narrowness(members) for members in range(1, 7)]
    [64, 64, 16, 7, 4, 3]
    """
    if members > 6:
        raise ValueError(
            f"tensor fusion must have at most 6 modalities, but {members} came. Use LowRankFusion, whose cost is linear."
        )
    return max(d for d in range(1, 65) if (d + 1) ** members <= CELLS)
