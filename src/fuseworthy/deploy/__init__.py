"""What a study recommends, at work: a model that answers rows with any of their modalities, kept in a folder."""

from __future__ import annotations

from fuseworthy.deploy.answers import Answers
from fuseworthy.deploy.folder import load
from fuseworthy.deploy.model import Model

__all__ = ["Answers", "Model", "load"]
