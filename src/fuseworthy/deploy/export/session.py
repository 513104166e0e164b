"""A graph opened in onnxruntime."""

from __future__ import annotations

from typing import Any

from fuseworthy.errors import require


def opened(content: bytes) -> Any:
    """A session of onnxruntime on one thread."""
    ort = require("onnxruntime", extra="onnx")
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
