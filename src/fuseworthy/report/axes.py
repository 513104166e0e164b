"""One straight axis: where a value lies on it, in percent, and which ticks it carries."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from fuseworthy.report.numerals import finite

_HUGE = 1e150


@dataclass(frozen=True)
class Axis:
    """A linear axis.

    Parameters
    ----------
    low, high : float
        The values at its two ends, in data units.

    Examples
    --------
    >>> Axis(-1.0, 3.0).percent(0.0)
    25.0
    >>> Axis(0.0, 1.0).ticks()
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """

    low: float
    high: float

    def percent(self, value: float) -> float:
        """Position of a value, 0 to 100, clipped to the ends."""
        share = (value - self.low) / (self.high - self.low)
        return 100 * min(1.0, max(0.0, share))

    def step(self, most: int = 6) -> float:
        """Distance between ticks: 1, 2 or 5 times a power of ten."""
        raw = (self.high - self.low) / max(1, most - 1)
        power = 10.0 ** math.floor(math.log10(raw))
        return next(m * power for m in (1, 2, 5, 10) if m * power >= raw * (1 - 1e-9))

    def ticks(self, most: int = 6) -> list[float]:
        """Round values inside the axis, at most about `most` of them."""
        step = self.step(most)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(i * step, 12) for i in range(first, last + 1)]

    def decimals(self, most: int = 6) -> int:
        """Decimals that tell its ticks apart."""
        return max(0, -math.floor(math.log10(self.step(most)) + 1e-9))


def covering(values: Iterable[object], padding: float = 0.05) -> Axis:
    """Return an axis that covers all finite values, with some air at both ends."""
    found = [min(_HUGE, max(-_HUGE, number)) for number in map(finite, values) if number is not None]
    low, high = (min(found), max(found)) if found else (0.0, 1.0)
    width = high - low
    if width <= 1e-12 * max(1.0, abs(high)):
        width = max(1e-6, abs(high) * 0.1)
        low, high = low - width / 2, high + width / 2
    return Axis(low - padding * width, high + padding * width)


def gain_axis(core: Iterable[object], others: Iterable[object] = (), reach: float = 1.6) -> Axis:
    """Return an axis around zero on which the core values are surely seen.

    Other values widen it to at most `reach` times the largest core value, so that one hopeless strategy does not
    squeeze the rest; what lies beyond is drawn as an arrow.
    """
    sure = [0.0, *(number for number in map(finite, core) if number is not None)]
    limit = reach * max(1e-6, *(abs(number) for number in sure))
    rest = [min(limit, max(-limit, number)) for number in map(finite, others) if number is not None]
    return covering([*sure, *rest], padding=0.08)
