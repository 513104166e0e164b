"""What a compression found, as a plot."""

from __future__ import annotations

from typing import Any

from fuseworthy.report.plots.display import BAD, GOOD, INK, SOFT, Display, Row, clean

COLOURS = {"not inferior": GOOD, "inferior": BAD}
COLUMNS = ("name", "loss", "gain", "low", "high", "standing", "bytes", "milliseconds", "memory", "size_front")


class CompressedDisplay(Display):
    """Loss against size; green is not inferior, red is; what nothing else beats is named."""

    title = "Loss against size"

    def rows(self) -> list[Row]:
        found = []
        for row in (self.facts["original"], *self.facts["candidates"]):
            one, many = row["latency"][0], row["latency"][-1]
            found.append(
                {name: row.get(name) for name in COLUMNS}
                | {
                    "p95": one["p95"],
                    f"milliseconds_{many['rows']}": many["median"],
                    f"p95_{many['rows']}": many["p95"],
                }
            )
        return found

    def draw(self, ax: Any) -> None:
        rows = sorted(self.rows(), key=lambda row: row["bytes"])
        for row in rows:
            front = row["size_front"]
            colour = COLOURS.get(str(row["standing"]), INK if row["standing"] is None else SOFT)
            ax.plot(row["bytes"] / 1000, row["loss"], "o" if front else ".", color=colour)
            if front:
                at = (row["bytes"] / 1000, row["loss"])
                ax.annotate(row["name"], at, xytext=(5, 4), textcoords="offset points", fontsize=9)
        front = [row for row in rows if row["size_front"]]
        ax.step([r["bytes"] / 1000 for r in front], [r["loss"] for r in front], where="post", color=SOFT, linewidth=0.8)
        ax.set_xscale("log")
        ax.tick_params(axis="x", which="minor", labelbottom=False)
        ax.set_xlabel("kilobytes (log)")
        ax.set_ylabel("loss")
        clean(ax)
