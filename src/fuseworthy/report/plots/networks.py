"""Where networks look, and whether training modalities together costs something."""

from __future__ import annotations

from typing import Any

from fuseworthy.report.plots.display import GOOD, INK, SOFT, Display, Row, clean


class WeightsDisplay(Display):
    """Share of gates or attention that each modality gets in each network; weight is not value."""

    title = "Weight of each modality inside the networks"

    def rows(self) -> list[Row]:
        return [
            {"modality": row["modality"], "network": own["name"], "share": own["share"]}
            for row in self.facts["rows"]
            for own in row["shares"]
        ]

    def draw(self, ax: Any) -> None:
        names = self.facts["names"]
        left = dict.fromkeys(names, 0.0)
        for place, row in enumerate(self.facts["rows"]):
            shares = {own["name"]: own["share"] or 0.0 for own in row["shares"]}
            colour = (INK, GOOD, SOFT)[place % 3]
            ax.barh(
                names,
                [shares[n] for n in names],
                0.7,
                left=[left[n] for n in names],
                color=colour,
                alpha=1 - 0.2 * (place // 3),
                label=row["modality"],
            )
            left = {n: left[n] + shares[n] for n in names}
        ax.invert_yaxis()
        ax.set_xlim(0, 1)
        ax.set_xlabel("share of weight")
        ax.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        clean(ax)


class DominanceDisplay(Display):
    """A network trained jointly, and remedies, against the stack of what was trained apart."""

    title = "Trained together against trained apart"

    def rows(self) -> list[Row]:
        joint = {"name": "concat"} | {k: self.facts["joint"][k] for k in ("gain", "low", "high")}
        return [joint] + [{k: r[k] for k in ("name", "gain", "low", "high")} for r in self.facts["remedies"]]

    def draw(self, ax: Any) -> None:
        rows = self.rows()
        for i, row in enumerate(rows):
            ax.plot([row["low"], row["high"]], [i, i], color=INK, linewidth=1.6)
            ax.plot(row["gain"], i, "o", color=GOOD if row["low"] > 0 else INK)
        ax.axvline(0, color=SOFT, linewidth=1)
        ax.set_yticks(range(len(rows)), [row["name"] for row in rows])
        ax.invert_yaxis()
        ax.set_xlabel("loss saved against the stack")
        clean(ax)
