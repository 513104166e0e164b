"""Strings that came from users, made harmless: one line, no control characters, no markup."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BLANK = re.compile(r"\s+")
_MARKS = re.compile(r"([\\`*\[\]|~$])")
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_BLOCK_START = re.compile(r"^(#{1,6}|[-+=])(?=[\s=-]|$)")
_NUMBERED_START = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")
_LINK_START = re.compile(r"\b(www)\.|\b(https?|ftp|mailto|xmpp):", re.IGNORECASE)


def _kept(character: str) -> str:
    if character in _BIDI:
        return ""
    category = unicodedata.category(character)
    if category == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    return " " if category in {"Cc", "Zl", "Zp"} else character


def one_line(text: str) -> str:
    """Drop what steers terminals and text direction, and put the rest on one line.

    Examples
    --------
    >>> one_line("a\\n\\x1b[31mb\\u202e c ")
    'a [31mb c'
    """
    if text.isascii() and text.isprintable():
        return _BLANK.sub(" ", text).strip()
    return _BLANK.sub(" ", "".join(map(_kept, text))).strip()


def inert(value: Any) -> Any:
    """Copy JSON-like facts with every string, keys included, on one line and free of control characters, lists without None."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, Mapping):
        return {one_line(str(key)): inert(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [inert(item) for item in value if item is not None]
    return value


def _words(value: object) -> str:
    return "–" if value is None else str(value)


def short(value: object, limit: int = 120) -> str:
    """Cut text to at most `limit` characters, marking the cut.

    Examples
    --------
    >>> short("abcdefgh", 5)
    'abcd…'
    """
    text = _words(value)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


class Markdown(str):
    """Text that already is Markdown and must not be escaped again."""

    __slots__ = ()


def markdown(value: object) -> Markdown:
    """Escape text so that it stays text in Markdown: in a sentence, a list item or a table cell.

    Examples
    --------
    >>> print(markdown("a|b <i> p_text _x_ # 1"))
    a\\|b &lt;i&gt; p_text \\_x\\_ # 1
    >>> print(markdown("# not a title"))
    \\# not a title
    """
    if isinstance(value, Markdown):
        return value
    text = one_line(_words(value)).replace("&", "&amp;")
    text = _MARKS.sub(r"\\\1", text).replace("<", "&lt;").replace(">", "&gt;")
    text = _EDGE_UNDERSCORE.sub(r"\\_", text)
    text = _BLOCK_START.sub(r"\\\1", text)
    text = _NUMBERED_START.sub(r"\1\\\2", text)
    return Markdown(_LINK_START.sub(lambda found: found[0][:-1] + "\\" + found[0][-1], text))


def code_block(text: str) -> Markdown:
    """Fence one line as Markdown code, with a fence longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markdown(f"{fence}\n{one_line(text)}\n{fence}")


def isolated(value: object, limit: int = 120) -> Markup:
    """Escape text for HTML and isolate its direction, so that a right-to-left name does not reorder its neighbours."""
    text = _words(value)
    if len(text) <= limit:
        return Markup("<bdi>{}</bdi>").format(text)
    return Markup('<bdi title="{}">{}</bdi>').format(short(text, 1000), short(text, limit))
