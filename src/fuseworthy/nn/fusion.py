"""What every fusion network has in common: modalities in by name, outputs of one shape out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fuseworthy.nn.projection import Projection
from fuseworthy.nn.shapes import check_inputs, check_sizes
from fuseworthy.nn.tokens import Attention, AttentionMap, Tokens

__all__ = ["Attention", "AttentionMap", "Fusion", "Tokens"]


class Fusion(nn.Module):
    """A network over several modalities; any of them may be absent in any row.

    Subclasses say how projected modalities are combined, in ``_combine``; everything else is here. Nothing depends on
    the order in which modalities are named.

    Parameters
    ----------
    inputs : mapping of str to int
        Number of features of each modality.
    outputs : int
        Number of classes, or 1 for a regression.
    width : int
        Size of the vectors in which modalities meet.
    dropout : float
        In training only.

    **Shape**: each input (n, features) for vectors or (n, t, features) for sequences; output (n, outputs).
    """

    told_of_absence: ClassVar[bool] = False
    """Whether an absent modality is replaced by a learned vector of its own; otherwise it is masked out."""
    pieces: ClassVar[int] = 1
    """Into how many tokens a vector is cut."""

    def __init__(self, *, inputs: Mapping[str, int], outputs: int, width: int = 64, dropout: float = 0.0) -> None:
        super().__init__()
        check_sizes(inputs, outputs, width)
        self.names: tuple[str, ...] = tuple(sorted(inputs))
        self.sizes = {name: int(inputs[name]) for name in self.names}
        self.outputs, self.width = outputs, width
        # Numbered, as names may contain dots, which module names may not.
        self.projections = nn.ModuleDict({str(i): self._projection(n, dropout) for i, n in enumerate(self.names)})

    def forward(
        self,
        inputs: Mapping[str, Tensor],
        present: Mapping[str, Tensor] | None = None,
        mask: Mapping[str, Tensor] | None = None,
        times: Mapping[str, Tensor] | None = None,
        *,
        return_attention: bool = False,
    ) -> Tensor | tuple[Tensor, Attention]:
        """Fuse the rows.

        Parameters
        ----------
        inputs : mapping of str to Tensor
            (n, features) or (n, t, features) each. A modality left out is absent in all rows.
        present : mapping of str to Tensor, optional
            (n,) bool; a modality left out is present in all rows. Values of absent rows are never looked at.
        mask : mapping of str to Tensor, optional
            (n, t) bool, True for a real token of a sequence. Values of padding are never looked at.
        times : mapping of str to Tensor, optional
            (n, t), in one unit for all modalities.
        return_attention : bool
            Also return what each modality contributed, where the fusion has weights.

        Returns
        -------
        Tensor, or (Tensor, Attention)
            Logits, or values where ``outputs`` is 1; (n, outputs).

        Raises
        ------
        ValueError
            If a name is unknown or a shape does not fit.
        """
        return self.fuse(self.project(inputs, present, mask, times), return_attention=return_attention)

    def project(
        self,
        inputs: Mapping[str, Tensor],
        present: Mapping[str, Tensor] | None = None,
        mask: Mapping[str, Tensor] | None = None,
        times: Mapping[str, Tensor] | None = None,
    ) -> Tokens:
        """Bring every modality to tokens of one width. Arguments as of ``forward``."""
        present, mask, times = present or {}, mask or {}, times or {}
        rows = check_inputs(self.sizes, inputs, present, mask, times)
        tokens = Tokens({}, {}, {}, {})
        for name, projection in zip(self.names, self.projections.values(), strict=True):
            if name in inputs:
                projected = projection(inputs[name], present.get(name), mask.get(name), times.get(name))
            else:
                projected = projection.nothing(rows)  # type: ignore[operator]
            tokens.values[name], tokens.mask[name], tokens.present[name] = projected
            if name in inputs and name in times:
                tokens.times[name] = times[name].expand(tokens.mask[name].shape)
        return tokens

    def fuse(self, tokens: Tokens, *, return_attention: bool = False) -> Tensor | tuple[Tensor, Attention]:
        """Combine projected modalities into outputs, (n, outputs), in the precision of the parameters."""
        logits, attention = self._combine(tokens, return_attention)
        logits = logits.to(next(self.parameters()).dtype)
        return (logits, attention) if return_attention else logits

    def row_loss(self, tokens: Tokens, target: Tensor, *, progress: float = 1.0) -> tuple[Tensor, Tensor]:
        """Loss of every row: cross-entropy, or squared error where ``outputs`` is 1.

        Parameters
        ----------
        tokens : Tokens
            From ``project``.
        target : Tensor
            (n,): classes as integers, or values.
        progress : float
            Share of the training that is done, for losses that anneal a term.

        Returns
        -------
        (Tensor, Tensor)
            Outputs (n, outputs) and losses (n,).
        """
        logits, _ = self._combine(tokens, False)
        return logits, self._task_loss(logits, target)

    def modality_prefix(self, name: str) -> str:
        """How the names of those parameters begin that belong to the encoder of this modality alone."""
        return f"projections.{self.names.index(name)}."

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        """Outputs and, if they are to be explained, shares and maps."""
        raise NotImplementedError

    def _projection(self, name: str, dropout: float) -> Projection:
        return Projection(
            self.sizes[name], width=self.width, dropout=dropout, told=self.told_of_absence, pieces=self.pieces
        )

    def _task_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        if self.outputs == 1:
            return (logits[:, 0] - target).square()
        return F.cross_entropy(logits, target, reduction="none")

    def _vectors(self, tokens: Tokens) -> Tensor:
        """One vector for each modality, (n, M, width)."""
        return torch.stack([tokens.vector(name) for name in self.names], dim=1)
