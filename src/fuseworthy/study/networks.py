"""Units that fit one strategy given as an object: a network, a network on one modality alone, or the user's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fuseworthy.errors import StudyError
from fuseworthy.strategies.part import Fitted, Part
from fuseworthy.study.workspace import Workspace

if TYPE_CHECKING:
    from fuseworthy.study.units import Unit


def fit_one(workspace: Workspace, unit: Unit, part: Part, singles: Mapping[str, Fitted]) -> dict[str, Fitted]:
    """Fit the strategy of a unit, on one thread, so that any engine gives the same numbers."""
    if unit.kind == "custom":
        from fuseworthy.strategies.custom import load_strategy

        own = workspace.objects.get(unit.strategy) or load_strategy(workspace.plan.custom[unit.strategy])
        return {unit.strategy: _checked(own.fit(workspace.blocks, singles, part), unit.strategy, part)}
    from fuseworthy.strategies.networks import network_named

    with _one_thread():
        if unit.modality:
            own_block = {unit.modality: workspace.blocks[unit.modality]}
            return {f"{unit.modality}/network": network_named("concat").fit(own_block, {}, part)}
        fitted = network_named(unit.strategy).fit(workspace.blocks, singles, part)
        found = {unit.strategy: fitted}
        if unit.strategy == "concat":
            from fuseworthy.strategies.encoder_probes import probe_encoders

            found |= probe_encoders(fitted, workspace.blocks, part)
    return found


def _checked(fitted: Fitted, name: str, part: Part) -> Fitted:
    shape = (len(part.test), part.task.width)
    if fitted.test.shape != shape:
        raise StudyError(
            f"a strategy must predict every scored row, shape {shape}, but {name!r} gave {fitted.test.shape}."
        )
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
