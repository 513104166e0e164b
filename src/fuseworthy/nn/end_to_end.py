"""A fusion together with the encoders of some of its modalities, as one network."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from fuseworthy.nn.fusion import Attention, Fusion, Tokens


class EndToEnd(nn.Module):
    """A fusion whose tokens come from encoders that are trained with it.

    An encoder sees the rows that have its modality and no others: an absent row costs nothing, and reaches neither output
    nor gradient.

    Parameters
    ----------
    fusion : Fusion
    encoders : mapping of str to Module
        Of some of the fusion's modalities: called with (n, …) of what they read and its mask or None, they return tokens
        (n, t, features) and which are real, (n, t) or None.
    rates : mapping of str to float, optional
        Learning rates of encoders that are not the fusion's own.

    **Shape**: inputs as the encoders read them, or as the fusion reads them; output (n, outputs).

    Examples
    --------
    >>> from fuseworthy.nn import ConvolutionalGrid, CrossAttentionFusion
    >>> fusion = CrossAttentionFusion(inputs={"photo": 16, "price": 1}, outputs=2)
    >>> network = EndToEnd(fusion, {"photo": ConvolutionalGrid(width=16)})
    >>> photo = torch.randint(0, 256, (4, 64, 64, 3), dtype=torch.uint8)
    >>> has_photo = torch.tensor([True, True, False, True])
    >>> network({"photo": photo, "price": torch.randn(4, 1)}, {"photo": has_photo}).shape
    torch.Size([4, 2])
    """

    exact = False
    """Whether a processor predicts in double precision: encoders would need twice their memory."""

    def __init__(
        self, fusion: Fusion, encoders: Mapping[str, nn.Module], rates: Mapping[str, float] | None = None
    ) -> None:
        super().__init__()
        if unknown := set(encoders) - set(fusion.names):
            raise ValueError(
                f"encoders must be of modalities of the fusion ({', '.join(fusion.names)}), but {min(unknown)!r} came."
            )
        self.fusion = fusion
        self.names = tuple(sorted(encoders))
        # Numbered, as names may contain dots, which module names may not.
        self.encoders = nn.ModuleDict({str(i): encoders[name] for i, name in enumerate(self.names)})
        self._rates = dict(rates or {})

    @property
    def rates(self) -> dict[str, float]:
        """Parameters that have a learning rate of their own, and it."""
        return {
            f"encoders.{i}.{parameter}": self._rates[name]
            for i, name in enumerate(self.names)
            if name in self._rates
            for parameter, _ in self.encoders[str(i)].named_parameters()
        }

    def forward(
        self,
        inputs: Mapping[str, Tensor],
        present: Mapping[str, Tensor] | None = None,
        mask: Mapping[str, Tensor] | None = None,
        times: Mapping[str, Tensor] | None = None,
        *,
        return_attention: bool = False,
    ) -> Tensor | tuple[Tensor, Attention]:
        """Encode and fuse the rows; arguments and what is returned as of `Fusion.forward`."""
        return self.fuse(self.project(inputs, present, mask, times), return_attention=return_attention)

    def project(
        self,
        inputs: Mapping[str, Tensor],
        present: Mapping[str, Tensor] | None = None,
        mask: Mapping[str, Tensor] | None = None,
        times: Mapping[str, Tensor] | None = None,
    ) -> Tokens:
        """Bring every modality to tokens of one width, those that have an encoder through it."""
        present, known, real = present or {}, dict(inputs), dict(mask or {})
        for name, encoder in zip(self.names, self.encoders.values(), strict=True):
            if name in inputs:
                known[name], found = _encoded(encoder, inputs[name], present.get(name), real.pop(name, None))
                real |= {} if found is None else {name: found}
        return self.fusion.project(known, present, real, times)

    def fuse(self, tokens: Tokens, *, return_attention: bool = False) -> Tensor | tuple[Tensor, Attention]:
        """Combine projected modalities into outputs, (n, outputs)."""
        return self.fusion.fuse(tokens, return_attention=return_attention)


def _encoded(
    encoder: nn.Module, value: Tensor, present: Tensor | None, mask: Tensor | None
) -> tuple[Tensor, Tensor | None]:
    """Tokens of all rows and which are real: of those that are present from the encoder, zeros of the others."""
    if present is None or bool(present.all()):
        tokens, real = encoder(value, mask)
        return tokens.float(), real
    here = present.nonzero()[:, 0]
    if not len(here):  # one row stands for all: it tells how wide tokens are, and is hidden like them
        with torch.no_grad():
            tokens, _ = encoder(value[:1], None if mask is None else torch.ones_like(mask[:1]))
        return tokens.new_zeros(len(value), 1, tokens.shape[2]).float(), None
    tokens, real = encoder(value[here], None if mask is None else mask[here])
    everyone = tokens.new_zeros(len(value), *tokens.shape[1:]).float().index_copy(0, here, tokens.float())
    if real is not None:
        real = real.new_zeros(len(value), real.shape[1]).index_copy(0, here, real)
    return everyone, real
