"""The files of an export, and how near its graph must be to what it is of."""

from __future__ import annotations

FORMAT = 1
GRAPH, DESCRIPTION = "model.onnx", "export.json"
TOLERANCE = 1e-5
"""By how much a probability, or a value in standard deviations of the target, may differ."""
