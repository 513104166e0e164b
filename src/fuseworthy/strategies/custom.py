"""The user's own strategies: an object, a scikit-learn estimator, or a function that makes a torch module."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fuseworthy.errors import InputError
from fuseworthy.strategies.calibration import Calibrator, fit_calibrator
from fuseworthy.strategies.families import outputs
from fuseworthy.strategies.features import Features, WideVectors
from fuseworthy.strategies.neural import Neural
from fuseworthy.strategies.neural_inputs import FEATURES, view_of
from fuseworthy.strategies.part import Blocks, Constant, Cost, Fitted, Part, presence
from fuseworthy.strategies.singles import present_rows
from fuseworthy.strategies.strategy import FusionStrategy
from fuseworthy.task import Floats, Task

FLAT = FEATURES | {"tokens": WideVectors}
"""Features of each view as one vector a row."""


@dataclass(frozen=True)
class Concatenated:
    """A scikit-learn estimator on the features of all modalities side by side, calibrated on inner folds.

    Rows lack a modality as zeros with a flag of their own.

    Parameters
    ----------
    estimator : classifier with ``predict_proba``, or regressor; it is cloned for every fit
    """

    estimator: Any

    def fit(self, blocks: Blocks, singles: Any, part: Part) -> Fitted:
        from sklearn.base import clone

        if part.task.is_classification and len(np.unique(part.y_train)) < 2:
            return Fitted(part.constant(len(part.test)), predictor=Constant(part.prior))
        cost = Cost()
        with cost.fitting():
            features = {
                m: FLAT[view_of(views)]().fit(
                    views[view_of(views)], present_rows(views[view_of(views)], part.train), part.seed
                )
                for m, views in sorted(blocks.items())
            }
            x, y = side_by_side(features, blocks, part.train), part.y_train
            oof = np.tile(part.prior, (len(y), 1))
            for k in np.unique(part.inner):
                fit, score = part.inner != k, part.inner == k
                if len(np.unique(y[fit])) > 1 or (fit.any() and not part.task.is_classification):
                    oof[score] = outputs(clone(self.estimator).fit(x[fit], y[fit]), x[score], part.task)
            calibrator = fit_calibrator(oof, y, part.task)
            model = clone(self.estimator).fit(x, y)
        predictor = ConcatenatedPredictor(features, model, calibrator, part.task, part.prior)
        with cost.predicting():
            test = predictor.predict(blocks, part.test)
        return Fitted(test, None, calibrator.apply(oof), cost, {}, predictor)


@dataclass(frozen=True)
class ConcatenatedPredictor:
    """A fitted estimator with the features it reads; the prior for a row that has no modality."""

    features: dict[str, Features]
    model: Any
    calibrator: Calibrator
    task: Task
    prior: Floats

    def predict(self, blocks: Blocks, rows: Any) -> Floats:
        found = np.tile(self.prior, (len(rows), 1))
        some = np.any([presence(blocks[m])[rows] for m in self.features], axis=0)
        if some.any():
            x = side_by_side(self.features, blocks, rows[some])
            found[some] = self.calibrator.apply(outputs(self.model, x, self.task))
        return found


def side_by_side(features: dict[str, Features], blocks: Blocks, rows: Any) -> Floats:
    """The features of all modalities and a flag each for absence, (n, columns)."""
    parts = []
    for m, own in features.items():
        block = blocks[m][view_of(blocks[m])]
        here = block.present[rows][:, None]
        parts += [np.where(here, own.transform(block, rows), 0.0), ~here]
    return np.hstack(parts).astype(np.float64)


def as_strategy(given: Any) -> FusionStrategy:
    """What was given, as a strategy.

    Parameters
    ----------
    given : object with ``fit(blocks, singles, part)``, or a class of such; a scikit-learn estimator; or a callable
        (features of each modality, outputs) that makes a torch module with the ``forward`` of `fuseworthy.nn`

    Raises
    ------
    InputError
        It is none of these.
    """
    made = given() if isinstance(given, type) and not _is_network(given) else given
    if hasattr(made, "get_params") and hasattr(made, "predict"):
        return Concatenated(made)
    if isinstance(made, FusionStrategy) and not hasattr(made, "get_params"):
        return made
    if isinstance(made, type):
        return Neural(lambda inputs, outs: made(inputs=inputs, outputs=outs))
    if callable(made) and not _is_network(type(made)):
        return Neural(made)
    raise InputError(
        "a strategy must be an object with fit(blocks, singles, part), a scikit-learn estimator, or a function that makes "
        f"a torch module (so that each fold gets a fresh one), but {type(made).__name__} came."
    )


def load_strategy(where: str) -> FusionStrategy:
    """Import ``package.module:name`` or ``path/to/file.py:name``.

    Raises
    ------
    InputError
        There is no such file, module or name.
    """
    home, _, name = where.rpartition(":")
    try:
        module = _from_file(Path(home)) if home.endswith(".py") else importlib.import_module(home)
    except (ImportError, OSError) as error:
        raise InputError(f"the strategy {where!r} must be importable, but: {error}.") from error
    if not hasattr(module, name):
        raise InputError(f"{home} must define the strategy {name!r}, but does not.")
    return as_strategy(getattr(module, name))


def _from_file(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.exists():
        raise ImportError(f"there is no Python file {path}")
    module = importlib.util.module_from_spec(spec)
    held = sys.modules.get(path.stem)
    if held is None or getattr(held, "__file__", None) == str(path):
        sys.modules[path.stem] = module  # dataclasses look their module up, and so does pickle
    spec.loader.exec_module(module)
    return module


def _is_network(kind: type) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and issubclass(kind, torch.nn.Module)
