"""The command line. Each command lives in a file of its own, parses its options, and calls a plain function."""

from __future__ import annotations

import signal
import sys
import traceback
from types import FrameType

from fuseworthy.errors import FuseworthyError


def main() -> None:
    """Run the command line: our errors are one sentence and exit code 2, Ctrl-C is exit code 130."""
    debug = "--debug" in sys.argv
    arguments = [a for a in sys.argv[1:] if a != "--debug"]
    from fuseworthy.cli.app import app

    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app(arguments, standalone_mode=True)
    except FuseworthyError as error:
        if debug:
            traceback.print_exc()
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(2) from None
    except BrokenPipeError:
        raise SystemExit(0) from None
    except OSError as error:
        if debug:
            traceback.print_exc()
        where = f" ({error.filename})" if error.filename else ""
        kept = " What is done is kept." if arguments[:1] == ["compare"] else ""
        sys.stderr.write(f"error: the disk or the system refused: {error.strerror or error}{where}.{kept}\n")
        raise SystemExit(2) from None


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
