"""What a fusion is worth with modalities missing."""

from __future__ import annotations

from typing import Any

from fuseworthy.report.plots.display import GOOD, INK, SOFT, Display, Row, clean


class MissingDisplay(Display):
    """Every set of modalities with its route; the plot is the expected gain against the share of rows that lack one.

    ``facts`` holds ``patterns``, ``curves``, ``limits``, ``bursts`` and ``mask_only``, as
    `fuseworthy.evidence.missing.missing_facts` gives them.
    """

    title = "With modalities missing"

    def rows(self) -> list[Row]:
        keys = (
            "pattern",
            "observed",
            "rows",
            "basis",
            "loss_single",
            "loss_fusion",
            "gain",
            "low",
            "high",
            "single",
            "route",
        )
        return [{key: row.get(key) for key in keys} for row in self.facts["patterns"]]

    def draw(self, ax: Any) -> None:
        for place, curve in enumerate(self.facts["curves"]):
            rates = [row["rate"] for row in curve["rates"]]
            together = curve["missing"] == "each"
            colour = INK if together else (GOOD, SOFT)[place % 2]
            label = "each of them" if together else curve["missing"]
            ax.plot(
                rates, [row["gain"] for row in curve["rates"]], color=colour, alpha=1 - 0.15 * (place // 2), label=label
            )
            if together:
                low, high = ([row[key] for row in curve["rates"]] for key in ("low", "high"))
                ax.fill_between(rates, low, high, color=colour, alpha=0.12, linewidth=0)
        ax.axhline(self.facts["margin"], color=SOFT, linewidth=1, linestyle="--")
        ax.axhline(0, color=SOFT, linewidth=1)
        ax.set_xlabel("share of rows that lack it, at random")
        ax.set_ylabel("gain over the best single left")
        ax.legend(frameon=False, fontsize=9)
        clean(ax)
