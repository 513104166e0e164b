"""What a compression leaves: facts, note, report and plot, and folders with candidates that can be served."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fuseworthy.durable import write_bytes, write_json
from fuseworthy.report.compressed import render_compressed_lines, render_compressed_note, render_compressed_page

if TYPE_CHECKING:
    import pandas

    from fuseworthy.ledger import Ledger
    from fuseworthy.report.plots import CompressedDisplay


@dataclass(frozen=True, repr=False)
class Compressed:
    """Candidates held against the original.

    Parameters
    ----------
    facts : dict
        Everything that was measured; also in ``compress.json``.
    ledger : Ledger
        What the original, the candidates and their references answered to every unseen row.
    folder : Path
        Holds ``compress.json``, ``note.md``, ``report.html``, and ``candidates/NAME/`` with ``model.onnx`` and
        ``export.json`` of each candidate.
    """

    facts: dict[str, Any]
    ledger: Ledger
    folder: Path

    @property
    def recommended(self) -> str:
        """The smallest candidate that is not inferior, or ``original``."""
        return str(self.facts["recommended"])

    def lines(self) -> list[str]:
        """A line a candidate, and what is recommended, for a terminal."""
        return render_compressed_lines(self.facts)

    def note(self) -> str:
        """The note, in Markdown."""
        return render_compressed_note(self.facts)

    def report(self) -> str:
        """The report, one HTML page."""
        return render_compressed_page(self.facts)

    def display(self) -> CompressedDisplay:
        """Loss against size, with what nothing else beats named."""
        from fuseworthy.report.plots import CompressedDisplay

        return CompressedDisplay(self.facts)

    def frame(self) -> pandas.DataFrame:
        """A row a candidate (extra: pandas)."""
        return self.display().frame()

    def write(self) -> None:
        """Write facts, note and report into the folder."""
        write_json(self.folder / "compress.json", self.facts)
        write_bytes(self.folder / "note.md", self.note().encode())
        write_bytes(self.folder / "report.html", self.report().encode())

    def __repr__(self) -> str:
        return "\n".join(self.lines())
