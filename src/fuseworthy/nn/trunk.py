"""The part after the fusion."""

from __future__ import annotations

from torch import nn

from fuseworthy.nn.dropout import Dropout


def trunk(inputs: int, outputs: int, *, hidden: int, dropout: float = 0.0) -> nn.Sequential:
    """One hidden layer with GELU.

    Examples
    --------
    >>> import torch
    >>> trunk(6, 2, hidden=8)(torch.randn(3, 6)).shape
    torch.Size([3, 2])
    """
    return nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), Dropout(dropout), nn.Linear(hidden, outputs))
