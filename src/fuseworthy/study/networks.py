"""Units that fit one strategy given as an object: a network, a network on one modality alone, or the user's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import numpy as np

from fuseworthy.errors import StudyError
from fuseworthy.strategies.catalogue import TUNED
from fuseworthy.strategies.late import best_single
from fuseworthy.strategies.neural import Neural
from fuseworthy.strategies.part import Fitted, Part
from fuseworthy.strategies.strategy import Single
from fuseworthy.study.fusions import strategy_of
from fuseworthy.study.strangers import placebo_blocks
from fuseworthy.study.trained_encoders import fit_tuned
from fuseworthy.study.workspace import Workspace

if TYPE_CHECKING:
    from fuseworthy.study.units import Unit


def fit_one(workspace: Workspace, unit: Unit, part: Part, singles: Mapping[str, Fitted]) -> dict[str, Fitted]:
    """Fit the strategy of a unit, on one thread, so that any engine gives the same numbers."""
    if unit.kind == "custom":
        strategy = strategy_of(unit.strategy, workspace.plan.custom, workspace.objects, "")
        with _one_thread() if isinstance(strategy, Neural) else nullcontext():
            return {unit.strategy: _checked(strategy.fit(workspace.blocks, singles, part), unit.strategy, part)}
    from fuseworthy.strategies.networks import network_named

    with _one_thread():
        if unit.strategy in (TUNED, "placebo-tuned"):
            name, tuned = fit_tuned(workspace, unit, part, singles)
            return {name: _checked(tuned, name, part)}
        if unit.modality:
            name = f"{unit.modality}/network"
            return {name: _checked(Single(name).fit(workspace.blocks, singles, part), name, part)}
        if unit.strategy == "placebo-network":
            moved = placebo_blocks(workspace, part, best_single(singles, part).split("/")[0])
            return {unit.strategy: _checked(network_named("concat").fit(moved, singles, part), unit.strategy, part)}
        fitted = _checked(network_named(unit.strategy).fit(workspace.blocks, singles, part), unit.strategy, part)
        found = {unit.strategy: fitted}
        if unit.strategy == "concat":
            from fuseworthy.strategies.encoder_probes import probe_encoders

            found |= probe_encoders(fitted, workspace.blocks, part)
    return found


def _checked(fitted: Fitted, name: str, part: Part) -> Fitted:
    """What was fitted; a wrong shape ends the study, predictions that are none lose this strategy alone."""
    shape = (len(part.test), part.task.width)
    if fitted.test.shape != shape:
        raise StudyError(
            f"a strategy must predict every scored row, shape {shape}, but {name!r} gave {fitted.test.shape}."
        )
    if not np.isfinite(fitted.test).all():
        raise ValueError("its predictions must be numbers, but some are not")
    if part.task.is_classification and not (
        (fitted.test >= 0).all() and np.allclose(fitted.test.sum(axis=1), 1, atol=1e-6)
    ):
        raise ValueError("its predictions must be probabilities that sum to one in each row, but are not")
    return fitted


@contextmanager
def _one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
