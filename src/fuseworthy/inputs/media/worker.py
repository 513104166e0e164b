"""A process that encodes rows: reads pickled chunks from standard input and answers in kind.

Run as ``python -m fuseworthy.inputs.media.worker`` by `decoding`, which alone talks to it. A process of its own, not one
of `multiprocessing`: those import the caller's main script again, which an unguarded script does not survive.
"""

from __future__ import annotations

import pickle
import sys
import traceback
from typing import IO, Any

from fuseworthy.errors import FuseworthyError
from fuseworthy.inputs.media.describing import DescribedRow, describe_row


def main() -> None:
    """Serve chunks until standard input ends."""
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    while (task := receive(sys.stdin.buffer)) is not None:
        send(answers, _answer(*task))


def _answer(recording: Any, views: Any, rows: Any) -> list[DescribedRow] | FuseworthyError | str:
    try:
        return [describe_row(recording, views, row) for row in rows]
    except FuseworthyError as error:
        return error
    except Exception:
        return traceback.format_exc()


def send(pipe: IO[bytes], message: Any) -> None:
    """Write one message."""
    content = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(len(content).to_bytes(8, "little"))
    pipe.write(content)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """Read one message; None if there is no more."""
    size = pipe.read(8)
    if len(size) < 8:
        return None
    wanted = int.from_bytes(size, "little")
    content = pipe.read(wanted)
    return pickle.loads(content) if len(content) == wanted else None


if __name__ == "__main__":
    main()
