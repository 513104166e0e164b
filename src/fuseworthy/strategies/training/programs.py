"""Copies of a lesson as one program: stacked where they are small, or each alone.

Stacked parameters turn many small matrix products into one batched product, which pays while a copy by itself cannot
keep the processor busy. Gradients are seen as (copies, …) in both cases, so whoever uses them need not know which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

from fuseworthy.strategies.training.lesson import Lesson
from fuseworthy.strategies.training.rows import Rows


class Program:
    """Some copies that are trained in step.

    Parameters
    ----------
    lessons : one a copy, of the same shape
    device : torch.device
    """

    def __init__(self, lessons: Sequence[Lesson], device: torch.device) -> None:
        self.device = device
        self.lessons = [lesson.to(device) for lesson in lessons]

    parameters: dict[str, Tensor]

    def losses(self, batch: Rows, progress: float) -> tuple[Tensor, Tensor, Tensor]:
        """Joint (copies, b) and unimodal (copies, b, M) losses of a batch of (copies, b) rows, and 1 where a modality
        is heard, (copies, b, M)."""
        raise NotImplementedError

    def outputs(self, batch: Rows) -> Tensor:
        """Logits (copies, b, outputs), without dropout and without gradients."""
        raise NotImplementedError

    def gradients(self) -> dict[str, Tensor]:
        """Name -> (copies, …) view of each parameter's gradient."""
        raise NotImplementedError

    def clip(self, longest: float) -> None:
        """Shorten each copy's gradient, by itself, to the longest norm allowed."""
        raise NotImplementedError

    def slow_down(self, before: Mapping[str, Tensor], paces: Mapping[str, Tensor]) -> None:
        """Take back part of a step: of each parameter named, each copy keeps its pace, (copies,), of the way."""
        raise NotImplementedError

    def snapshot(self) -> dict[str, Tensor]:
        """A copy of all parameters."""
        return {name: p.detach().clone() for name, p in self.parameters.items()}

    def restore(self, kept: dict[str, Tensor]) -> None:
        """Set all parameters back."""
        for name, p in self.parameters.items():
            p.data.copy_(kept[name])

    def taught(self) -> list[Lesson]:
        """The lessons, each with its own parameters."""
        raise NotImplementedError


class Alone(Program):
    """One copy by itself."""

    def __init__(self, lesson: Lesson, device: torch.device) -> None:
        super().__init__([lesson], device)
        self.parameters = {name: p for name, p in self.lessons[0].train().named_parameters() if p.requires_grad}

    def losses(self, batch: Rows, progress: float) -> tuple[Tensor, Tensor, Tensor]:
        lesson = self.lessons[0]
        if not lesson.training:  # setting it walks the whole network: not at every step
            lesson.train()
        joint, alone, heard = lesson(*_arguments(_first(batch)), batch.target[0], progress)
        return joint[None], alone[None], heard[None]

    def outputs(self, batch: Rows) -> Tensor:
        found: Tensor = self.lessons[0].eval().fusion(*_arguments(_first(batch)))
        return found[None]

    def gradients(self) -> dict[str, Tensor]:
        return {name: p.grad[None] for name, p in self.parameters.items() if p.grad is not None}

    def clip(self, longest: float) -> None:
        nn.utils.clip_grad_norm_(self.parameters.values(), longest, foreach=True)

    def slow_down(self, before: Mapping[str, Tensor], paces: Mapping[str, Tensor]) -> None:
        for name, start in before.items():
            p = self.parameters[name].data
            p.copy_(start + paces[name][0] * (p - start))

    def taught(self) -> list[Lesson]:
        return self.lessons


class Stacked(Program):
    """Several copies with their parameters stacked, mapped over by `torch.vmap`.

    Dropout is left out: its noise would depend on which copies share a stack.
    """

    def __init__(self, lessons: Sequence[Lesson], device: torch.device) -> None:
        super().__init__(lessons, device)
        parameters, self._buffers = stack_module_state(self.lessons)
        self.parameters = dict(parameters)
        self._skeleton = self.lessons[0].eval()
        self._losses = torch.vmap(self._one_loss, in_dims=(0, 0, 0, 0, 0, 0, 0, None))
        self._outputs = torch.vmap(self._one_output)

    def losses(self, batch: Rows, progress: float) -> tuple[Tensor, Tensor, Tensor]:
        found: tuple[Tensor, Tensor, Tensor] = self._losses(
            self.parameters, self._buffers, *_arguments(batch), batch.target, progress
        )
        return found

    def outputs(self, batch: Rows) -> Tensor:
        found: Tensor = self._outputs(self.parameters, self._buffers, *_arguments(batch))
        return found

    def gradients(self) -> dict[str, Tensor]:
        return {name: p.grad for name, p in self.parameters.items() if p.grad is not None}

    def clip(self, longest: float) -> None:
        gradients = list(self.gradients().values())
        norms = torch.stack([g.flatten(1).norm(dim=1) for g in gradients]).norm(dim=0)
        scale = (longest / norms.clamp_min(1e-12)).clamp(max=1.0)
        for g in gradients:
            g.mul_(scale.view(-1, *[1] * (g.dim() - 1)))

    def slow_down(self, before: Mapping[str, Tensor], paces: Mapping[str, Tensor]) -> None:
        for name, start in before.items():
            p = self.parameters[name].data
            p.copy_(start + paces[name].view(-1, *[1] * (p.dim() - 1)) * (p - start))

    def taught(self) -> list[Lesson]:
        for c, lesson in enumerate(self.lessons):
            for name, p in lesson.named_parameters():
                p.data.copy_(self.parameters[name][c])
        return self.lessons

    def _one_loss(self, parameters: Any, buffers: Any, *arguments: Any) -> tuple[Tensor, Tensor, Tensor]:
        found: tuple[Tensor, Tensor, Tensor] = functional_call(self._skeleton, (parameters, buffers), arguments)
        return found

    def _one_output(self, parameters: Any, buffers: Any, *arguments: Any) -> Tensor:
        own = {name.removeprefix("fusion."): p for name, p in parameters.items() if name.startswith("fusion.")}
        found: Tensor = functional_call(self._skeleton.fusion, (own, buffers), arguments)
        return found


def _arguments(batch: Rows) -> tuple[dict[str, Tensor], ...]:
    return batch.inputs, batch.present, batch.mask, batch.times


def _first(batch: Rows) -> Rows:
    """The only copy of a batch of one."""

    def first(named: dict[str, Tensor]) -> dict[str, Tensor]:
        return {m: v[0] for m, v in named.items()}

    return Rows(
        first(batch.inputs),
        first(batch.present),
        batch.target[0],
        batch.weight[0],
        first(batch.mask),
        first(batch.times),
    )
