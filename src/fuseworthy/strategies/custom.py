"""The user's own strategies: an object, a scikit-learn estimator, or a function that makes a torch module."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fuseworthy.errors import InputError
from fuseworthy.folds import Ints
from fuseworthy.strategies.design import lay_out
from fuseworthy.strategies.early import join
from fuseworthy.strategies.families import Family, Setting
from fuseworthy.strategies.features import WideVectors
from fuseworthy.strategies.neural import Neural
from fuseworthy.strategies.neural_inputs import FEATURES
from fuseworthy.strategies.part import Blocks, Constant, Cost, Fitted, Part, Predictor, presence
from fuseworthy.strategies.singles import FeatureStore
from fuseworthy.strategies.strategy import FusionStrategy
from fuseworthy.strategies.views import dense_view
from fuseworthy.task import Floats, Task

FLAT = FEATURES | {"tokens": WideVectors}
"""Features of each view as one vector a row."""


@dataclass(frozen=True)
class Concatenated:
    """A scikit-learn estimator on the features of all modalities side by side, calibrated on inner folds.

    An absent modality is zeros, with a flag for each modality that is absent in some training rows.

    Parameters
    ----------
    estimator : classifier with ``predict_proba``, or regressor; it is cloned for every fit
    """

    estimator: Any

    def fit(self, blocks: Blocks, singles: Any, part: Part) -> Fitted:
        from sklearn.base import clone

        if part.task.is_classification and len(np.unique(part.y_train)) < 2:
            return Fitted(part.constant(len(part.test)), predictor=Constant(part.prior))
        store, cost = FeatureStore(part), Cost()
        own = {m: views[dense_view(views)] for m, views in sorted(blocks.items())}

        def made(task: Task, setting: Setting, seed: int, flags: list[int]) -> Any:
            return clone(self.estimator)

        with cost.fitting():
            flat = {m: Family("flat", "", block.view, FLAT[block.form], made, ()) for m, block in own.items()}
            features = {m: store.get(flat[m], block)[0] for m, block in own.items()}
            design = lay_out(own, features, part, "dense")
        joint = join(Family("own", "", "", WideVectors, made, ({},)), design, part, cost)
        predictor = PriorForNothing(joint.predictor, tuple(own), part.prior)
        test = predictor.only_where_something(joint.fitted.test, blocks, part.test)
        return replace(joint.fitted, test=test, predictor=predictor)


@dataclass(frozen=True)
class PriorForNothing:
    """Another predictor's answers; the prior for a row that has no modality."""

    predictor: Predictor
    modalities: tuple[str, ...]
    prior: Floats

    def predict(self, blocks: Blocks, rows: Ints) -> Floats:
        return self.only_where_something(self.predictor.predict(blocks, rows), blocks, rows)

    def only_where_something(self, answers: Floats, blocks: Blocks, rows: Ints) -> Floats:
        some = np.any([presence(blocks[m])[rows] for m in self.modalities], axis=0)
        return np.where(some[:, None], answers, self.prior)


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
