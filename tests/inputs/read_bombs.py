"""Read every file of a folder as a picture under a limit of memory, and print what came of each: ``FOLDER``."""

import resource
import sys
from pathlib import Path

from bad_inputs import answer_to

from fuseworthy.errors import InputError
from fuseworthy.inputs.media.assets import Unreadable
from fuseworthy.inputs.media.images import read_image


def look_at(path):
    with path.open("rb") as opened:
        try:
            read_image(opened)
        except Unreadable as why:
            raise InputError(str(why)) from None


def peak_kilobytes():
    """Most memory of this program; ``getrusage`` would count that of the process which began it as well."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0])


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    for path in sorted(Path(sys.argv[1]).iterdir()):
        print(f"{path.name}: {answer_to(lambda path=path: look_at(path), seconds=10)}")
    print(f"peak MB: {peak_kilobytes() / 1024:.0f}")
