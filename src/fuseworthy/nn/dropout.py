"""Dropout whose noise costs less than the network it is for."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LEVELS = 256


class Dropout(nn.Module):
    """Dropout (Srivastava et al. 2014), with one random byte an entry on a processor.

    `torch.nn.Dropout` draws a random number in double precision for every entry there, which in small networks takes
    longer than their matrix products. The share is rounded to a multiple of 1/256; on other devices torch's own is used.

    Parameters
    ----------
    share : float
        Of entries that are dropped in training, in [0, 1).

    **Shape**: any; the same comes out.

    Raises
    ------
    ValueError
        The share is not in [0, 1).

    Examples
    --------
    >>> dropped = Dropout(0.5)(torch.ones(1000))
    >>> sorted(set(dropped.tolist()))
    [0.0, 2.0]
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        if not 0 <= share < 1:
            raise ValueError(f"dropout must be a share in [0, 1), but {share} came.")
        self.share = share
        self.dropped = min(round(share * LEVELS), LEVELS - 1)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.dropped:
            return x
        if x.device.type != "cpu":
            return F.dropout(x, self.share)
        words = torch.empty(-(-x.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
        kept = words.view(torch.uint8)[: x.numel()].view(x.shape) >= self.dropped
        return x * (kept.to(x.dtype) * (LEVELS / (LEVELS - self.dropped)))

    def extra_repr(self) -> str:
        return f"{self.share}"
