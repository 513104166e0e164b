"""A worker process: reads units from standard input, a JSON line each, and answers when their files are written.

Run as ``python -m fuseworthy.study.worker FOLDER``. Nothing but names crosses the pipe, so a worker can die at any time
and nothing is lost but the unit it was on.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

from fuseworthy.errors import FuseworthyError
from fuseworthy.study.units import Unit, run_unit
from fuseworthy.study.workspace import open_workspace


def main() -> None:
    """Serve units until standard input ends."""
    answers = sys.stdout
    sys.stdout = sys.stderr
    workspace = open_workspace(Path(sys.argv[1]))
    for line in sys.stdin:
        answer: dict[str, str] = {"status": "done"}
        try:
            run_unit(workspace, Unit(**json.loads(line)))
        except (FuseworthyError, MemoryError) as error:
            answer = {"status": "refused", "message": str(error) or type(error).__name__}
        except Exception as error:
            answer = {
                "status": "failed",
                "message": f"{type(error).__name__}: {error}",
                "trace": traceback.format_exc(),
            }
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
