"""Distilled candidates: each fitted out of fold to be scored, then on all unseen rows to be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fuseworthy.deploy.compress.candidate import Candidate, Graphed
from fuseworthy.deploy.compress.students import Student, fit_alone, fit_taught, fit_taught_fusion
from fuseworthy.deploy.compress.taught import lesson
from fuseworthy.deploy.compress.unseen import Unseen
from fuseworthy.deploy.compress.wanted import Wanted
from fuseworthy.deploy.learned import LearnedRows
from fuseworthy.deploy.model import Model
from fuseworthy.deploy.router import Choice, Router
from fuseworthy.folds import Folds
from fuseworthy.inputs.blocks import NOTHING
from fuseworthy.strategies.part import Part, make_part, whole_part
from fuseworthy.task import Floats

if TYPE_CHECKING:
    from collections.abc import Mapping

DISTILLED, ALONE = "distilled", "alone"


@dataclass(frozen=True)
class Distilled:
    """Candidates, and what the truth alone would have given: ``alone:MODALITY`` -> (n, width), out of fold."""

    candidates: tuple[Candidate, ...]
    alone: Mapping[str, Floats]


def distil(
    model: Model,
    unseen: Unseen,
    said: Floats,
    names: Sequence[str],
    folds: Folds,
    wanted: Wanted,
    on_step: Callable[[str], None],
) -> Distilled:
    """Distil a model into a smaller fusion, or into one modality.

    Parameters
    ----------
    said : (n, width) what the model answers to the unseen rows, none of which it has learned from
    names : ``distilled`` for a smaller fusion, ``distilled:MODALITY`` for one modality
    folds : Folds of the unseen rows
    """
    lessons = lesson(unseen.y, said, model.task, wanted.truth)
    scored: dict[str, Floats] = {}
    for fold in range(folds.count):
        part = make_part(unseen.y, model.task, folds, 0, fold, wanted.random_state)
        for name in names:
            on_step(f"{name}, fold {fold + 1} of {folds.count}")
            for what, student in _fitted(name, unseen, part, lessons).items():
                nothing = (unseen.pattern[part.test] == NOTHING)[:, None]
                found = np.where(nothing, part.prior, student.fitted.test)
                scored.setdefault(what, np.empty((unseen.n, model.task.width)))[part.test] = found
    told = (
        f"on {unseen.n:,} rows; {wanted.truth:.0%} of what was taught is the truth, the rest what the original answers"
    )
    whole = whole_part(unseen.y, model.task, wanted.random_state, unseen.clusters)
    candidates = [
        Candidate(name, title, f"{made.name.split('/')[-1]}, {told}", made, Graphed.of(made), answers=scored[name])
        for name, title, made in _whole(model, unseen, whole, names, lessons, on_step)
    ]
    return Distilled(tuple(candidates), {n: own for n, own in scored.items() if n.startswith(f"{ALONE}:")})


def _whole(
    model: Model,
    unseen: Unseen,
    part: Part,
    names: Sequence[str],
    lessons: Floats,
    on_step: Callable[[str], None],
) -> Iterator[tuple[str, str, Model]]:
    """Each candidate's name, title and model, fitted on all rows; what several have is fitted once."""
    asked = {name: name.removeprefix(f"{DISTILLED}:") for name in names}
    singles = {}
    for m in sorted(model.modalities if DISTILLED in names else asked.values()):
        on_step(f"{DISTILLED}:{m}, on all rows")
        singles[m] = fit_taught(unseen.blocks, part, m, lessons)
    for name, modality in asked.items():
        if name == DISTILLED:
            on_step(f"{name}, on all rows")
            fused = fit_taught_fusion(unseen.blocks, part, lessons)
            yield name, "a smaller fusion, taught by the original", _model(model, unseen, part, singles, fused)
        else:
            own = {modality: singles[modality]}
            yield name, f"{modality} alone, taught by the original", _model(model, unseen, part, own, None)


def _fitted(name: str, unseen: Unseen, part: Part, lessons: Floats) -> dict[str, Student]:
    """What is scored in one fold: the candidate, and beside a single the same from the truth alone."""
    if name == DISTILLED:
        return {name: fit_taught_fusion(unseen.blocks, part, lessons)}
    modality = name.removeprefix(f"{DISTILLED}:")
    return {
        name: fit_taught(unseen.blocks, part, modality, lessons),
        f"{ALONE}:{modality}": fit_alone(unseen.blocks, part, modality),
    }


def _model(model: Model, unseen: Unseen, part: Part, singles: Mapping[str, Student], fused: Student | None) -> Model:
    """A model of these parts: the fusion for every set of modalities that some row has, else the best single left."""
    names = sorted(singles)
    loss = {m: _loss(part, singles[m]) for m in names}
    own = [f"{m}/{singles[m].family}" for m in sorted(names, key=lambda m: loss[m])]
    choices = {}
    for pattern in sorted({str(p) for p in unseen.pattern if p != NOTHING} if fused else ()):
        there = pattern.split("+")
        best = next(name for name in own if name.split("/")[0] in there)
        choices[pattern] = Choice(True, best, tuple(there), "taught on such rows")
    before = np.empty(0, dtype=np.uint64) if model.learned_rows is None else model.learned_rows.digests
    learned = None if model.learned_rows is None else LearnedRows(np.union1d(before, unseen.learned.digests))
    about: dict[str, Any] = {
        "rows": unseen.n,
        "sentence": f"Distilled from {model.name}.",
        "limits": ["It is distilled: what it may be used for is said by the comparison with its original."],
    }
    return Model(
        task=model.task,
        target=model.target,
        modalities={m: model.modalities[m] for m in names},
        encodings={m: model.encodings[m] for m in names},
        singles={name: _kept(singles[name.split("/")[0]]) for name in own},
        fusion=(fused.family, _kept(fused)) if fused else None,
        router=Router(choices, tuple(own)),
        prior=part.prior,
        about=about,
        learned_rows=learned,
    )


def _kept(student: Student) -> Any:
    assert student.fitted.predictor is not None
    return student.fitted.predictor


def _loss(part: Part, student: Student) -> float:
    assert student.fitted.inner is not None
    return part.task.mean_loss(part.y_train, student.fitted.inner)
