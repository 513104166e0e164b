"""Models of stacking on small tables, in a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fuseworthy as fw
from fuseworthy.deploy.model import Model


def stacked(table: Any, target: str, modalities: dict[str, Any], folder: Path) -> tuple[Model, Path]:
    """A model of all modalities, whatever the verdict, and its export in a folder."""
    study = fw.compare(
        table,
        target,
        modalities=modalities,
        strategies=["stacking"],
        anyway=True,
        folds=3,
        repeats=1,
        attribution=False,
    )
    model = study.deploy("stacking")
    model.export(folder)
    return model, folder
