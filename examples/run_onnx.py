"""Answer two rows with an exported model, one of them without a modality: python examples/run_onnx.py FOLDER

Needs numpy and onnxruntime, and nothing of ours. The rows are those that export.json brings along.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

folder = Path(sys.argv[1])
about = json.loads((folder / "export.json").read_text(encoding="utf-8"))
graph = onnxruntime.InferenceSession(folder / about["file"])

lacking = about["router"]["modalities"][-1]  # by the second row
given = {}
for own in about["inputs"]:
    rows = np.array(about["probe"]["inputs"][own["name"]]["values"], dtype=own["dtype"])[:2]
    if own["role"] == "present":
        rows[1] = own["modality"] != lacking
    given[own["name"]] = rows

outputs = [about["outputs"]["prediction"], about["outputs"]["route"]]
for row, route in zip(*graph.run(outputs, given), strict=True):
    answer = dict(zip(about["classes"] or ["value"], row.round(3).tolist(), strict=True))
    print(answer, "answered by", about["router"]["routes"][route])
