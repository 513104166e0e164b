"""What a run tells while it goes on. The command line draws it; anyone else may listen."""

from __future__ import annotations

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
