"""What every display can do: give its data, a frame, a sentence and a plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fuseworthy.errors import require

if TYPE_CHECKING:
    import pandas

Row = dict[str, Any]

INK, SOFT, GOOD, BAD, BAND = "#1f1d1a", "#8a847a", "#1d6f42", "#a8321f", "#ece6da"


class Display:
    """Facts of one part of a study.

    Parameters
    ----------
    facts : mapping
        As computed; nothing is computed here.
    """

    title = ""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.facts = dict(facts)

    def to_dict(self) -> dict[str, Any]:
        """The facts."""
        return self.facts

    def rows(self) -> list[Row]:
        """The facts as flat rows."""
        raise NotImplementedError

    def frame(self) -> pandas.DataFrame:
        """The rows as a pandas frame (extra: pandas)."""
        frame: pandas.DataFrame = require("pandas", extra="pandas").DataFrame(self.rows())
        return frame

    def plot(self, ax: Any = None) -> Any:
        """Draw on a matplotlib axis, or on a new one, and return it (extra: plot)."""
        ax = axis_of(ax)
        self.draw(ax)
        if self.title and not ax.get_title():
            ax.set_title(self.title, loc="left", fontsize=11)
        return ax

    def draw(self, ax: Any) -> None:
        raise NotImplementedError

    def __str__(self) -> str:
        return str(self.facts.get("sentence") or self.title)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"


def axis_of(ax: Any) -> Any:
    """The axis given, or a new one."""
    return ax if ax is not None else require("matplotlib.pyplot", extra="plot").subplots(layout="constrained")[1]


def forest(ax: Any, rows: Sequence[Row], label: str, margin: float | None = None, xlabel: str = "gain") -> None:
    """Estimates with intervals, the first row on top; the band holds gains below the margin."""
    known = [row for row in rows if row.get("gain") is not None]
    if margin:
        ax.axvspan(-margin, margin, color=BAND, zorder=0)
    ax.axvline(0, color=SOFT, linewidth=1)
    for place, row in enumerate(known):
        colour = GOOD if row.get("low", 0) > 0 else BAD if row.get("high", 0) < 0 else INK
        if row.get("low") is not None:
            ax.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=1.75, solid_capstyle="butt")
        ax.plot([row["gain"]], [place], "o", color=colour, markersize=5)
    ax.set_yticks(range(len(known)), [str(row[label]) for row in known])
    ax.set_ylim(len(known) - 0.5, -0.5)
    ax.set_xlabel(xlabel)
    clean(ax)


def clean(ax: Any) -> None:
    """No frame but the two axes."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
