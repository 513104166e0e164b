"""Rows as tensors: named inputs, which of them are present, targets and weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

Named = Mapping[str, Tensor]


@dataclass(frozen=True)
class Rows:
    """A data set in memory, or a batch of it.

    Parameters
    ----------
    inputs : name -> (n, d) or (n, t, d)
    present : name -> (n,) bool; a modality left out is present in every row
    mask, times : name -> (n, t), of modalities that are sequences
    target : (n,) class codes (long), or standardised values (float)
    weight : (n,)
    """

    inputs: dict[str, Tensor]
    present: dict[str, Tensor]
    target: Tensor
    weight: Tensor
    mask: dict[str, Tensor] = field(default_factory=dict)
    times: dict[str, Tensor] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return sorted(self.inputs)

    def __len__(self) -> int:
        return len(self.target)

    def take(self, index: Tensor) -> Rows:
        """Rows by number; an index of any shape gives tensors that begin with that shape."""
        return Rows(
            {m: v[index] for m, v in self.inputs.items()},
            {m: v[index] for m, v in self.present.items()},
            self.target[index],
            self.weight[index],
            {m: v[index] for m, v in self.mask.items()},
            {m: v[index] for m, v in self.times.items()},
        )

    def to(self, device: torch.device) -> Rows:
        """The same rows on a device."""

        def move(named: Named) -> dict[str, Tensor]:
            return {m: v.to(device) for m, v in named.items()}

        return Rows(
            move(self.inputs),
            move(self.present),
            self.target.to(device),
            self.weight.to(device),
            move(self.mask),
            move(self.times),
        )
