"""Hidden units of networks by magnitude, whole units at a time: the layers become narrower, not sparse.

Li et al. 2017, "Pruning filters for efficient ConvNets", section 3, for linear layers: a unit counts by what comes in
times what goes out.
"""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from fuseworthy.nn.dropout import Dropout

if TYPE_CHECKING:
    from fuseworthy.deploy.compress.pruning import Knife

ONE_BY_ONE = (nn.GELU, nn.ReLU, nn.SiLU, nn.Tanh, nn.Identity, nn.Dropout, Dropout)
"""What treats each unit by itself."""


def thinned(module: nn.Module, knife: Knife) -> nn.Module:
    """A copy whose pairs of linear layers, with nothing but activations between them, have fewer units between them."""
    found = copy.deepcopy(module)
    for own in found.modules():
        if isinstance(own, nn.Sequential):
            places = [i for i, layer in enumerate(own) if isinstance(layer, nn.Linear)]
            for a, b in pairwise(places):
                if all(isinstance(own[i], ONE_BY_ONE) for i in range(a + 1, b)):
                    own[a], own[b] = _narrower(own[a], own[b], knife)
    return found


def _narrower(first: Any, second: Any, knife: Knife) -> tuple[nn.Linear, nn.Linear]:
    """Both layers with the units kept that weigh most, in their order."""
    weight = first.weight.norm(dim=1) * second.weight.norm(dim=0)
    kept = weight.argsort(descending=True, stable=True)[: knife.left(len(weight), "hidden units")].sort().values
    return (
        _linear(first.weight[kept], None if first.bias is None else first.bias[kept]),
        _linear(second.weight[:, kept], second.bias),
    )


def _linear(weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Linear:
    made = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, dtype=weight.dtype, device=weight.device)
    with torch.no_grad():
        made.weight.copy_(weight)
        if bias is not None:
            made.bias.copy_(bias)
    return made.eval()
