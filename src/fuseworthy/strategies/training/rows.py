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
        flat = index.flatten()

        def gather(values: Tensor) -> Tensor:
            return values.index_select(0, flat).reshape(*index.shape, *values.shape[1:])

        return Rows(
            {m: gather(v) for m, v in self.inputs.items()},
            {m: gather(v) for m, v in self.present.items()},
            gather(self.target),
            gather(self.weight),
            {m: gather(v) for m, v in self.mask.items()},
            {m: gather(v) for m, v in self.times.items()},
        )

    def to(self, device: torch.device, precision: torch.dtype | None = None) -> Rows:
        """The same rows on a device, real numbers in the precision asked for."""

        def move(values: Tensor) -> Tensor:
            return values.to(device, precision if values.is_floating_point() else None)

        return Rows(
            {m: move(v) for m, v in self.inputs.items()},
            {m: move(v) for m, v in self.present.items()},
            move(self.target),
            move(self.weight),
            {m: move(v) for m, v in self.mask.items()},
            {m: move(v) for m, v in self.times.items()},
        )
