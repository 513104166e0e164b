"""What fusions fuse, and what they tell about it: tokens of every modality, attention maps, shares."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class AttentionMap:
    """One table of attention weights.

    Parameters
    ----------
    weights : Tensor
        One weight for each position along ``axes``; sums to one over the keys.
    axes : tuple of str
        What each dimension of ``weights`` is, such as ``("row", "head", "query", "key")``.
    queries, keys : tuple of str
        Labels along the last two axes, such as ``"text"``, ``"text[3]"``, ``"latent 2"``, ``"summary"``.
    """

    weights: Tensor
    axes: tuple[str, ...]
    queries: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attention:
    """How much each modality had to say.

    Parameters
    ----------
    share : Tensor or None
        (n, M), modalities in the order of ``names``; sums to one over those present (all zero where none is). None
        where the fusion has no weights.
    names : tuple of str
        The modalities, sorted.
    maps : tuple of AttentionMap
        The tables of weights inside, if there are any.
    """

    share: Tensor | None
    names: tuple[str, ...]
    maps: tuple[AttentionMap, ...] = ()


@dataclass(frozen=True)
class Tokens:
    """Projected modalities, every one a sequence of tokens of the same width.

    Parameters
    ----------
    values : dict of str to Tensor
        (n, t, width); t is 1 for a vector. Rows without the modality hold its learned absent vector, where the fusion
        has one.
    mask : dict of str to Tensor
        (n, t) bool, True for a real token: False in absent modalities and in padding.
    present : dict of str to Tensor
        (n,) bool.
    times : dict of str to Tensor
        (n, t), only of modalities that have times.
    """

    values: dict[str, Tensor]
    mask: dict[str, Tensor]
    present: dict[str, Tensor]
    times: dict[str, Tensor]

    @property
    def names(self) -> tuple[str, ...]:
        """The modalities, sorted."""
        return tuple(sorted(self.values))

    def vector(self, name: str) -> Tensor:
        """Mean of the real tokens, (n, width); the absent vector in rows without the modality."""
        values = self.values[name]
        if values.shape[1] == 1:
            return values[:, 0]
        counted = (self.mask[name] | ~self.present[name][:, None]).to(values.dtype)[..., None]
        return (values * counted).sum(1) / counted.sum(1)

    def presence(self) -> Tensor:
        """(n, M) bool, modalities sorted."""
        return torch.stack([self.present[name] for name in self.names], dim=1)

    def marked(self, kinds: Tensor) -> Tokens:
        """The same tokens, each with the embedding of its modality added; ``kinds`` is (M, width)."""
        values = {name: self.values[name] + kinds[m].to(self.values[name].dtype) for m, name in enumerate(self.names)}
        return Tokens(values, self.mask, self.present, self.times)

    def joined(self, names: tuple[str, ...]) -> tuple[Tensor, Tensor, Tensor | None]:
        """Tokens of several modalities in one sequence, their mask, and their clock.

        The clock is (n, tokens), not-a-number for tokens without a time, or None where no modality has times.
        """
        values = torch.cat([self.values[name] for name in names], dim=1)
        mask = torch.cat([self.mask[name] for name in names], dim=1)
        if not any(name in self.times for name in names):
            return values, mask, None
        untimed = {name: self.values[name][..., 0].detach() * torch.nan for name in names if name not in self.times}
        return values, mask, torch.cat([self.times.get(name, untimed.get(name)) for name in names], dim=1)  # type: ignore[misc]

    def labels(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """One label a token of the joined sequence: ``"text"``, or ``"text[0]"``, ``"text[1]"``, …"""
        counts = [(name, self.values[name].shape[1]) for name in names]
        return tuple(name if t == 1 else f"{name}[{i}]" for name, t in counts for i in range(t))

    def shares(self, weights: Tensor) -> Tensor:
        """Share of each modality, (n, M), from one weight a token of the joined sequence, (n, tokens)."""
        sizes = [self.values[name].shape[1] for name in self.names]
        sums = torch.stack([part.sum(1) for part in torch.split(weights, sizes, dim=1)], dim=1) * self.presence()
        return sums / sums.sum(1, keepdim=True).clamp_min(torch.finfo(sums.dtype).tiny)


def masked_softmax(scores: Tensor, allowed: Tensor, dim: int) -> Tensor:
    """Softmax over the allowed entries, zero elsewhere; all zero, not NaN, where nothing is allowed.

    Examples
    --------
    >>> masked_softmax(torch.tensor([0.0, 0.0, 9.0]), torch.tensor([True, True, False]), dim=0)
    tensor([0.5000, 0.5000, 0.0000])
    """
    floor = torch.finfo(scores.dtype).min
    return torch.where(allowed, scores, floor).softmax(dim) * allowed
