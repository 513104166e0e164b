"""Fusion inside a model: a network over all modalities as a strategy, trained, calibrated and ready for any subset.

The modalities' features are fixed before (encoders are not trained here). The number of epochs is chosen on inner folds;
there the network is also calibrated, for every subset of modalities by itself. Then it is trained on the whole training
part: again with several seeds, whose predictions are averaged, or, where there are many rows, a few passes further.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from fuseworthy.folds import Ints
from fuseworthy.strategies.calibration import Calibrator, fit_calibrator
from fuseworthy.strategies.features import Features
from fuseworthy.strategies.neural_inputs import NeuralInputs, flags_of, tensors
from fuseworthy.strategies.part import Blocks, Constant, Cost, Fitted, Part
from fuseworthy.strategies.views import narrowed
from fuseworthy.task import Floats, Task

if TYPE_CHECKING:
    from fuseworthy.nn import EndToEnd, Fusion
    from fuseworthy.strategies.training.lesson import Lesson
    from fuseworthy.strategies.training.objectives import Objective
    from fuseworthy.strategies.training.recipe import Recipe
    from fuseworthy.strategies.training.rows import Rows

Make = Callable[[dict[str, int], int], "Fusion | EndToEnd"]
"""A fresh network from the number of features of each modality and the number of outputs."""

EXACT = 5
"""Up to so many modalities every subset is calibrated by itself."""
FEWEST_CALIBRATED, FEWEST_OBSERVED = 30, 200
MANY = 3000
"""From this many training rows on one inner fold is watched, its network goes on over all rows, and nothing is stacked."""
CONTINUED = 4
"""Passes over all rows after those that were watched, at a rate that falls to zero (Goodfellow, Bengio & Courville 2016,
algorithm 7.3, for a fixed number of passes): as good as starting anew where there are many rows, in less time."""
AS_THEY_ARE = ""
"""The calibrator for rows of a subset that has none of its own."""
MOST_EXPLAINED = 1000
"""Rows over which weights are averaged."""
MOST_CALIBRATED = 1500
"""Rows on which the answer without some modalities is calibrated: a line needs no more."""


@dataclass(frozen=True)
class Neural:
    """A fusion network as a strategy.

    Parameters
    ----------
    make : callable (features of each modality, outputs) -> Fusion, or any module with its ``forward``
        A class of `fuseworthy.nn` with ``functools.partial`` for its sizes, or your own function.
    make_for_sequences : the same, optional
        Made instead where a modality is read as a sequence.
    stacked : bool
        Whether copies of the network are trained as one program below 3 000 rows, without dropout: pays for networks as
        small as a few linear maps, while batches are small too.
    objective : Objective, optional
        What a step minimises (`fuseworthy.strategies.training.objectives`).
    seeds : int
        Networks that are trained on the whole training part and averaged. With none, those of the inner folds are averaged
        below 3 000 rows (Krogh & Vedelsby 1995): less to train, and a plateau that ends late cannot be missed.
    dropping : bool
        Hide modalities at random in training, at least a tenth of the time, so that any subset can be answered.
    balanced : bool
        Weigh rows so that every class counts alike in training; calibration undoes what that does to probabilities.
    tokens : bool
        Read modalities as sequences where an encoder gives them, and not as one vector a row.
    recipe : Recipe, optional
        Settings of the training loop, by the number of rows if left out.
    device : str
        "auto" takes CUDA where there is one.
    """

    make: Make
    make_for_sequences: Make | None = None
    stacked: bool = False
    objective: Objective | None = None
    seeds: int = 3
    dropping: bool = True
    balanced: bool = False
    tokens: bool = False
    recipe: Recipe | None = None
    device: str = "auto"

    def fit(self, blocks: Blocks, singles: Mapping[str, Fitted], part: Part) -> Fitted:
        """Train on the training part; singles say which encoder is the best, where there are several."""
        inputs = NeuralInputs.learn(narrowed(blocks, singles, part), part, tokens=self.tokens)
        return fit_neural(self, inputs.balanced(part) if self.balanced else inputs, blocks, part)


def fit_neural(strategy: Neural, inputs: NeuralInputs, blocks: Blocks, part: Part) -> Fitted:
    """Choose the epochs and calibrate on inner folds, train on everything, predict the scored rows."""
    if len(np.unique(part.inner)) < 2 or (part.task.is_classification and len(np.unique(part.y_train)) < 2):
        why = {"untrained": "one class, or rows that cannot be parted into inner folds"}
        return Fitted(part.constant(len(part.test)), setting=why, predictor=Constant(part.prior))
    from fuseworthy.strategies.training.loop import choose_device

    cost, device = Cost(fit_seconds=inputs.seconds), choose_device(strategy.device)
    with cost.fitting():
        chosen = _watch(strategy, inputs, part, device)
        modules = _refit(strategy, inputs, part, chosen, device)
    predictor = NeuralPredictor(
        views=inputs.views,
        features=inputs.features,
        modules=tuple(modules),
        calibrators=chosen.calibrators,
        task=part.task,
        prior=part.prior,
        centre=inputs.centre,
        scale=inputs.scale,
        device=str(device),
        told_of_absence=strategy.dropping or len(inputs.sizes) < 2,
    )
    with cost.predicting():
        raw, test = predictor.answer(blocks, part.test)
    cost.parameters = sum(p.numel() for module in modules for p in module.parameters())
    setting: dict[str, Any] = {"epochs": chosen.epochs, "seeds": len(modules), "history": chosen.history}
    shares = predictor.shares(blocks, part.test)
    if shares is not None:
        setting["shares"] = {m: round(s, 4) for m, s in shares.items()}
    return Fitted(test, raw, None, cost, setting, predictor)


def _stacks(strategy: Neural, rows: int) -> bool:
    return strategy.stacked and rows < MANY


@dataclass(frozen=True)
class _Watched:
    lessons: list[Lesson]
    epochs: int
    calibrators: Mapping[str, Calibrator]
    history: list[dict[str, float]]


def _watch(strategy: Neural, inputs: NeuralInputs, part: Part, device: Any) -> _Watched:
    """Train on inner folds, stop where the rows left out are predicted best, and calibrate there."""
    from fuseworthy.strategies.training.loop import predict, train
    from fuseworthy.strategies.training.recipe import Copy, recipe_for

    n = len(part.train)
    folds = np.unique(part.inner)[: None if n < MANY else 1]
    copies = [
        Copy(np.flatnonzero(part.inner != k), np.flatnonzero(part.inner == k), part.seed + i)
        for i, k in enumerate(folds)
        if (part.inner != k).any()
    ]
    recipe = strategy.recipe or recipe_for(n, sequences=bool(inputs.train.mask))
    trained = train(
        _maker(strategy, inputs, part.task),
        inputs.train,
        copies,
        recipe,
        objective=strategy.objective,
        stacked=_stacks(strategy, n),
        dropping=_dropping(strategy, inputs),
        device=device,
    )

    watched = np.concatenate([copy.watched for copy in copies])
    who = np.repeat(np.arange(len(copies)), [len(copy.watched) for copy in copies])

    def out_of_fold(kept: frozenset[str] | None, chosen: Ints) -> Floats:
        found = np.empty((len(chosen), part.task.width))
        for c, module in enumerate(trained.modules):
            own = who[chosen] == c
            if own.any():
                found[own] = predict([module], _only(inputs.train, watched[chosen[own]], kept), device, exact=False)[0]
        return to_outputs(found, part.task, inputs.centre, inputs.scale)

    calibrators = _calibrate(out_of_fold, watched, flags_of(inputs.train), part)
    history = [{key: round(loss, 5) for key, loss in entry.items()} for entry in trained.history]
    return _Watched(trained.lessons, max(trained.epochs, 1), calibrators, history)


def _refit(strategy: Neural, inputs: NeuralInputs, part: Part, watched: _Watched, device: Any) -> list[Any]:
    """Train on all rows: anew for the chosen number of passes, once a seed; or a few passes on where there are many."""
    from fuseworthy.strategies.training.loop import train
    from fuseworthy.strategies.training.recipe import Copy, recipe_for

    n = len(part.train)
    if strategy.seeds == 0 and n < MANY:
        return [lesson.fusion.eval() for lesson in watched.lessons]
    recipe = strategy.recipe or recipe_for(n, sequences=bool(inputs.train.mask))
    if n < MANY:
        make, seeds, recipe = (
            _maker(strategy, inputs, part.task),
            strategy.seeds,
            replace(recipe, epochs=watched.epochs),
        )
    else:
        make, seeds = lambda: watched.lessons[0], 1
        recipe = replace(recipe, epochs=CONTINUED, begun=watched.epochs, cooling=True)
    everyone, nobody = np.arange(n), np.empty(0, dtype=np.int64)
    trained = train(
        make,
        inputs.train,
        [Copy(everyone, nobody, part.seed + 101 + s) for s in range(seeds)],
        recipe,
        objective=strategy.objective,
        stacked=_stacks(strategy, n),
        dropping=_dropping(strategy, inputs),
        device=device,
    )
    return trained.modules


def _calibrate(
    out_of_fold: Callable[[frozenset[str] | None, Ints], Floats], watched: Ints, flags: Mapping[str, Any], part: Part
) -> dict[str, Calibrator]:
    """A calibrator for every subset of modalities (``a+b``), on rows that have no others where there are enough, or else
    on rows that have the others too, hidden; and one for all rows as they are (``""``).

    ``out_of_fold`` gives the predictions of some of the watched rows (their places) with only these modalities.
    """
    names, y = sorted(flags), part.y_train[watched]
    own = np.column_stack([flags[m][watched] for m in names])
    found: dict[str, Calibrator] = {}
    some = np.flatnonzero(own.any(axis=1))
    found[AS_THEY_ARE] = fit_calibrator(out_of_fold(None, some), y[some], part.task)
    order = np.random.default_rng(part.seed).permutation(len(watched))
    for subset in _subsets(names, own):
        inside = np.array([m in subset for m in names])
        exactly = np.asarray((own == inside).all(axis=1))
        fitting = exactly if exactly.sum() >= FEWEST_OBSERVED else np.asarray(own[:, inside].all(axis=1))
        rows = order[fitting[order]][:MOST_CALIBRATED]
        if len(rows) >= FEWEST_CALIBRATED and len(np.unique(y[rows])) > 1:
            found[_key(subset)] = fit_calibrator(out_of_fold(subset, rows), y[rows], part.task)
    return found


def _key(subset: frozenset[str]) -> str:
    return "+".join(sorted(subset))


def _subsets(names: Sequence[str], own: NDArray[np.bool_]) -> list[frozenset[str]]:
    if len(names) <= EXACT:
        return [frozenset(s) for size in range(1, len(names) + 1) for s in combinations(names, size)]
    seen = {frozenset(np.array(names)[row].tolist()) for row in np.unique(own, axis=0) if row.any()}
    return sorted(seen | {frozenset([m]) for m in names} | {frozenset(names) - {m} for m in names}, key=sorted)


@dataclass(frozen=True)
class NeuralPredictor:
    """A trained fusion network: features, networks of several seeds, and a calibrator for each subset of modalities.

    ``told_of_absence`` if modalities were hidden from it in training, or if it has but one.
    """

    views: Mapping[str, str]
    features: Mapping[str, Features]
    modules: tuple[Any, ...]
    calibrators: Mapping[str, Calibrator]
    task: Task
    prior: Floats
    centre: float = 0.0
    scale: float = 1.0
    device: str = "cpu"
    told_of_absence: bool = False

    def predict(self, blocks: Blocks, rows: Ints) -> Floats:
        return self.answer(blocks, rows)[1]

    def answer(self, blocks: Blocks, rows: Ints) -> tuple[Floats, Floats]:
        """Raw and calibrated predictions of ``rows``; the prior for a row that has no modality."""
        raw, calibrated = np.tile(self.prior, (len(rows), 1)), np.tile(self.prior, (len(rows), 1))
        if len(rows) == 0:
            return raw, calibrated
        batch = tensors(self.views, self.features, blocks, rows)
        raw = self._outputs(batch)
        flags = flags_of(batch)
        names = sorted(flags)
        own = np.column_stack([flags[m] for m in names])
        for pattern in np.unique(own, axis=0):
            here = (own == pattern).all(axis=1)
            kept = frozenset(m for m, has in zip(names, pattern, strict=True) if has)
            calibrator = self.calibrators.get(_key(kept), self.calibrators[AS_THEY_ARE])
            calibrated[here] = calibrator.apply(raw[here]) if kept else self.prior
            raw[here] = raw[here] if kept else self.prior
        return raw, calibrated

    def shares(self, blocks: Blocks, rows: Ints) -> dict[str, float] | None:
        """Mean share that each modality gets of the network's weights or attention; None where it has none."""
        import torch

        from fuseworthy.strategies.training.loop import rows_at_once

        if len(rows) == 0:
            return None
        module = self.modules[0]
        if not hasattr(module, "fuse"):
            return None
        batch = tensors(self.views, self.features, blocks, rows[:MOST_EXPLAINED])
        batch = batch.take(torch.arange(min(len(batch), rows_at_once(batch))))
        precision = next(module.parameters()).dtype
        with torch.no_grad():
            batch = batch.to(torch.device(self.device), precision)
            _, found = module(batch.inputs, batch.present, batch.mask, batch.times, return_attention=True)
        if found.share is None:
            return None
        return dict(zip(found.names, found.share.float().mean(dim=0).tolist(), strict=True))

    def _outputs(self, batch: Rows) -> Floats:
        from fuseworthy.strategies.training.loop import predict

        each = predict(self.modules, batch, self.device)
        return np.asarray(np.mean([to_outputs(p, self.task, self.centre, self.scale) for p in each], axis=0))


def to_outputs(logits: Floats, task: Task, centre: float, scale: float) -> Floats:
    """Probabilities of logits (n, classes), or values in the target's unit, (n, width)."""
    return np.asarray(special.softmax(logits, axis=1)) if task.is_classification else logits * scale + centre


def _maker(strategy: Neural, inputs: NeuralInputs, task: Task) -> Callable[[], Any]:
    from fuseworthy.strategies.training.lesson import Lesson

    unimodal = strategy.objective is not None and strategy.objective.unimodal
    own = strategy.make_for_sequences if inputs.train.mask else None
    return lambda: Lesson((own or strategy.make)(dict(inputs.sizes), task.width), unimodal=unimodal)


def _dropping(strategy: Neural, inputs: NeuralInputs) -> Any:
    from fuseworthy.strategies.training.batches import Dropping, dropping_rates

    return Dropping(dropping_rates(flags_of(inputs.train))) if strategy.dropping and len(inputs.sizes) > 1 else None


def _only(rows: Rows, index: Ints, kept: frozenset[str] | None) -> Rows:
    """Some rows, with all modalities but those kept hidden."""
    import torch

    batch = rows.take(torch.as_tensor(index))
    if kept is None:
        return batch
    nobody = torch.zeros(len(batch), dtype=torch.bool)
    return replace(batch, present=batch.present | {m: nobody for m in batch.names if m not in kept})
