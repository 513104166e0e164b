"""What a training step minimises, and what it does to the gradients: the plain loss, and remedies for dominance.

A modality that learns quickly can leave the others under-trained in a joint model (Wang et al. 2020). Remedies give every
modality a loss of its own, weigh those losses, or change the gradients. An objective gets per-copy losses and leaves
gradients; which copies share a program it need not know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from fuseworthy.strategies.training.programs import Program

LEAST_GROWN = 0.01
"""The smallest overfitting that is told from none."""


@dataclass(frozen=True)
class Losses:
    """Weighted mean losses of a step: joint (copies,), of each modality alone (copies, M).

    ``truth`` is (copies, M): the mean probability that a modality's own head gives to the truth (for a number, the
    inverse of one plus its squared error) over the rows that have it; not-a-number where none has.
    """

    joint: Tensor
    alone: Tensor
    truth: Tensor


class Objective(Protocol):
    """Leaves the gradients of one step in the program's parameters."""

    @property
    def unimodal(self) -> bool:
        """Whether modalities need heads of their own."""
        ...

    def backward(self, losses: Losses, program: Program, prefixes: Sequence[str]) -> Mapping[str, Tensor]:
        """Fill the gradients, and name the parameters that take less than a whole step: the share of it, (copies,).

        ``prefixes``: how the names of the parameters of each modality's encoder begin, in the order of ``alone``.
        """
        ...


@dataclass(frozen=True)
class Joint:
    """The joint loss alone."""

    unimodal: bool = False

    def backward(self, losses: Losses, program: Program, prefixes: Sequence[str]) -> Mapping[str, Tensor]:
        torch.autograd.backward(losses.joint.sum())
        return {}


@dataclass(frozen=True)
class Auxiliary:
    """The joint loss and every modality's own, weighted: L = L_joint + Σ λ_m L_m.

    With λ = 1 this is the plain auxiliary loss; with the weights of `blending_weights`, gradient blending (Wang, Tran &
    Feiszli 2020).

    Parameters
    ----------
    weights : modality number -> λ, or one λ for all
    """

    weights: tuple[float, ...] | float = 1.0
    joint: float = 1.0
    unimodal: bool = True

    def backward(self, losses: Losses, program: Program, prefixes: Sequence[str]) -> Mapping[str, Tensor]:
        weights = torch.as_tensor(self.weights, dtype=losses.alone.dtype, device=losses.alone.device)
        torch.autograd.backward(self.joint * losses.joint.sum() + (losses.alone * weights).sum())
        return {}


@dataclass(frozen=True)
class Pareto:
    """MMPareto (Wei & Hu 2024): in each encoder, joint and unimodal gradients are combined so that neither is worsened.

    Where they agree they are averaged; where they conflict their combination of least norm is taken. It is then
    enlarged to the length of their plain sum, times ``boost``.
    """

    boost: float = 1.5
    unimodal: bool = True

    def backward(self, losses: Losses, program: Program, prefixes: Sequence[str]) -> Mapping[str, Tensor]:
        torch.autograd.backward(losses.joint.sum(), retain_graph=True)
        joint = {name: g.clone() for name, g in program.gradients().items()}
        for p in program.parameters.values():
            p.grad = None
        torch.autograd.backward(losses.alone.sum())
        alone = program.gradients()
        for p_name, p in program.parameters.items():
            if p_name not in alone and p_name in joint:
                p.grad = joint[p_name].reshape(p.shape)
        gradients = program.gradients()
        for name, g in gradients.items():
            if name in alone and name in joint and not name.startswith(tuple(prefixes)):
                g += joint[name]
        for prefix in prefixes:
            self._combine({n: g for n, g in gradients.items() if n.startswith(prefix) and n in joint}, joint)
        return {}

    def _combine(self, own: Mapping[str, Tensor], joint: Mapping[str, Tensor]) -> None:
        """Replace one encoder's unimodal gradients by the combination with the joint ones, copy by copy."""
        if not own:
            return
        u = torch.cat([g.flatten(1) for g in own.values()], dim=1)
        f = torch.cat([joint[n].flatten(1) for n in own], dim=1)
        uu, ff, uf = (u * u).sum(1), (f * f).sum(1), (u * f).sum(1)
        least = ((uu - uf) / (uu + ff - 2 * uf).clamp_min(1e-12)).clamp(0, 1)
        alpha = torch.where(uf >= 0, torch.full_like(least, 0.5), least)[:, None]
        both = 2 * alpha * f + 2 * (1 - alpha) * u
        length = (f + u).norm(dim=1) / both.norm(dim=1).clamp_min(1e-12)
        both = both * (self.boost * length.clamp_min(1.0))[:, None]
        start = 0
        for g in own.values():
            size = g[0].numel()
            g.copy_(both[:, start : start + size].view_as(g))
            start += size


@dataclass(frozen=True)
class Modulated:
    """OGM-GE (Peng et al. 2022): the encoder of a modality that is ahead takes smaller steps, with noise added.

    How far each is ahead is read from heads of its own that teach the encoders nothing: ρ_m is the probability of the
    truth by modality m over the mean of the others', and a step is shortened to 1 - tanh(α·(ρ_m - 1)) where ρ_m > 1
    (the paper's tanh(α·ρ), moved so that it is continuous at ρ = 1). The paper scales the gradient of plain gradient
    descent, which is the same; Adam would undo that, as it divides a gradient by its own size. Noise of the spread of
    the gradient is added where a step is shortened (in the paper, everywhere).
    """

    alpha: float = 0.5
    noise: bool = True
    unimodal: bool = True

    def backward(self, losses: Losses, program: Program, prefixes: Sequence[str]) -> Mapping[str, Tensor]:
        encoders = [n for n in program.parameters if n.startswith(tuple(prefixes))]
        torch.autograd.backward(losses.alone.sum(), retain_graph=True)
        for name in encoders:
            program.parameters[name].grad = None
        torch.autograd.backward(losses.joint.sum())
        pace, gradients = self.pace(losses.truth), program.gradients()
        paces = {n: pace[:, m] for m, start in enumerate(prefixes) for n in encoders if n.startswith(start)}
        for name, share in paces.items():
            if self.noise and name in gradients:
                _add_noise(gradients[name], share < 1)
        return paces

    def pace(self, truth: Tensor) -> Tensor:
        """Share of a step that each encoder takes, (copies, M); a whole one where there is nobody to compare with."""
        heard = ~truth.isnan()
        found = truth.nan_to_num(0.0)
        rivals = heard.sum(1, keepdim=True) - heard.long()
        others = (found.sum(1, keepdim=True) - found) / rivals.clamp_min(1)
        ratio = torch.where(heard & (rivals > 0), found / others.clamp_min(1e-6), 1.0)
        return 1 - torch.tanh(self.alpha * (ratio - 1).clamp_min(0.0))


def _add_noise(gradient: Tensor, where: Tensor) -> None:
    """Noise as large as the spread of each copy's gradient, in the copies asked for."""
    if gradient[0].numel() > 1:
        shape = (-1, *[1] * (gradient.dim() - 1))
        spread = gradient.flatten(1).std(dim=1) * where
        gradient.add_(torch.randn_like(gradient) * spread.view(shape))


def blending_weights(networks: Sequence[tuple[float, float, float, float]]) -> tuple[float, ...]:
    """Weights of gradient blending, proportional to G / O² and summing to one (Wang, Tran & Feiszli 2020).

    Parameters
    ----------
    networks : for each (every modality alone, then the joint network) its training and validation loss before and
        after training: (train before, validation before, train after, validation after)

    Notes
    -----
    G is how much the validation loss fell; O how much the gap between validation and training loss grew, at least .01:
    less cannot be told from nothing, and its square would decide alone.

    Examples
    --------
    >>> [round(w, 3) for w in blending_weights([(0.7, 0.7, 0.5, 0.52), (0.7, 0.7, 0.2, 0.6)])]
    [0.999, 0.001]
    """
    gains = []
    for train_before, watched_before, train_after, watched_after in networks:
        grown = max((watched_after - train_after) - (watched_before - train_before), LEAST_GROWN)
        gains.append(max(watched_before - watched_after, 0.0) / grown**2)
    total = sum(gains)
    return tuple(g / total for g in gains) if total > 0 else tuple(1 / len(gains) for _ in gains)
