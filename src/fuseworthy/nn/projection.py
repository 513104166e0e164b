"""One modality into tokens: a linear map, a normalisation, and where the tokens stand."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from fuseworthy.nn.dropout import Dropout

MANY_FEATURES, BLURRED = 32, 0.4
"""From so many features on, this share of them is dropped in training wherever dropout is asked for: of a modality that
is noise, a network learns less by heart (Wager, Wang & Liang 2013: dropout of inputs is an adaptive ridge). Not of
sequences: words are told apart by all their features, and learned several times more slowly from some of them."""


def sinusoids(places: Tensor, width: int) -> Tensor:
    """Sines and cosines of each place, (…, width), after Vaswani et al. (2017).

    Shifted so that place zero is encoded as zeros: a sequence of one token is then the same as a vector, whatever its
    padding.

    Examples
    --------
    >>> sinusoids(torch.tensor([0.0, 3.0]), width=4).shape
    torch.Size([2, 4])
    """
    half = (width + 1) // 2
    rates = torch.exp(torch.arange(half, device=places.device, dtype=places.dtype) * (-math.log(1e4) / half))
    angles = places[..., None] * rates
    return torch.cat([angles.sin(), angles.cos() - 1], dim=-1)[..., :width]


class Projection(nn.Module):
    """Tokens of one modality: ``z = LN(W h)``, plus an encoding of position or of log(1 + time) for sequences.

    Normalised before fusing, so that no modality outweighs another by its units or its number of features. Values of
    absent rows and of padding are replaced by zeros first: they may be NaN, and reach neither output nor gradient.

    Parameters
    ----------
    features : int
        Features of the modality.
    width : int
        Size of a token.
    dropout : float
        Share of a token's entries that are dropped in training; if above zero, features are dropped too where there are
        many and the modality is no sequence, see `BLURRED`.
    told : bool
        Whether rows without the modality hold a learned absent vector. Otherwise they hold something constant.
    pieces : int
        Into how many tokens a vector is cut, each by a linear map of its own. Steps of a sequence are tokens already:
        there the maps are averaged.

    **Shape**: value (n, features) or (n, t, features); present (n,) or None; mask and times (n, t) or None. Returns
    tokens (n, t', width), their mask (n, t') and who is present (n,).

    Examples
    --------
    >>> tokens, mask, present = Projection(5, width=8)(torch.randn(3, 7, 5))
    >>> tokens.shape, mask.shape, present.tolist()
    (torch.Size([3, 7, 8]), torch.Size([3, 7]), [True, True, True])
    """

    def __init__(self, features: int, *, width: int, dropout: float = 0.0, told: bool = False, pieces: int = 1) -> None:
        super().__init__()
        self.width, self.pieces = width, pieces
        self.linear = nn.Linear(features, pieces * width)
        self.norm = nn.LayerNorm(width)
        self.blur = Dropout(BLURRED if dropout and features >= MANY_FEATURES else 0.0)
        self.dropout = Dropout(dropout)
        self.absent = nn.Parameter(torch.randn(width) * 0.02) if told else None

    def forward(
        self, value: Tensor, present: Tensor | None = None, mask: Tensor | None = None, times: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        real = self._real(present, mask)
        is_vector = value.ndim == 2
        # A vector stays two-dimensional until it is mapped: one matrix product, also when copies are stacked.
        shown = real if real is None or is_vector else real[..., None]
        tokens = self._tokens(value if shown is None else torch.where(shown, value, 0.0), is_vector)
        if times is not None:
            clock = times if real is None else torch.where(real, times, 0.0)
            # Several times the logarithm: the fastest sine then resolves a step of about a tenth of the time past.
            tokens = tokens + sinusoids(8 * clock.sign() * clock.abs().log1p(), self.width).to(tokens.dtype)
        elif tokens.shape[1] > 1 and not is_vector:
            tokens = tokens + sinusoids(torch.arange(tokens.shape[1], device=tokens.device).to(tokens), self.width)
        tokens = self.dropout(tokens)
        if real is None:
            mask = torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
            return tokens, mask, mask[:, 0]
        present = real[:, 0] if real.shape[1] == 1 else real.any(1)
        if self.absent is not None:
            tokens = torch.where(present[:, None, None], tokens, self.absent.to(tokens.dtype))
        return tokens, real.expand(tokens.shape[:2]), present

    def nothing(self, rows: int) -> tuple[Tensor, Tensor, Tensor]:
        """What ``forward`` returns where the modality is absent in every row."""
        fill = self.linear.bias.new_zeros(self.width) if self.absent is None else self.absent
        present = torch.zeros(rows, dtype=torch.bool, device=fill.device)
        return fill.expand(rows, 1, self.width), present[:, None], present

    def _real(self, present: Tensor | None, mask: Tensor | None) -> Tensor | None:
        if present is None or mask is None:
            return mask if present is None else present[:, None]
        return mask & present[:, None]

    def _tokens(self, value: Tensor, is_vector: bool) -> Tensor:
        mapped: Tensor = self.linear(self.blur(value) if is_vector else value)
        if is_vector:
            mapped = mapped.reshape(-1, self.pieces, self.width)
        elif self.pieces > 1:
            mapped = mapped.reshape(*mapped.shape[:-1], self.pieces, self.width).mean(-2)
        return self.norm(mapped)  # type: ignore[no-any-return]
