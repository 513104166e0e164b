"""A small network over pictures, trained from random weights: a grid of tokens."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn


class ConvolutionalGrid(nn.Module):
    """Three convolutions of stride two, each normalised: 64 × 64 pixels become 8 × 8 tokens.

    Normalised over groups of channels (Wu & He 2018), so that a picture's tokens do not depend on those beside it.

    Parameters
    ----------
    width : int
        Size of a token; a multiple of 16.

    **Shape**: pixels (n, height, width, 3) from 0 to 255; tokens (n, t, width), t = height · width / 64.

    Examples
    --------
    >>> grid = ConvolutionalGrid(width=32)
    >>> grid(torch.randint(0, 256, (5, 64, 64, 3), dtype=torch.uint8))[0].shape
    torch.Size([5, 64, 32])
    """

    def __init__(self, *, width: int = 64) -> None:
        super().__init__()
        if width % 16 or width < 16:
            raise ValueError(f"width must be a multiple of 16, but width={width} was given. Pass width=64.")
        self.width = width
        sizes = (3, width // 4, width // 2, width)
        self.layers = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(a, b, 3, stride=2, padding=1), nn.GroupNorm(4, b), nn.GELU())
                for a, b in pairwise(sizes)
            )
        )

    def forward(self, pixels: Tensor, mask: Tensor | None = None) -> tuple[Tensor, None]:
        """Tokens of each picture; all are real."""
        weight = next(self.parameters())
        grid = self.layers(pixels.to(weight.dtype).permute(0, 3, 1, 2) / 127.5 - 1)
        return torch.flatten(grid, 2).transpose(1, 2), None
