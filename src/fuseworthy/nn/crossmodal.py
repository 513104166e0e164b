"""Crossmodal transformers between all ordered pairs, for sequences that need not be aligned."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from fuseworthy.nn.attention import AttentionLayer
from fuseworthy.nn.fusion import Attention, AttentionMap, Fusion, Tokens
from fuseworthy.nn.trunk import trunk


class CrossmodalTransformer(Fusion):
    """For every ordered pair β→α, tokens of α repeatedly attend to those of β (MulT; Tsai et al. 2019).

    What α learned from each β is put side by side, passes self-attention, and is averaged over α's tokens; a network
    reads all modalities. Sequences may differ in length and rate; with times, nearness in time counts. Absent
    modalities are not attended to, and their own part is zero. The paper has 4 to 5 layers a pair; one, the default,
    suits the few thousand rows of most studies and costs a fifth.

    Parameters
    ----------
    inputs, outputs, width, dropout
        As of `Fusion`; ``width`` a multiple of ``heads``.
    layers : int
        Of each pair.
    heads : int
        Of every attention.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs); no share, but the map of the last
    layer of every pair.

    Examples
    --------
    >>> fusion = CrossmodalTransformer(inputs={"audio": 8, "text": 5}, outputs=3)
    >>> fusion({"audio": torch.randn(4, 50, 8), "text": torch.randn(4, 20, 5)}).shape
    torch.Size([4, 3])
    """

    def __init__(
        self,
        *,
        inputs: Mapping[str, int],
        outputs: int,
        width: int = 64,
        dropout: float = 0.0,
        layers: int = 1,
        heads: int = 4,
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, width=width, dropout=dropout)
        self.pairs = [(target, source) for target in self.names for source in self.names if source != target]
        self.crossings = nn.ModuleList(
            nn.ModuleList(
                AttentionLayer(width, heads=heads, dropout=dropout, null=True, crossed=True) for _ in range(layers)
            )
            for _ in self.pairs
        )
        sources = max(len(self.names) - 1, 1)
        self.merges = nn.ModuleList(nn.Linear(sources * width, width) for _ in self.names)
        self.memories = nn.ModuleList(
            AttentionLayer(width, heads=heads, dropout=dropout, null=True) for _ in self.names
        )
        self.trunk = trunk(len(self.names) * width, outputs, hidden=width, dropout=dropout)

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        crossed: dict[str, list[Tensor]] = {name: [] for name in self.names}
        maps = []
        for (target, source), layers in zip(self.pairs, self.crossings, strict=True):
            value, weights = self._cross(layers, target, source, tokens, explain)
            crossed[target].append(value)
            if weights is not None:
                keys = ("nothing", *tokens.labels((source,)))
                axes = ("row", "head", "query", "key")
                maps.append(AttentionMap(weights, axes, tokens.labels((target,)), keys))
        pooled = [
            self._remember(m, crossed[name] or [tokens.values[name]], tokens) for m, name in enumerate(self.names)
        ]
        return self.trunk(torch.cat(pooled, dim=1)), Attention(None, self.names, tuple(maps))

    def _cross(
        self, layers: nn.Module, target: str, source: str, tokens: Tokens, explain: bool
    ) -> tuple[Tensor, Tensor | None]:
        timed = target in tokens.times and source in tokens.times
        clocks = (tokens.times[target], tokens.times[source]) if timed else None
        value, weights = tokens.values[target], None
        for layer in layers.children():
            value, weights = layer(value, tokens.values[source], tokens.mask[source], clocks, explain=explain)
        return value, weights

    def _remember(self, m: int, parts: list[Tensor], tokens: Tokens) -> Tensor:
        """One vector of the modality, from what it learned of the others; zero where it is absent."""
        name = self.names[m]
        clocks = (tokens.times[name], tokens.times[name]) if name in tokens.times else None
        value, _ = self.memories[m](self.merges[m](torch.cat(parts, dim=2)), None, tokens.mask[name], clocks)
        return Tokens({name: value}, tokens.mask, tokens.present, {}).vector(name) * tokens.present[name][:, None]
