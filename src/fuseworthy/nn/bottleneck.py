"""Bottleneck fusion: modalities exchange through a few shared tokens."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fuseworthy.nn.attention import AttentionLayer, MultiHeadAttention
from fuseworthy.nn.fusion import Attention, AttentionMap, Fusion, Tokens
from fuseworthy.nn.trunk import trunk


class BottleneckFusion(Fusion):
    """Each modality has its own layers; in the last ones a few tokens are shared (MBT; Nagrani et al. 2021).

    In a shared layer the bottleneck attends to each modality apart and takes the mean over those present; then each
    modality attends to its own tokens and the bottleneck. So all that one learns of another passes through a few
    tokens. The paper updates both sides at once, which needs a second layer before anything is exchanged. The
    prediction is from the mean of the modalities.

    Parameters
    ----------
    inputs, outputs, width, dropout
        As of `Fusion`; ``width`` a multiple of ``heads``.
    layers : int
        Of each modality alone, before the shared ones; none by default, as inputs usually are features already.
    shared : int
        Layers with the bottleneck, at least one.
    bottlenecks : int
        Tokens that are shared.
    heads : int
        Of every attention.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs); share (n, M), how much the bottleneck
    attends to each modality rather than to a learned nothing, in the last layer.

    Examples
    --------
    >>> fusion = BottleneckFusion(inputs={"audio": 8, "video": 5}, outputs=3)
    >>> fusion({"audio": torch.randn(4, 50, 8), "video": torch.randn(4, 20, 5)}).shape
    torch.Size([4, 3])
    """

    def __init__(
        self,
        *,
        inputs: Mapping[str, int],
        outputs: int,
        width: int = 64,
        dropout: float = 0.0,
        layers: int = 0,
        shared: int = 1,
        bottlenecks: int = 4,
        heads: int = 4,
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, width=width, dropout=dropout)
        if shared < 1:
            raise ValueError(f"shared must be at least 1, or nothing is exchanged, but {shared} was given.")
        self.bottleneck = nn.Parameter(torch.randn(1, bottlenecks, width) * 0.02)
        self.own = nn.ModuleList(
            nn.ModuleList(AttentionLayer(width, heads=heads, dropout=dropout, null=True) for _ in range(layers))
            for _ in self.names
        )
        self.shared = nn.ModuleList(Exchange(self.names, width, heads=heads, dropout=dropout) for _ in range(shared))
        self.norm = nn.LayerNorm(width)
        self.trunk = trunk(width, outputs, hidden=width, dropout=dropout)

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        tokens = self._alone(tokens)
        present = tokens.presence().to(self.bottleneck.dtype)
        portion = present / present.sum(1, keepdim=True).clamp_min(1)
        bottleneck, tables = self.bottleneck, []
        for exchange in self.shared:
            tokens, bottleneck, tables = exchange(tokens, bottleneck, portion, explain=explain)
        logits = self.trunk(self.norm((self._vectors(tokens) * portion[..., None]).sum(1)))
        if not explain:
            return logits, Attention(None, self.names)
        heard = torch.cat([table[..., 1:].mean((1, 2)) for table in tables], dim=1)
        return logits, Attention(tokens.shares(heard), self.names, self._maps(tokens, tables))

    def _alone(self, tokens: Tokens) -> Tokens:
        values = dict(tokens.values)
        for name, layers in zip(self.names, self.own, strict=True):
            clocks = (tokens.times[name], tokens.times[name]) if name in tokens.times else None
            for layer in layers.children():
                values[name], _ = layer(values[name], None, tokens.mask[name], clocks)
        return Tokens(values, tokens.mask, tokens.present, tokens.times)

    def _maps(self, tokens: Tokens, tables: list[Tensor]) -> tuple[AttentionMap, ...]:
        queries = tuple(f"bottleneck {i}" for i in range(self.bottleneck.shape[1]))
        axes = ("row", "head", "query", "key")
        keys = [("nothing", *tokens.labels((name,))) for name in self.names]
        return tuple(AttentionMap(table, axes, queries, k) for table, k in zip(tables, keys, strict=True))


class Exchange(nn.Module):
    """One shared layer: the bottleneck asks every modality, then every modality asks it.

    **Shape**: bottleneck (n, B, width), or (1, B, width) before it has met any row; portion (n, M), what each modality
    adds to the bottleneck's mean. Returns the tokens, the bottleneck, and what it attended to in each modality.
    """

    def __init__(self, names: tuple[str, ...], width: int, *, heads: int, dropout: float) -> None:
        super().__init__()
        self.names = names
        self.norm = nn.LayerNorm(width)
        self.asks = nn.ModuleList(MultiHeadAttention(width, heads=heads, null=True, timed=False) for _ in names)
        self.feed = trunk(width, width, hidden=width, dropout=dropout)
        self.reads = nn.ModuleList(AttentionLayer(width, heads=heads, dropout=dropout) for _ in names)

    def forward(
        self, tokens: Tokens, bottleneck: Tensor, portion: Tensor, *, explain: bool = False
    ) -> tuple[Tokens, Tensor, list[Tensor]]:
        query, tables = self.norm(bottleneck), []
        for m, (name, ask) in enumerate(zip(self.names, self.asks, strict=True)):
            told, weights = ask(query, tokens.values[name], tokens.mask[name], explain=explain)
            bottleneck = bottleneck + told * portion[:, m, None, None]
            tables.append(weights)
        bottleneck = bottleneck + self.feed(bottleneck)
        values = {n: self._read(read, n, tokens, bottleneck) for n, read in zip(self.names, self.reads, strict=True)}
        return Tokens(values, tokens.mask, tokens.present, tokens.times), bottleneck, tables

    def _read(self, read: nn.Module, name: str, tokens: Tokens, bottleneck: Tensor) -> Tensor:
        own, size = tokens.values[name], bottleneck.shape[1]
        mask = F.pad(tokens.mask[name], (size, 0), value=True)
        times = tokens.times.get(name)
        clocks = None if times is None else (times, F.pad(times, (size, 0), value=torch.nan))
        value, _ = read(own, torch.cat([bottleneck.to(own.dtype), own], dim=1), mask, clocks)
        return value  # type: ignore[no-any-return]
