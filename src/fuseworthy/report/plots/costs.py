"""Gain against cost: what nothing else beats at its price."""

from __future__ import annotations

from typing import Any

from fuseworthy.report.plots.display import INK, SOFT, Display, Row, clean


class CostsDisplay(Display):
    """Loss against time to predict; strategies on the Pareto front are named."""

    title = "Loss against the time to predict"

    def rows(self) -> list[Row]:
        return [dict(row) for row in self.facts["rows"]]

    def draw(self, ax: Any) -> None:
        rows = sorted(self.rows(), key=lambda row: row["predict_seconds"])
        for row in rows:
            front = row["pareto"]
            ax.plot(row["predict_seconds"], row["loss"], "o" if front else ".", color=INK if front else SOFT)
            if front:
                ax.annotate(
                    row["name"],
                    (row["predict_seconds"], row["loss"]),
                    xytext=(5, 4),
                    textcoords="offset points",
                    fontsize=9,
                )
        front = [row for row in rows if row["pareto"]]
        ax.step(
            [r["predict_seconds"] for r in front], [r["loss"] for r in front], where="post", color=SOFT, linewidth=0.8
        )
        ax.set_xscale("log")
        ax.tick_params(axis="x", which="minor", labelbottom=False)
        ax.set_xlabel("milliseconds a row (log)")
        ax.set_ylabel("loss")
        clean(ax)

    def __str__(self) -> str:
        extra = self.facts["extra"]
        if extra is None:
            return self.title
        return (
            f"The best fusion takes {extra['milliseconds']:+.3g} ms a row and {extra['parameters']:+,} parameters over the "
            "best single."
        )
