"""Rows that the fusion gets right and the single wrong, and the other way round."""

from __future__ import annotations

from typing import Any

from fuseworthy.report.plots.display import BAD, GOOD, SOFT, Display, Row, clean


class RescueDisplay(Display):
    """Rescued and harmed rows against the best single of every modality; ``facts`` has ``matrices`` and ``changed``."""

    title = "Rows rescued and harmed"

    def rows(self) -> list[Row]:
        """One row for each row of the table that the fusion turned, against the best single."""
        return [dict(row) for row in self.facts["changed"]]

    def draw(self, ax: Any) -> None:
        matrices = self.facts["matrices"]
        for i, matrix in enumerate(matrices):
            ax.barh(i, matrix["rescued"], 0.6, color=GOOD)
            ax.barh(i, -matrix["harmed"], 0.6, color=BAD)
        ax.axvline(0, color=SOFT, linewidth=1)
        ax.set_yticks(range(len(matrices)), [f"against {m['against']}" for m in matrices])
        ax.invert_yaxis()
        ax.set_xlabel("rows harmed (left) and rescued (right)")
        clean(ax)

    def __str__(self) -> str:
        told = [
            f"{m['rescued']:,} rescued and {m['harmed']:,} harmed against {m['against']} (p {m['p_value']:.2g})"
            for m in self.facts["matrices"]
        ]
        return "; ".join(told) + "."
