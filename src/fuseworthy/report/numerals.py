"""Numbers as people read them: signed gains, no more digits than the interval supports, a dash for what is not known."""

from __future__ import annotations

import math

UNKNOWN = "–"
_MOST_DECIMALS = 6


def finite(value: object) -> float | None:
    """Return a finite float, or None for anything else (None, NaN, infinity, text).

    Examples
    --------
    >>> finite(0.5), finite(float("nan")), finite(None)
    (0.5, None, None)
    """
    if not isinstance(value, int | float) and not hasattr(value, "__float__"):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def decimals(low: object, high: object, default: int = 3) -> int:
    """Decimals that leave two significant digits of the interval's half-width.

    Examples
    --------
    >>> decimals(-0.001, 0.003), decimals(-1.2, 3.4), decimals(None, None)
    (4, 1, 3)
    """
    a, b = finite(low), finite(high)
    half = 0.0 if a is None or b is None else abs(b - a) / 2
    if not 0 < half < math.inf:
        return default
    return min(_MOST_DECIMALS, max(0, 1 - math.floor(math.log10(half))))


def _fixed(number: float, places: int) -> str:
    text = f"{number:,.{places}f}"
    if not any(digit in text for digit in "123456789"):
        text = text.lstrip("-")
    return text.replace("-", "−")


def signed(value: object, places: int = 3) -> str:
    """Format with an explicit sign.

    Examples
    --------
    >>> signed(0.0123), signed(-0.0004, 4), signed(0.0), signed(None)
    ('+0.012', '−0.0004', '0.000', '–')
    """
    number = finite(value)
    if number is None:
        return UNKNOWN
    text = _fixed(number, places)
    return "+" + text if number > 0 and any(digit in text for digit in "123456789") else text


def gain(value: object, low: object = None, high: object = None) -> str:
    """Format a gain with as many decimals as its interval supports."""
    return signed(value, decimals(low, high))


def span(low: object, high: object) -> str:
    """Format an interval.

    Examples
    --------
    >>> span(-0.001, 0.003), span(None, 1.0)
    ('−0.0010 to +0.0030', '–')
    """
    if finite(low) is None or finite(high) is None:
        return UNKNOWN
    places = decimals(low, high)
    return f"{signed(low, places)} to {signed(high, places)}"


def plain(value: object, places: int) -> str:
    """Format with a fixed number of decimals and no plus sign."""
    number = finite(value)
    return UNKNOWN if number is None else _fixed(number, places)


def score(value: object, rows: object = None) -> str:
    """Format a loss or metric: four decimals from 10 000 rows on, else three; fewer for large numbers.

    Examples
    --------
    >>> score(0.96054, 22641), score(0.96054, 800), score(1234.567), score(None)
    ('0.9605', '0.961', '1,234.6', '–')
    """
    number = finite(value)
    if number is None:
        return UNKNOWN
    if abs(number) >= 100:
        return _fixed(number, 1)
    if abs(number) >= 10:
        return _fixed(number, 2)
    return _fixed(number, 4 if (finite(rows) or 0) >= 10_000 else 3)


def count(value: object) -> str:
    """Format a whole number with thousands separated."""
    number = finite(value)
    return UNKNOWN if number is None else _fixed(number, 0)


def percent(value: object) -> str:
    """Format a share as a percentage that never rounds to none or all.

    Examples
    --------
    >>> [percent(v).replace(chr(160), " ") for v in (0.97, 0.123, 0.00001, 0.99999, 1.0, None)]
    ['97 %', '12.3 %', '<0.1 %', '>99.9 %', '100 %', '–']
    """
    number = finite(value)
    if number is None:
        return UNKNOWN
    if 0 < number < 0.0005:
        return "<0.1\u00a0%"
    if 0.9995 < number < 1:
        return ">99.9\u00a0%"
    text = _fixed(100 * number, 1)
    return text.removesuffix(".0") + "\u00a0%"


def p_value(value: object) -> str:
    """Format a p-value; nothing below one in a thousand is told apart."""
    number = finite(value)
    if number is None:
        return UNKNOWN
    if number < 0.001:
        return "<0.001"
    return f"{number:.3f}" if number < 0.1 else f"{number:.2f}"


def p_equals(value: object) -> str:
    """Format a p-value with its sign of relation: '= 0.30', '< 0.001'."""
    text = p_value(value)
    return f"<\u00a0{text[1:]}" if text.startswith("<") else f"=\u00a0{text}"


def brief(value: object) -> str:
    """Format a number somebody chose, such as a margin, with the digits it needs.

    Examples
    --------
    >>> brief(0.01), brief(0.0005), brief(2.0), brief(None)
    ('0.01', '0.0005', '2', '–')
    """
    number = finite(value)
    return UNKNOWN if number is None else f"{number:.3g}".replace("-", "−")


def seconds(value: object) -> str:
    """Format a duration.

    Examples
    --------
    >>> [seconds(v).replace(chr(160), " ") for v in (0.0123, 3.21, 31.4, 252, 7300)]
    ['0.012 s', '3.2 s', '31 s', '4 min 12 s', '2 h 1 min']
    """
    number = finite(value)
    if number is None:
        return UNKNOWN
    if number < 1:
        return f"{number:.2g}\u00a0s" if number >= 0.001 or number == 0 else "<0.001\u00a0s"
    if number < 60:
        return f"{number:.1f}\u00a0s" if number < 10 else f"{number:.0f}\u00a0s"
    minutes, rest = divmod(round(number), 60)
    if minutes < 60:
        return f"{minutes}\u00a0min {rest}\u00a0s"
    return f"{minutes // 60}\u00a0h {minutes % 60}\u00a0min"
