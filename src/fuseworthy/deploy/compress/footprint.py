"""Peak memory of a fresh process that loads a graph and answers rows: ``python footprint.py [GRAPH ROWS.npz OUTPUT]``.

Run as a file, so that nothing of ours is in the process; without arguments it loads numpy and onnxruntime and nothing else.
"""

from __future__ import annotations

import sys
from pathlib import Path


def peak() -> int:
    """Largest resident memory so far, in bytes."""
    status = Path("/proc/self/status")
    if status.is_file():  # of this process alone; what getrusage tells on Linux begins with that of the parent
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    import resource

    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(largest if sys.platform == "darwin" else largest << 10)


def main(words: list[str]) -> None:
    import numpy as np
    import onnxruntime as ort

    if words:
        graph, rows, output = words
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        with np.load(rows, allow_pickle=False) as held:
            arrays = [held[f"input{place}"] for place in range(len(held.files))]
        given = {own.name: array for own, array in zip(session.get_inputs(), arrays, strict=True)}
        for _ in range(3):
            session.run([output], given)
    sys.stdout.write(f"{peak()}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
