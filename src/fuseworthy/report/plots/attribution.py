"""What each modality is worth and what the fusion relies on; and how information about the target is shared."""

from __future__ import annotations

from typing import Any

from fuseworthy.report.plots.display import GOOD, INK, SOFT, Display, Row, clean

KINDS = {
    "shapley": ("Shapley value", INK),
    "left_out": ("lost when left out", GOOD),
    "reliance": ("lost when shuffled", SOFT),
}


class AttributionDisplay(Display):
    """Shapley value, value when left out, and reliance of each modality, side by side."""

    title = "Value and reliance"

    def rows(self) -> list[Row]:
        return [
            {"modality": row["modality"], "measure": kind} | {k: row[kind][k] for k in ("gain", "low", "high")}
            for row in self.facts["rows"]
            for kind in ("alone", *KINDS)
            if row[kind] is not None
        ]

    def draw(self, ax: Any) -> None:
        rows, height = self.facts["rows"], 0.26
        for place, (kind, (title, colour)) in enumerate(KINDS.items()):
            for i, row in enumerate(rows):
                if (found := row[kind]) is None:
                    continue
                at = i + (place - 1) * height
                ax.barh(at, found["gain"], height, color=colour, alpha=0.75, label=title if i == 0 else None)
                ax.plot([found["low"], found["high"]], [at, at], color=INK, linewidth=1.2)
        ax.axvline(0, color=SOFT, linewidth=1)
        ax.set_yticks(range(len(rows)), [row["modality"] for row in rows])
        ax.invert_yaxis()
        ax.set_xlabel("loss saved, or lost")
        ax.legend(frameon=False, fontsize=9)
        clean(ax)


class DecompositionDisplay(Display):
    """Redundant, unique and synergistic information, debiased."""

    title = "Information about the target"

    def rows(self) -> list[Row]:
        return [dict(part) for part in self.facts["parts"]]

    def draw(self, ax: Any) -> None:
        parts = self.rows()
        if not parts:
            ax.text(0.5, 0.5, str(self), ha="center", wrap=True, transform=ax.transAxes)
            return
        for i, part in enumerate(parts):
            ax.barh(i, part["nats"], 0.6, color=SOFT)
            ax.plot([part["low"], part["high"]], [i, i], color=INK, linewidth=1.2)
        ax.set_yticks(range(len(parts)), [part["title"] for part in parts])
        ax.invert_yaxis()
        ax.set_xlabel("nats")
        clean(ax)
