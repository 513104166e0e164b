"""Fusion as scikit-learn estimators: a table with several modalities in, predictions for any rows out."""

from fuseworthy.estimators.fusion import FusionClassifier, FusionRegressor
from fuseworthy.estimators.named import (
    EarlyFusionClassifier,
    EarlyFusionRegressor,
    LateFusionClassifier,
    LateFusionRegressor,
    NetworkFusionClassifier,
    NetworkFusionRegressor,
)

__all__ = [
    "EarlyFusionClassifier",
    "EarlyFusionRegressor",
    "FusionClassifier",
    "FusionRegressor",
    "LateFusionClassifier",
    "LateFusionRegressor",
    "NetworkFusionClassifier",
    "NetworkFusionRegressor",
]
