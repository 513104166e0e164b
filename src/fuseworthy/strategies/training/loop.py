"""The one training loop: AdamW, warm-up, clipping, early stopping on watched rows; for one copy or many in step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fuseworthy.strategies.training.batches import Dropping, batches, steps_of, watched_rows
from fuseworthy.strategies.training.lesson import Lesson, row_loss
from fuseworthy.strategies.training.noise import Noise, made_from
from fuseworthy.strategies.training.objectives import Joint, Losses, Objective
from fuseworthy.strategies.training.programs import Alone, Program, Stacked
from fuseworthy.strategies.training.recipe import Copy, Recipe
from fuseworthy.strategies.training.rows import Rows
from fuseworthy.task import Floats

Make = Callable[[], Lesson]
EVALUATED, MOST_PAIRS = 4096, 2_000_000
"""Most rows, and most pairs of tokens, of a step without gradients: attention needs memory for every pair."""
ENCODED = 64
"""Rows of a step that go through an encoder first."""
PATIENT = 3
"""How much longer than its patience training goes on while nothing is learned yet: attention may start with a plateau."""
ANNEALED = 10
"""Passes after which terms that a loss anneals have their full weight, however many passes there are."""


@dataclass
class Trained:
    """What the loop leaves behind.

    Parameters
    ----------
    lessons : one a copy, as of the best epoch, so that training can go on
    epochs : passes that led to them
    history : per epoch the mean training loss and, where rows are watched, the watched loss
    """

    lessons: list[Lesson]
    epochs: int
    history: list[dict[str, float]] = field(default_factory=list)

    @property
    def modules(self) -> list[torch.nn.Module]:
        """The fusions, ready to predict."""
        return [lesson.fusion.eval() for lesson in self.lessons]


def train(
    make: Make,
    rows: Rows,
    copies: Sequence[Copy],
    recipe: Recipe,
    *,
    objective: Objective | None = None,
    stacked: bool = False,
    dropping: Dropping | None = None,
    device: torch.device | str = "cpu",
    on_epoch: Callable[[int, float], None] | None = None,
) -> Trained:
    """Train copies of one architecture, and stop all of them where their watched rows together are predicted best.

    Parameters
    ----------
    make : makes a lesson with fresh weights, or gives one that training is to go on with
    copies : what each copy learns from; all watch rows, or none does and all epochs are run
    stacked : bool
        As one program (see `Stacked`), or each copy alone.
    dropping : Dropping, optional
        Hides modalities at random.
    on_epoch : callable (epoch, loss), optional

    Raises
    ------
    ValueError
        Some copies watch rows and others do not, or a copy has nothing to learn from.
    FloatingPointError
        The watched loss was never a number.
    """
    _check(copies)
    device, goal = torch.device(device), objective or Joint()
    rows, length = rows.to(device), min(len(copy.rows) for copy in copies)
    teams = _programs(make, copies, stacked, device)
    runs = [_Run(program, own, length, recipe, rows, goal, dropping) for program, own in teams]
    watched, history, best, best_epoch = len(copies[0].watched) > 0, [], np.inf, 0
    nothing = 0.98 * _constant_loss(rows, copies) if watched else 0.0
    for epoch in range(1, recipe.epochs + 1):
        entry = {"train": float(np.mean([run.epoch(epoch) for run in runs]))}
        if watched:
            entry["watched"] = _pooled([run.watch() for run in runs])
            if entry["watched"] < best - 1e-5:
                best, best_epoch = entry["watched"], epoch
                for run in runs:
                    run.keep()
        history.append(entry)
        if on_epoch:
            on_epoch(epoch, entry.get("watched", entry["train"]))
        if watched and epoch - best_epoch >= recipe.patience * (PATIENT if best > nothing else 1):
            break
    if watched:
        if not best_epoch:
            raise FloatingPointError(f"training must lower the watched loss, but it was {history[-1]['watched']}.")
        for run in runs:
            run.restore()
    lessons = [lesson for run in runs for lesson in run.program.taught()]
    return Trained(lessons, best_epoch if watched else recipe.epochs, history)


class _Run:
    """One program on its way: optimiser, random numbers, and the best parameters so far."""

    def __init__(
        self,
        program: Program,
        copies: Sequence[Copy],
        length: int,
        recipe: Recipe,
        rows: Rows,
        objective: Objective,
        dropping: Dropping | None,
    ) -> None:
        self.program, self.copies, self.length, self.recipe, self.rows = program, copies, length, recipe, rows
        self.objective, self.dropping = objective, dropping
        self.prefixes = program.lessons[0].prefixes
        self.optimiser = torch.optim.AdamW(
            _by_rate(program, recipe.rate), lr=recipe.rate, weight_decay=recipe.decay, fused=True
        )
        self.orders = [np.random.default_rng(copy.seed) for copy in copies]
        self.noise = Noise(copies[0].seed, program.device)
        self.steps, self.kept = 0, program.snapshot()
        self.last = recipe.epochs * steps_of(length, recipe.batch)

    def epoch(self, epoch: int) -> float:
        """One pass over the rows; the mean training loss."""
        total: list[Tensor] = []
        progress = min(1.0, (self.recipe.begun + epoch - 1) / ANNEALED)
        with self.noise.drawn():
            for index in batches(self.copies, self.orders, self.length, self.recipe.batch):
                batch = self.rows.take(torch.as_tensor(index, device=self.program.device))
                if self.dropping is not None:
                    batch = self.dropping.apply(batch, self.orders)
                total.append(self._step(batch, progress))
        return float(torch.stack(total).mean())

    def _step(self, batch: Rows, progress: float) -> Tensor:
        self.steps += 1
        pace = min(1.0, self.steps / max(self.recipe.warm_up, 1))
        if self.recipe.cooling:
            pace *= 1 - (self.steps - 1) / self.last
        for group in self.optimiser.param_groups:
            group["lr"] = group["full"] * pace
        self.optimiser.zero_grad(set_to_none=True)
        with _autocast(self.program.device):
            joint, alone, heard = self.program.losses(batch, progress)
        weight = batch.weight / batch.weight.sum(dim=1, keepdim=True).clamp_min(1e-12)
        shares = weight[..., None]
        truth = _truth(alone.detach(), numeric=batch.target.is_floating_point())
        counted = heard * shares
        truth = (truth * counted).sum(1) / counted.sum(1)
        losses = Losses((joint * weight).sum(1), (alone * shares).sum(1), truth)
        paces = self.objective.backward(losses, self.program, self.prefixes)
        self.program.clip(self.recipe.clip)
        before = {name: self.program.parameters[name].detach().clone() for name in paces}
        self.optimiser.step()
        self.program.slow_down(before, paces)
        return losses.joint.detach().mean()

    def watch(self) -> tuple[float, float]:
        """Sum of the watched losses over all copies, and of the weights."""
        index, counted = watched_rows(self.copies)
        total = weights = 0.0
        step = rows_at_once(self.rows)
        for start in range(0, index.shape[1], step):
            piece = torch.as_tensor(index[:, start : start + step], device=self.program.device)
            batch = self.rows.take(piece)
            with torch.no_grad(), _autocast(self.program.device):
                outputs = self.program.outputs(batch).float()
            loss = row_loss(outputs.flatten(0, 1), batch.target.flatten()).view_as(batch.target)
            weight = batch.weight * torch.as_tensor(counted[:, start : start + step], device=self.program.device)
            total += float((loss * weight).sum())
            weights += float(weight.sum())
        return total, weights

    def keep(self) -> None:
        self.kept = self.program.snapshot()

    def restore(self) -> None:
        self.program.restore(self.kept)


def predict(
    modules: Sequence[torch.nn.Module], rows: Rows, device: torch.device | str = "cpu", *, exact: bool = True
) -> Floats:
    """Outputs of each module for all rows, (copies, n, outputs).

    Exact means double precision on a processor, so that a row's answer does not depend on the rows asked with it; a module
    whose ``exact`` is False is spared that.
    """
    device = torch.device(device)
    found = []
    for module in modules:
        exactly = exact and device.type == "cpu" and getattr(module, "exact", True)
        precision = torch.float64 if exactly else torch.float32
        module.to(device=device, dtype=precision).eval()
        pieces = []
        step = rows_at_once(rows)
        for start in range(0, len(rows), step):
            piece = rows.take(torch.arange(start, min(start + step, len(rows)))).to(device, precision)
            with torch.no_grad(), _autocast(device):
                pieces.append(module(piece.inputs, piece.present, piece.mask, piece.times).double().cpu())
        found.append(torch.cat(pieces))
    return np.asarray(torch.stack(found).numpy())


def rows_at_once(rows: Rows) -> int:
    """How many rows to ask in one step: few where networks read pixels or words."""
    if not all(values.is_floating_point() for values in rows.inputs.values()):
        return ENCODED
    tokens = sum(values.shape[1] if values.dim() == 3 else 1 for values in rows.inputs.values())
    return max(8, min(EVALUATED, MOST_PAIRS // tokens**2))


def choose_device(asked: str = "auto") -> torch.device:
    """CUDA where there is one, unless something else is asked for."""
    if asked != "auto":
        return torch.device(asked)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _autocast(device: torch.device) -> torch.autocast:
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")


def _programs(
    make: Make, copies: Sequence[Copy], stacked: bool, device: torch.device
) -> list[tuple[Program, Sequence[Copy]]]:
    lessons = [made_from(copy.seed, make) for copy in copies]
    if stacked and len(copies) > 1:
        return [(Stacked(lessons, device), copies)]
    return [(Alone(lesson, device), [copy]) for lesson, copy in zip(lessons, copies, strict=True)]


def _by_rate(program: Program, usual: float) -> list[dict[str, Any]]:
    """The parameters in groups of one learning rate; ``full`` is that after warm-up."""
    own, groups = program.lessons[0].rates, dict[float, list[Tensor]]()
    for name, p in program.parameters.items():
        groups.setdefault(own.get(name, usual), []).append(p)
    return [{"params": group, "full": rate} for rate, group in groups.items()]


def _truth(alone: Tensor, *, numeric: bool) -> Tensor:
    return 1 / (1 + alone) if numeric else torch.exp(-alone)


def _pooled(sums: list[tuple[float, float]]) -> float:
    return sum(total for total, _ in sums) / max(sum(weight for _, weight in sums), 1e-12)


def _constant_loss(rows: Rows, copies: Sequence[Copy]) -> float:
    """What the best constant loses on the rows that are learned from: a network above that has learned nothing."""
    learned = torch.as_tensor(np.concatenate([copy.rows for copy in copies]), device=rows.target.device)
    target, weight = rows.target[learned], rows.weight[learned]
    if target.is_floating_point():
        middle = (target * weight).sum() / weight.sum()
        return float((weight * (target - middle) ** 2).sum() / weight.sum())
    shares = torch.zeros(int(target.max()) + 1, device=weight.device).scatter_add_(0, target, weight) / weight.sum()
    return float(-(shares * shares.clamp_min(1e-12).log()).sum())


def _check(copies: Sequence[Copy]) -> None:
    if len({len(copy.watched) > 0 for copy in copies}) > 1:
        raise ValueError("either every copy must watch rows or none, but some do and some do not.")
    for copy in copies:
        if len(copy.rows) == 0:
            raise ValueError("every copy must have rows to learn from, but one has none.")
        if len(both := np.intersect1d(copy.rows, copy.watched)):
            raise ValueError(f"a copy must not learn from rows that it watches, but row {both[0]} is in both.")
