"""Feature-wise modulation: one modality is read in the light of the others."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from fuseworthy.nn.fusion import Attention, Fusion, Tokens
from fuseworthy.nn.trunk import trunk


class FiLMFusion(Fusion):
    """``γ ⊙ z_1 + β``, where γ and β are linear in the other modalities (Perez et al. 2018), then a network.

    Suits a main modality and some context, such as an image and its metadata. Starts at γ = 1, β = 0, that is from the
    primary alone; absent conditioners contribute nothing, and an absent primary is a learned vector.

    Parameters
    ----------
    inputs, outputs, width, dropout
        As of `Fusion`.
    primary : str, optional
        The modality that is modulated; by default the one with most features, the first by name among equals.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs).

    Examples
    --------
    >>> fusion = FiLMFusion(inputs={"image": 32, "age": 1}, outputs=3)
    >>> fusion({"image": torch.randn(4, 32), "age": torch.randn(4, 1)}).shape
    torch.Size([4, 3])
    >>> fusion.primary
    'image'
    """

    def __init__(
        self,
        *,
        inputs: Mapping[str, int],
        outputs: int,
        width: int = 64,
        dropout: float = 0.0,
        primary: str | None = None,
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, width=width, dropout=dropout)
        if primary is not None and primary not in self.names:
            raise ValueError(
                f"primary must be one of the modalities ({', '.join(self.names)}), but {primary!r} was given. "
                f"Name one of them."
            )
        self.primary = primary or max(self.names, key=lambda name: self.sizes[name])
        self.conditioners = tuple(name for name in self.names if name != self.primary)
        self.absent = nn.Parameter(torch.randn(width) * 0.02)
        self.films = nn.ModuleList(nn.Linear(width, 2 * width) for _ in self.conditioners)
        for film in self.films:
            for parameter in film.parameters():
                nn.init.zeros_(parameter)
        self.trunk = trunk(width, outputs, hidden=width, dropout=dropout)

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        vector = tokens.vector(self.primary)
        modulated = torch.where(tokens.present[self.primary][:, None], vector, self.absent.to(vector.dtype))
        scale, shift = torch.ones_like(modulated), torch.zeros_like(modulated)
        for name, film in zip(self.conditioners, self.films, strict=True):
            change = film(tokens.vector(name)) * tokens.present[name][:, None]
            scale, shift = scale + change[:, : self.width], shift + change[:, self.width :]
        return self.trunk(scale * modulated + shift), Attention(None, self.names)
