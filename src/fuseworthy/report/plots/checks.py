"""Named pitfalls: which a study fell into, which it did not, and which could not be looked at."""

from __future__ import annotations

from typing import Any

from fuseworthy.report.plots.display import BAD, GOOD, SOFT, Display, Row, clean

STATUS = {"fired": BAD, "clear": GOOD, "does not apply": SOFT}


class ChecksDisplay(Display):
    """Every rule with its status; ``facts`` has ``rows``."""

    title = "Checks"

    def rows(self) -> list[Row]:
        keys = ("code", "title", "severity", "status", "sentence", "advice", "link")
        return [{key: row[key] for key in keys} for row in self.facts["rows"]]

    @property
    def fired(self) -> list[Row]:
        """Rules that fired, errors first."""
        order = ("error", "warning", "note")
        return sorted((r for r in self.rows() if r["status"] == "fired"), key=lambda r: order.index(r["severity"]))

    @property
    def unanswered(self) -> list[Row]:
        """Rules that do not apply, with the reason in ``sentence``."""
        return [r for r in self.rows() if r["status"] == "does not apply"]

    def draw(self, ax: Any) -> None:
        rows = self.rows()
        for i, row in enumerate(rows):
            ax.plot([0], [i], "o", color=STATUS[row["status"]])
            ax.text(0.06, i, f"{row['code']}  {row['title']}: {row['status']}", va="center", fontsize=9)
        ax.set_xlim(-0.1, 3)
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.set_yticks([])
        ax.set_xticks([])
        clean(ax)

    def __str__(self) -> str:
        fired = self.fired
        told = "; ".join(f"{r['code']} {r['title']}" for r in fired) or "none fired"
        return f"{len(self.rows())} checks: {told}; {len(self.unanswered)} do not apply."
