"""Reliability curves, and errors against the share of rows kept."""

from __future__ import annotations

from typing import Any

from fuseworthy.report.plots.display import INK, SOFT, Display, Row, clean

COLOURS = ("#1f1d1a", "#1d6f42", "#a8321f", "#3a5a8c", "#87580a", "#5d5570")


class CalibrationDisplay(Display):
    """Reliability curves with intervals; ``facts`` has ``curves``, ``scales`` and ``pools``."""

    title = "Reliability"

    def rows(self) -> list[Row]:
        keys = ("slope", "slope_low", "slope_high", "intercept")
        return [{"name": c["name"], "role": c["role"]} | {k: c[k] for k in keys} for c in self.facts["curves"]]

    def draw(self, ax: Any) -> None:
        points = [b["predicted"] for c in self.facts["curves"] for b in c["bins"]]
        ends = [min([0.0, *points]), max([1.0, *points])] if self.facts["probabilities"] else [min(points), max(points)]
        ax.plot(ends, ends, color=SOFT, linewidth=1, linestyle=(0, (3, 3)))
        for i, curve in enumerate(self.facts["curves"]):
            bins, colour = curve["bins"], COLOURS[i % len(COLOURS)]
            ax.plot([b["predicted"] for b in bins], [b["observed"] for b in bins], "o-", color=colour, markersize=4,
                    label=f"{curve['name']} (slope {curve['slope']:.2f})")  # fmt: skip
            for b in bins:
                ax.plot([b["predicted"]] * 2, [b["low"], b["high"]], color=colour, alpha=0.4)
        ax.set_xlabel("stated")
        ax.set_ylabel("observed")
        ax.legend(frameon=False, fontsize=9)
        clean(ax)

    def __str__(self) -> str:
        alike = "comparable" if self.facts["scales"]["comparable"] else "not comparable"
        said = ", ".join(f"{pool['name']} {pool['answer']}" for pool in self.facts["pools"])
        return f"The modalities' scales are {alike}. Calibration in pooling: {said}."


class AbstentionDisplay(Display):
    """Error among the rows kept, against their share; and the certainty from which on a stated error holds."""

    title = "Error against coverage"

    def rows(self) -> list[Row]:
        return [{"name": c["name"]} | point for c in self.facts["curves"] for point in c["points"]]

    def draw(self, ax: Any) -> None:
        for i, curve in enumerate(self.facts["curves"]):
            ax.plot([p["coverage"] for p in curve["points"]], [p["error"] for p in curve["points"]],
                    color=COLOURS[i % len(COLOURS)], label=f"{curve['name']} (area {curve['area']:.4f})")  # fmt: skip
        ax.axhline(self.facts["stated"], color=INK, linewidth=0.8, linestyle=(0, (3, 3)))
        ax.set_xlabel("share of rows kept, the surest first")
        ax.set_ylabel("error")
        ax.set_ylim(bottom=0)
        ax.legend(frameon=False, fontsize=9)
        clean(ax)

    def __str__(self) -> str:
        told = []
        for curve in self.facts["curves"]:
            found = curve["abstain"]
            told.append(
                f"{curve['name']} can keep {found['coverage']:.0%} of the rows (certainty from {found['threshold']:.3f})"
                if found["threshold"] is not None
                else f"{curve['name']} reaches it at no certainty"
            )
        sure = self.facts["curves"][0]["abstain"]["sureness"]
        return f"For an error of at most {self.facts['stated']:g}, {sure:.0%} sure: {'; '.join(told)}."
