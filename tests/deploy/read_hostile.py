"""Read model folders that mean harm, watched, and print a line of JSON each: ``GOOD... -- ROOT``.

A process of its own, because code that is led out of its arrays may end one without a word. Good models are read first,
so that nothing honest is left to import.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import fuseworthy as fw
from fuseworthy.deploy.folder import versions_here
from fuseworthy.errors import InputError

ROOM = 4 << 30
"""Bytes of addresses beside those that good models need."""
NEVER = (
    "exec",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "pickle.find_class",
    "os.remove",
)
PARSED = "<unknown>"
"""What `ast.literal_eval`, which reads the headers of arrays, calls what it parses and never runs."""


class Watch:
    """Notes what should not happen while a folder is read."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.folder is None:
            return
        if event in NEVER or event.startswith(("socket.", "ctypes.", "urllib.", "shutil.")):
            self.seen.append(f"{event} {arguments!r:.100}")
        elif event == "compile" and arguments[1] not in (PARSED, PARSED.encode()):
            self.seen.append(f"compile {arguments[1]!r}")
        elif event == "import" and not str(arguments[0]).startswith("fuseworthy."):
            self.seen.append(f"import {arguments[0]}")
        elif event in ("open", "os.scandir", "os.listdir") and isinstance(arguments[0], str | bytes | os.PathLike):
            path = Path(os.fsdecode(arguments[0]))
            if path != self.folder and self.folder not in path.parents:
                self.seen.append(f"{event} {path}")


def answer_to(folder: Path, table: Any, watch: Watch) -> dict[str, Any]:
    """What reading a folder, and asking the model in it, comes to."""
    signal.alarm(60)
    watch.folder, watch.seen = folder, []
    said = ""
    try:
        model = fw.load(folder)
        model.answer(table)
        outcome = "read"
    except InputError as error:
        outcome, said = "refused", str(error)
    except BaseException as error:
        outcome, said = "crash", f"{type(error).__name__}: {error}"[:300]
    finally:
        watch.folder = None
        signal.alarm(0)
    return {"kind": folder.name, "outcome": outcome, "said": said, "seen": watch.seen}


def begin(good: list[str]) -> tuple[Any, Watch]:
    """Read good models, so that all is imported, and watch from now on; their table, and the watch."""
    warnings.simplefilter("ignore")
    table = pq.read_table(Path(good[0]).parent / "rows.parquet")
    for name in ("cells", "embedded", "hashed", "minilm", "recordings", "tokens", "vectors", "words"):
        import_module(f"fuseworthy.inputs.encoders.{name}")
    for folder in good:
        fw.load(folder).answer(table)
    versions_here()  # reads what is installed, once
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM,) * 2)
    watch = Watch()
    sys.addaudithook(watch)
    return table, watch


def peak() -> int:
    """Largest resident set so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


if __name__ == "__main__":
    *good, _, root = sys.argv[1:]
    table, watch = begin(good)
    before = peak()
    for folder in sorted(Path(root).iterdir()):
        print(json.dumps({"at": folder.name}), flush=True)
        print(json.dumps(answer_to(folder, table, watch)), flush=True)
    print(json.dumps({"grown": peak() - before}))
