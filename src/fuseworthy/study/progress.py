"""What a run tells while it goes on. The command line draws it; anyone else may listen."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol


class Progress(Protocol):
    """Listener of a run. Every method may do nothing."""

    def inputs(self, facts: Mapping[str, Any]) -> None:
        """What will be used as what; called before anything trains."""

    def begin(self, stage: str, total: int, done: int) -> None:
        """A stage of ``total`` units begins, ``done`` of which were done before."""

    def advance(self, what: str) -> None:
        """One more unit of the stage is done."""

    def singles(self, rows: list[dict[str, Any]], metric: str, loss: str, repeats: str) -> None:
        """The table of singles; called before any fusion is fitted."""

    def say(self, line: str) -> None:
        """A notice."""


class Silent:
    """Listens to nothing."""

    def inputs(self, facts: Mapping[str, Any]) -> None: ...

    def begin(self, stage: str, total: int, done: int) -> None: ...

    def advance(self, what: str) -> None: ...

    def singles(self, rows: list[dict[str, Any]], metric: str, loss: str, repeats: str) -> None: ...

    def say(self, line: str) -> None: ...


PATIENCE = 2.0
"""Seconds a step may take before it is shown."""


class EncodingProgress:
    """Shows how the files of modalities are read, one stage each, if that takes long enough to wonder.

    Examples
    --------
    >>> EncodingProgress(Silent())("photo", 64, 5000)
    """

    def __init__(self, progress: Progress, patience: float = PATIENCE) -> None:
        self.progress = progress
        self.patience = patience
        self._stage = ""
        self._start = 0.0
        self._shown = -1

    def __call__(self, modality: str, done: int, total: int) -> None:
        """``done`` of ``total`` rows of a modality are read."""
        if self._stage != modality:
            self._stage, self._start, self._shown = modality, time.monotonic(), -1
        lasted = time.monotonic() - self._start
        if self._shown < 0:
            if lasted < self.patience or done == total:
                return
            self.progress.begin(f"encoding {modality}", total, 0)
            self._shown = 0
        rate = f"{done / max(lasted, 1e-9):,.0f} rows/s"
        for _ in range(done - self._shown):
            self.progress.advance(rate)
        self._shown = done
