"""A process that encodes rows: reads chunks of them from standard input and answers in kind.

Run as ``python -m fuseworthy.inputs.media.worker`` by `decoding`, which alone talks to it. A process of its own, not one
of `multiprocessing`: those import the caller's main script again, which an unguarded script does not survive.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping
from typing import Any

from fuseworthy import wire
from fuseworthy.errors import FuseworthyError
from fuseworthy.inputs.media.describing import describe_row
from fuseworthy.inputs.media.messages import from_task, to_answer


def main() -> None:
    """Serve chunks until standard input ends."""
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    while (task := wire.read(sys.stdin.buffer.read)) is not None:
        answers.write(wire.packed(_answer(task)))
        answers.flush()


def _answer(task: Mapping[str, Any]) -> dict[str, Any]:
    """Rows as encoded; or what is wrong with them, as the user is told; or the trace of a mistake of ours."""
    try:
        recording, views, rows = from_task(task)
        return {"rows": to_answer([describe_row(recording, views, row) for row in rows])}
    except FuseworthyError as error:
        return {"error": type(error).__name__, "said": str(error)}
    except Exception:
        return {"trace": traceback.format_exc()}


if __name__ == "__main__":
    main()
