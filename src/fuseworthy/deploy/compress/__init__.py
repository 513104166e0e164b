"""A model made smaller, with a verdict on what that costs: precision, pruning, one modality, distillation."""

from __future__ import annotations

from fuseworthy.deploy.compress.compressed import Compressed
from fuseworthy.deploy.compress.run import compress
from fuseworthy.deploy.compress.wanted import Wanted

__all__ = ["Compressed", "Wanted", "compress"]
