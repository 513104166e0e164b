"""Attention between tokens, with masks, clocks, and an answer where there is nothing to attend to."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fuseworthy.nn.dropout import Dropout
from fuseworthy.nn.shapes import check_heads


class MultiHeadAttention(nn.Module):
    """Queries attend to a context (Vaswani et al. 2017) that may be empty, and may carry times.

    Where queries and context both have times, each head adds ``−softplus(λ)·|Δt|`` to its scores: linear biases (Press,
    Smith and Lewis 2022), with slopes learned from the paper's geometric start, so that some head suits any unit.

    Parameters
    ----------
    width : int
        Size of a token.
    heads : int
        Must divide ``width``.
    null : bool
        Add a learned token to the context that is never masked: needed where a row's context can be masked wholly.
    timed : bool
        Whether clocks may be given.

    **Shape**: query (n, q, width), or (1, q, width) if the same for all; context (n, k, width), mask (n, k) bool, clocks (n, q) and (n, k), NaN where a token
    has no time. Returns (n, q, width) and, on request, weights (n, heads, q, k), or k + 1 with the null token first.

    Examples
    --------
    >>> attend = MultiHeadAttention(8, heads=2, null=True)
    >>> out, weights = attend(torch.randn(3, 5, 8), torch.randn(3, 4, 8), torch.zeros(3, 4).bool(), explain=True)
    >>> out.shape, weights[0, 0, 0].tolist()
    (torch.Size([3, 5, 8]), [1.0, 0.0, 0.0, 0.0, 0.0])
    """

    def __init__(self, width: int, *, heads: int, null: bool = False, timed: bool = True) -> None:
        super().__init__()
        check_heads(width, heads)
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.null = nn.Parameter(torch.randn(1, 1, width) * 0.02) if null else None
        slopes = 2.0 ** (-8.0 * torch.arange(1, heads + 1) / heads)
        self.decay = nn.Parameter(slopes.expm1().log()) if timed else None

    def forward(
        self,
        query: Tensor,
        context: Tensor,
        mask: Tensor | None = None,
        clocks: tuple[Tensor, Tensor] | None = None,
        *,
        explain: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        if self.null is not None:
            context = torch.cat([self.null.to(context.dtype).expand(context.shape[0], -1, -1), context], dim=1)
            mask = None if mask is None else F.pad(mask, (1, 0), value=True)
            clocks = None if clocks is None else (clocks[0], F.pad(clocks[1], (1, 0), value=torch.nan))
        q = self.query(query).expand(context.shape[0], -1, -1).unflatten(2, (self.heads, -1)).transpose(1, 2)
        k, v = self.key_value(context).unflatten(2, (2, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        hidden = None if mask is None else ~mask[:, None, None]
        # The fused kernels have no gradient for a learned bias, so clocks take the explicit way as well.
        if explain or clocks is not None:
            scores = q @ k.transpose(2, 3) / q.shape[3] ** 0.5
            scores = scores if clocks is None else scores + self._nearness(*clocks).to(scores.dtype)
            weights = (scores if hidden is None else scores.masked_fill(hidden, -torch.inf)).softmax(3)
            attended = weights.to(v.dtype) @ v
        else:
            weights = None
            attended = F.scaled_dot_product_attention(q, k, v, attn_mask=None if hidden is None else ~hidden)
        return self.out(attended.transpose(1, 2).flatten(2)), weights if explain else None

    def _nearness(self, query: Tensor, context: Tensor) -> Tensor:
        """What times add to the scores, (n, heads, q, k)."""
        assert self.decay is not None
        apart = (query[:, :, None] - context[:, None]).abs().nan_to_num(0.0)
        return -F.softplus(self.decay)[:, None, None] * apart[:, None]


class AttentionLayer(nn.Module):
    """Attention and a feed-forward network, each normalised before and added to its input (Xiong et al. 2020).

    Parameters
    ----------
    width, heads, null, timed
        As of `MultiHeadAttention`.
    dropout : float
        Applied to what is added.
    crossed : bool
        Whether the context is something else than the queries, with a normalisation of its own.

    **Shape**: x (n, q, width), context (n, k, width) or None for x itself. Returns as `MultiHeadAttention`.

    Examples
    --------
    >>> layer = AttentionLayer(8, heads=2)
    >>> layer(torch.randn(3, 5, 8))[0].shape
    torch.Size([3, 5, 8])
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int,
        dropout: float = 0.0,
        null: bool = False,
        crossed: bool = False,
        timed: bool = True,
    ) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.context_norm = nn.LayerNorm(width) if crossed else None
        self.attention = MultiHeadAttention(width, heads=heads, null=null, timed=timed)
        self.feed = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, width),
            nn.GELU(),
            Dropout(dropout),
            nn.Linear(width, width),
        )
        self.dropout = Dropout(dropout)

    def forward(
        self,
        x: Tensor,
        context: Tensor | None = None,
        mask: Tensor | None = None,
        clocks: tuple[Tensor, Tensor] | None = None,
        *,
        explain: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        query = self.norm(x)
        if context is None:
            context = query
        else:
            context = (self.context_norm or self.norm)(context)
        attended, weights = self.attention(query, context, mask, clocks, explain=explain)
        x = x + self.dropout(attended)
        return x + self.dropout(self.feed(x)), weights
