"""Estimators with their strategy in their name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from fuseworthy.errors import InputError
from fuseworthy.estimators.fusion import ClassifierOfTables, RandomState, RegressorOfTables
from fuseworthy.inputs.modality import Modality
from fuseworthy.strategies.strategy import EarlyBoosting, EarlyLinear, FusionStrategy, Late

Learner = Literal["linear", "boosting"]
EARLY: dict[str, FusionStrategy] = {"linear": EarlyLinear(), "boosting": EarlyBoosting()}


class _Late:
    """The parameters of late fusion."""

    def __init__(self, modalities: Mapping[str, Modality] | None = None, *, random_state: RandomState = None) -> None:
        self.modalities = modalities
        self.random_state = random_state

    def _chosen(self) -> FusionStrategy:
        return Late("stacking")


class _Early:
    """The parameters of early fusion."""

    def __init__(
        self,
        modalities: Mapping[str, Modality] | None = None,
        learner: Learner = "linear",
        *,
        random_state: RandomState = None,
    ) -> None:
        self.modalities = modalities
        self.learner = learner
        self.random_state = random_state

    def _chosen(self) -> FusionStrategy:
        return early_strategy(self.learner)


class _Network:
    """The parameters of a fusion network."""

    def __init__(
        self,
        modalities: Mapping[str, Modality] | None = None,
        network: str = "gated",
        *,
        random_state: RandomState = None,
    ) -> None:
        self.modalities = modalities
        self.network = network
        self.random_state = random_state

    def _chosen(self) -> FusionStrategy:
        from fuseworthy.strategies.networks import network_named

        return network_named(self.network)


class LateFusionClassifier(_Late, ClassifierOfTables):
    """Stacking of each modality's best calibrated single; see `FusionClassifier`.

    Parameters
    ----------
    modalities : mapping of name to Text, Tabular or Embedding, optional
    random_state : int, RandomState or None
    """


class LateFusionRegressor(_Late, RegressorOfTables):
    """Stacking of each modality's best calibrated single; parameters as of `LateFusionClassifier`."""


class EarlyFusionClassifier(_Early, ClassifierOfTables):
    """One model on the features of all modalities side by side; see `FusionClassifier`.

    Parameters
    ----------
    modalities : mapping of name to Text, Tabular or Embedding, optional
    learner : {"linear", "boosting"}
        A linear model with a penalty per modality, or gradient boosting on reduced features.
    random_state : int, RandomState or None

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> EarlyFusionClassifier(random_state=0).fit(X, y).score(X, y) > 0.9
    True
    """


class EarlyFusionRegressor(_Early, RegressorOfTables):
    """One model on the features of all modalities side by side; parameters as of `EarlyFusionClassifier`."""


class NetworkFusionClassifier(_Network, ClassifierOfTables):
    """A fusion network on frozen features; see `FusionClassifier`. Needs the extra ``deep``.

    Parameters
    ----------
    modalities : mapping of name to Text, Tabular or Embedding, optional
    network : str
        A network's name, such as "gated", "token-transformer" or "hybrid:audio+video".
    random_state : int, RandomState or None
    """


class NetworkFusionRegressor(_Network, RegressorOfTables):
    """A fusion network on frozen features; parameters as of `NetworkFusionClassifier`. Needs the extra ``deep``."""


def early_strategy(learner: str) -> FusionStrategy:
    """The early fusion with this learner.

    Raises
    ------
    InputError
        There is none.
    """
    if learner not in EARLY:
        raise InputError(f"learner must be one of {', '.join(EARLY)}, but {learner!r} came.")
    return EARLY[learner]
