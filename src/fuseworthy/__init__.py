"""Fuseworthy: should these modalities be combined at all, and if so where?

The names below load what they need when they are first used; importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "compare": "fuseworthy.study.api",
    "judge": "fuseworthy.study.api",
    "inspect": "fuseworthy.inspection.inspection",
    "embed": "fuseworthy.inputs.embed",
    "Text": "fuseworthy.inputs.modality",
    "Tabular": "fuseworthy.inputs.modality",
    "Embedding": "fuseworthy.inputs.modality",
    "Files": "fuseworthy.inputs.files",
    "Image": "fuseworthy.inputs.recordings",
    "Audio": "fuseworthy.inputs.recordings",
    "Video": "fuseworthy.inputs.recordings",
    "Series": "fuseworthy.inputs.recordings",
    "Study": "fuseworthy.study.study",
    "Model": "fuseworthy.deploy.model",
    "load": "fuseworthy.deploy.folder",
    "Ledger": "fuseworthy.ledger",
    "FusionClassifier": "fuseworthy.estimators",
    "FusionRegressor": "fuseworthy.estimators",
    "EarlyFusionClassifier": "fuseworthy.estimators",
    "EarlyFusionRegressor": "fuseworthy.estimators",
    "LateFusionClassifier": "fuseworthy.estimators",
    "LateFusionRegressor": "fuseworthy.estimators",
    "NetworkFusionClassifier": "fuseworthy.estimators",
    "NetworkFusionRegressor": "fuseworthy.estimators",
    "Verdict": "fuseworthy.evidence.outcome",
    "FuseworthyError": "fuseworthy.errors",
    "UnreadableFilesWarning": "fuseworthy.errors",
    "UnseenAbsenceWarning": "fuseworthy.errors",
}

__all__ = [
    "Audio",
    "EarlyFusionClassifier",
    "EarlyFusionRegressor",
    "Embedding",
    "Files",
    "FuseworthyError",
    "FusionClassifier",
    "FusionRegressor",
    "Image",
    "LateFusionClassifier",
    "LateFusionRegressor",
    "Ledger",
    "Model",
    "NetworkFusionClassifier",
    "NetworkFusionRegressor",
    "Series",
    "Study",
    "Tabular",
    "Text",
    "UnreadableFilesWarning",
    "UnseenAbsenceWarning",
    "Verdict",
    "Video",
    "__version__",
    "compare",
    "embed",
    "inspect",
    "judge",
    "load",
]

if TYPE_CHECKING:
    from fuseworthy.deploy.folder import load
    from fuseworthy.deploy.model import Model
    from fuseworthy.errors import FuseworthyError, UnreadableFilesWarning, UnseenAbsenceWarning
    from fuseworthy.estimators import (
        EarlyFusionClassifier,
        EarlyFusionRegressor,
        FusionClassifier,
        FusionRegressor,
        LateFusionClassifier,
        LateFusionRegressor,
        NetworkFusionClassifier,
        NetworkFusionRegressor,
    )
    from fuseworthy.evidence.outcome import Verdict
    from fuseworthy.inputs.embed import embed
    from fuseworthy.inputs.files import Files
    from fuseworthy.inputs.modality import Embedding, Tabular, Text
    from fuseworthy.inputs.recordings import Audio, Image, Series, Video
    from fuseworthy.inspection.inspection import inspect
    from fuseworthy.ledger import Ledger
    from fuseworthy.study.api import compare, judge
    from fuseworthy.study.study import Study


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'fuseworthy' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
