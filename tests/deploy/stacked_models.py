"""Models of stacking on small tables, in a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fuseworthy as fw
from fuseworthy.deploy.model import Model
from quick_learners import quick_learners


def stacked(table: Any, target: str, modalities: dict[str, Any], folder: Path) -> tuple[Model, Path]:
    """A model of all modalities, whatever the verdict, and its export in a folder."""
    asked = {"strategies": ["stacking"], "anyway": True, "folds": 3, "repeats": 1, "attribution": False}
    with quick_learners():
        model = fw.compare(table, target, modalities=modalities, **asked).deploy("stacking")
    model.export(folder)
    return model, folder
