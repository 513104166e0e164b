"""The result of a comparison or a judgement, to look at, to read and to hand on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuseworthy.durable import write_bytes
from fuseworthy.evidence.outcome import Verdict
from fuseworthy.ledger import Ledger


@dataclass(frozen=True, repr=False)
class Study:
    """Singles, fusions and the verdict on them.

    Parameters
    ----------
    ledger : Ledger
        Out-of-fold predictions of every strategy.
    verdict : Verdict
    facts : dict
        Everything the note and the report say, as data.
    folder : Path or None
        The run on disk, if it was asked to be kept.
    failed : tuple of str
        Strategies that could not be fitted, with the reason.
    """

    ledger: Ledger
    verdict: Verdict
    facts: dict[str, Any]
    folder: Path | None = None
    failed: tuple[str, ...] = ()

    def note(self, *, timings: bool = False) -> str:
        """The fusion note in Markdown; ``timings=True`` adds the table of seconds, which vary from run to run."""
        from fuseworthy.report.note import render_note

        return render_note(self.facts, timings=timings)

    def report(self, path: str | Path | None = None) -> str:
        """The report as one self-contained HTML page; written to ``path`` if given."""
        from fuseworthy.report.page import render_page

        page = render_page(self.facts)
        if path is not None:
            write_bytes(Path(path), page.encode())
        return page

    def to_dict(self) -> dict[str, Any]:
        """The facts behind note and report."""
        return self.facts

    def __repr__(self) -> str:
        from fuseworthy.report.summary import render_text

        return render_text(self.facts)

    def _repr_html_(self) -> str:
        from fuseworthy.report.summary import render_fragment

        return render_fragment(self.facts)
