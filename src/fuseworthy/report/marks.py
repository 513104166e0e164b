"""SVG elements as safe markup: numbers formatted, text escaped."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

_EMPTY = Markup("")


def _value(value: object) -> str:
    if isinstance(value, float):
        text = f"{value:.2f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text
    return str(value)


def mark(name: str, *children: object, **attributes: object) -> Markup:
    """Return one element; underscores in attribute names become hyphens, a trailing one is dropped.

    Examples
    --------
    >>> print(mark("line", x1=0.5, stroke_width=2, class_="zero"))
    <line x1="0.5" stroke-width="2" class="zero"/>
    >>> print(mark("text", "a<b", x=1))
    <text x="1">a&lt;b</text>
    """
    pairs = (
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _value(value))
        for key, value in attributes.items()
        if value is not None
    )
    tag = Markup(name) + _EMPTY.join(pairs)
    if not children:
        return Markup("<") + tag + Markup("/>")
    return Markup("<") + tag + Markup(">") + joined(children) + Markup(f"</{name}>")


def joined(parts: Iterable[object]) -> Markup:
    """Join parts, escaping those that are not markup."""
    return _EMPTY.join(escape(part) for part in parts)


def picture(title: str, *children: object, **attributes: object) -> Markup:
    """Return a whole SVG that a screen reader announces by its title."""
    return mark("svg", mark("title", title), *children, role="img", **attributes)


def percent(value: float) -> str:
    """Format a coordinate in percent, so that geometry stretches with the page while strokes and text do not."""
    return f"{_value(float(value))}%"
