"""A model made smaller in several ways, each held against it on rows it has not learned from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fuseworthy.deploy.compress.asking import AT_ONCE, answers_of
from fuseworthy.deploy.compress.candidate import ORIGINAL, Candidate, NotFeasibleError
from fuseworthy.deploy.compress.compressed import Compressed
from fuseworthy.deploy.compress.distilling import DISTILLED, distil
from fuseworthy.deploy.compress.facts import Found, compress_facts
from fuseworthy.deploy.compress.keeping import first_of, folder_names, keep
from fuseworthy.deploy.compress.making import made, names_of, original_of, why_not_distilled
from fuseworthy.deploy.compress.measures import measure
from fuseworthy.deploy.compress.scoring import folds_of, ledger_of
from fuseworthy.deploy.compress.unseen import Unseen, read_unseen
from fuseworthy.deploy.compress.wanted import Wanted, require_sensible
from fuseworthy.deploy.folder import versions_here
from fuseworthy.durable import new_folder, require_new
from fuseworthy.errors import FoldError, InputError, first_line, require
from fuseworthy.folds import Folds
from fuseworthy.inputs.tables import source_name
from fuseworthy.task import Floats

if TYPE_CHECKING:
    from fuseworthy.deploy.model import Model

CANDIDATES = "candidates"
"""The folder of graphs below that of a compression."""
COMPARED = 200
"""Rows on which answers one by one are held against answers of a batch."""


def compress(
    model: Model,
    table: Any,
    folder: Path,
    wanted: Wanted,
    *,
    root: str | Path | None = None,
    on_step: Callable[[str], None] | None = None,
) -> Compressed:
    """Make a model smaller in every way asked for, and say of each what it costs and what it loses.

    Parameters
    ----------
    table : path, or pandas, polars or Arrow table
        Rows with the target that the model has not learned from; those it has are left out, counted and told.
    folder : a new or empty one; see `Compressed`
    root : the folder that paths in the table are relative to; the table's own if left out
    on_step : callable (what is done next), optional

    Raises
    ------
    InputError
        The folder holds something, too few unseen rows, a candidate that is none, or a model without a form in ONNX.
    """
    for package in ("onnx", "onnxruntime"):
        require(package, extra="onnx")
    require_new(folder, "a compression's folder")
    require_sensible(wanted)
    tell, names = on_step or (lambda step: None), names_of(model, wanted.only)
    unseen = read_unseen(model, table, group=wanted.group, keep_seen=wanted.keep_seen, root=root)
    with new_folder(folder) as place:
        found = _found(model, unseen, names, wanted, place / CANDIDATES, tell)
        question = _question(model, unseen, wanted, source_name(table))
        facts = compress_facts(found, question, wanted.margin)
        Compressed(facts, found.ledger, place).write()
    return Compressed(facts, found.ledger, folder)


def _found(
    model: Model, unseen: Unseen, names: Sequence[str], wanted: Wanted, place: Path, tell: Callable[[str], None]
) -> Found:
    """Candidates made, kept, measured and scored."""
    tell("the original")
    original = original_of(model)
    answers = {ORIGINAL: answers_of(original.graph, unseen.blocks, model.task)}
    candidates, left_out = _made(original, [n for n in names if not n.startswith(DISTILLED)], tell)
    answers |= {own.name: answers_of(own.graph, unseen.blocks, model.task) for own in candidates}
    taught, folds, why = _taught(model, unseen, [n for n in names if n.startswith(DISTILLED)], wanted)
    left_out |= why
    if taught:
        distilled = distil(model, unseen, answers[ORIGINAL], taught, folds, wanted, tell)
        candidates += distilled.candidates
        answers |= dict(distilled.alone)
        answers |= {own.name: own.answers for own in distilled.candidates if own.answers is not None}
    folders, why = _kept(candidates, unseen, place, tell)
    left_out |= why
    everyone = [original, *(own for own in candidates if own.name in folders)]
    costs = measure({own.name: own.graph for own in everyone}, unseen.blocks, wanted.random_state, tell)
    uneven = {own.name: _uneven(own, unseen, answers[own.name]) for own in everyone if not own.is_exact}
    said = {name: own for name, own in answers.items() if name not in left_out}
    return Found(everyone, ledger_of(model, unseen, folds, everyone, said), left_out, costs, folders, uneven)


def _taught(
    model: Model, unseen: Unseen, names: Sequence[str], wanted: Wanted
) -> tuple[list[str], Folds, dict[str, str]]:
    """Distilled candidates that can be scored, the folds of the rows, and why others cannot."""
    left_out = {name: why for name in names if (why := why_not_distilled(model))}
    taught = [name for name in names if name not in left_out]
    try:
        return taught, folds_of(unseen, model.task, wanted.folds, wanted.random_state, fits=bool(taught)), left_out
    except FoldError as error:
        left_out |= dict.fromkeys(taught, first_line(error))
        return [], folds_of(unseen, model.task, wanted.folds, wanted.random_state, fits=False), left_out


def _kept(
    candidates: Sequence[Candidate], unseen: Unseen, place: Path, tell: Callable[[str], None]
) -> tuple[dict[str, str], dict[str, str]]:
    """The folder of each candidate that answers as it should, and why others do not."""
    folders, left_out = folder_names([own.name for own in candidates]), {}
    for own in candidates:
        tell(f"{own.name} held against its model")
        try:
            keep(own, unseen.blocks, place / folders[own.name])
        except InputError as error:
            left_out[own.name] = first_line(error)
    return {name: folder for name, folder in folders.items() if name not in left_out}, left_out


def _made(
    original: Candidate, names: Sequence[str], tell: Callable[[str], None]
) -> tuple[list[Candidate], dict[str, str]]:
    """Candidates that need no fitting, and why others of them could not be made."""
    candidates, left_out = [], {}
    for name in names:
        tell(name)
        try:
            candidates.append(made(name, original))
        except NotFeasibleError as error:
            left_out[name] = str(error)
    return candidates, left_out


def _uneven(candidate: Candidate, unseen: Unseen, together: Floats) -> float:
    """The largest difference between answers to rows asked one by one, and in a batch."""
    rows = first_of(unseen.blocks, min(COMPARED, unseen.n - unseen.n % AT_ONCE or unseen.n))
    single = answers_of(candidate.graph, rows, candidate.model.task, at_once=1)
    return float(np.abs(single - together[: len(single)]).max())


def _question(model: Model, unseen: Unseen, wanted: Wanted, source: str) -> dict[str, Any]:
    task = model.task
    return {
        "source": source,
        "model": model.name,
        "target": model.target,
        "task": task.kind,
        "classes": list(task.classes),
        "modalities": [{"name": m, "kind": own.kind} for m, own in sorted(model.modalities.items())],
        "rows": unseen.rows,
        "seen": unseen.seen,
        "unlabelled": unseen.unlabelled,
        "scored": unseen.n,
        "clusters": None if unseen.clusters is None else len(np.unique(unseen.clusters)),
        "group": wanted.group,
        "folds": wanted.folds,
        "truth": wanted.truth,
        "seed": wanted.random_state,
        "data_hash": unseen.data_hash,
        "versions": versions_here(("numpy", "scikit-learn", "onnx", "onnxruntime")),
        "notices": list(unseen.notices),
    }
