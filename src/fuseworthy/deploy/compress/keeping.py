"""Candidates to folders that can be served: a graph and its description, in the form of an export."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fuseworthy.deploy.compress.asking import answers_of
from fuseworthy.deploy.export.described import description
from fuseworthy.deploy.export.parity import MOST_ROWS, Parity, fed, measured, padded
from fuseworthy.deploy.export.session import opened
from fuseworthy.deploy.export.write import PACKAGES, write_graph
from fuseworthy.deploy.folder import versions_here
from fuseworthy.deploy.probe import probe_blocks
from fuseworthy.strategies.hidden import hidden, visible_sets
from fuseworthy.strategies.part import Blocks
from fuseworthy.task import Floats

if TYPE_CHECKING:
    from fuseworthy.deploy.compress.candidate import Candidate


def keep(candidate: Candidate, blocks: Blocks, folder: Path) -> None:
    """Write a candidate as an export; what it answers to the probe is what this graph answers, rounded or not.

    Parameters
    ----------
    blocks : real rows to hold it against its model
    """
    model, graph = candidate.model, candidate.graph
    real = first_of({m: blocks[m] for m in model.modalities}, MOST_ROWS)
    parity = (
        measured(model, graph.content, graph.inputs, graph.outputs, real)
        if candidate.is_exact
        else _apart(candidate, real)
    )
    answered = None if candidate.is_exact else _asked(candidate)
    facts = description(
        model, graph.content, graph.inputs, graph.outputs, graph.table, parity, versions_here(PACKAGES), answered
    )
    if not candidate.is_exact:
        facts["parity"]["tolerance"] = None
    facts["compressed"] = {"name": candidate.name, "title": candidate.title, "told": candidate.told}
    folder.mkdir(parents=True)
    write_graph(folder, graph.content, facts)


def folder_names(names: Sequence[str]) -> dict[str, str]:
    """A folder for each candidate, of letters that every system takes.

    Examples
    --------
    >>> folder_names(["int8", "single:a b", "single:a/b"])
    {'int8': 'int8', 'single:a b': 'single-a-b', 'single:a/b': 'single-a-b-2'}
    """
    found: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:60] or "candidate"
        taken, number, own = {other.casefold() for other in found.values()}, 1, plain
        while own.casefold() in taken:
            number += 1
            own = f"{plain}-{number}"
        found[name] = own
    return found


def first_of(blocks: Blocks, most: int) -> dict[str, dict[str, Any]]:
    """The first rows of blocks."""
    rows = np.arange(min(most, next(iter(next(iter(blocks.values())).values())).n))
    return {m: {view: block.shuffled(rows) for view, block in views.items()} for m, views in blocks.items()}


def _asked(candidate: Candidate) -> Any:
    graph = candidate.graph
    session, name = opened(graph.content), graph.outputs.prediction

    def answered(blocks: Blocks) -> Floats:
        return np.asarray(session.run([name], fed(blocks, graph.inputs))[0], dtype=np.float64)

    return answered


def _apart(candidate: Candidate, real: Blocks) -> Parity:
    """How far a rounded graph is from the model it was rounded from."""
    model, answered = candidate.model, _asked(candidate)
    probe = padded(probe_blocks(model))
    sets = [hidden(probe, own) for own in visible_sets(list(model.modalities))]
    worst = max(float(np.abs(answered(own) - model.answer_blocks(own).prediction).max()) for own in sets)
    exact = model.answer_blocks(real).prediction
    apart = np.abs(answers_of(candidate.graph, real, model.task) - exact).max()
    return Parity(worst / model.task.prediction_unit, len(exact), float(apart) / model.task.prediction_unit)
