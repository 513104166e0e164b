"""Gains with intervals: of strategies, of probes, of slices."""

from __future__ import annotations

from typing import Any

from fuseworthy.report.plots.display import Display, Row, forest


class GainsDisplay(Display):
    """Every fusion's paired gain over the best single; ``facts`` has ``rows``, ``margin`` and ``loss``."""

    title = "Gain over the best single"

    def rows(self) -> list[Row]:
        return [dict(row) for row in self.facts["rows"]]

    def draw(self, ax: Any) -> None:
        forest(ax, self.rows(), "name", self.facts["margin"], f"gain in {self.facts['loss']}")


class HeadroomDisplay(Display):
    """What cheap probes gain over the best single, before fusing in earnest."""

    title = "What is left to gain"

    def rows(self) -> list[Row]:
        rows = [dict(row) for row in self.facts["rows"]]
        gap = self.facts["interaction"]
        if gap:
            rows.append(
                {"name": "interaction", "title": "full less additive"} | {k: gap[k] for k in ("gain", "low", "high")}
            )
        return rows

    def draw(self, ax: Any) -> None:
        forest(ax, self.rows(), "name", self.facts["margin"], "gain over the best single")


class SlicesDisplay(Display):
    """Slices asked for, confirmed, and held once."""

    title = "Slices rescued and harmed"

    def rows(self) -> list[Row]:
        kinds = (("asked", "asked for"), ("found", "confirmed"), ("suggested", "held once"))
        return [{"status": title} | row for key, title in kinds for row in self.facts[key]]

    def draw(self, ax: Any) -> None:
        rows = [row for row in self.rows() if row["gain"] is not None]
        if not rows:
            ax.text(0.5, 0.5, "No slice was confirmed.", ha="center", transform=ax.transAxes)
            ax.set_axis_off()
            return
        forest(ax, rows, "slice", xlabel="gain within the slice")
