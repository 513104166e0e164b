"""Strings that try to be more than text, and ways to put them into every string of some facts."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

# PORT is replaced by that of a server that counts who calls.
PAYLOADS = [
    "<script>alert(1)</script>",
    "<script>document.title='pwned'</script>",
    "</style><script>document.title='pwned'</script>",
    "</title><script>document.title='pwned'</script>",
    "</svg><script>document.title='pwned'</script>",
    "</script><script>document.title='pwned'</script>",
    "--><script>document.title='pwned'</script>",
    "]]><script>document.title='pwned'</script>",
    "</bdi></td></tr></table><script>document.title='pwned'</script>",
    "<ScRiPt >document.title='pwned'</sCrIpT>",
    "<script src=http://127.0.0.1:PORT/s.js></script>",
    '"><img src=x onerror=alert(1)>',
    '"><img src=http://127.0.0.1:PORT/i.png onerror="document.title=\'pwned\'">',
    "'><img src=http://127.0.0.1:PORT/i.png>",
    "<img srcset=http://127.0.0.1:PORT/i.png>",
    "![x](http://127.0.0.1:PORT/i.png)",
    "[x](javascript:alert(1))",
    "<javascript:alert(1)>",
    "http://127.0.0.1:PORT/plain www.example.com",
    "<svg onload=\"document.title='pwned'\">",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<body onload=\"document.title='pwned'\">",
    "<iframe src=http://127.0.0.1:PORT/f.html></iframe>",
    "<iframe srcdoc=\"<script>parent.document.title='pwned'</script>\"></iframe>",
    "<object data=http://127.0.0.1:PORT/o></object><embed src=http://127.0.0.1:PORT/e>",
    "<link rel=stylesheet href=http://127.0.0.1:PORT/c.css>",
    "<style>@import 'http://127.0.0.1:PORT/c.css';body{display:none}</style>",
    '<meta http-equiv=refresh content="0;url=http://127.0.0.1:PORT/m">',
    "<base href=http://127.0.0.1:PORT/>",
    "<form action=http://127.0.0.1:PORT/><input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<math><mtext><script>document.title='pwned'</script></mtext></math>",
    "{{ 7*7 }}{% raw %}{{ config }}",
    "| pipe || pipe |",
    "`code` ```` fence ```` ~~~",
    "# title\n\n- item\n\n1. one\n\n---\n\n> quote",
    "line\r\nline\u2028line\u2029line\x0bline\x85line\ttab\x00nul\x1b[31mred\x07",
    "\u202eevil\u202c \u2066x\u2069 \u200fשלום مرحبا",
    "a\ud800b\udfffc\ufffe\U0001f600",
    "long " + "x" * 5000,
    "**bold** __bold__ _em_ ~~gone~~ $x^2$ \\ & &lt; &#60;script&#62;",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "=cmd|' /C calc'!A0",
]


def mapped(value: Any, change: Callable[[str], str], skip: frozenset[str] = frozenset(), key: str = "") -> Any:
    """Copy facts with every string changed, except under the keys skipped; the keys of ``inputs`` change too."""
    if isinstance(value, str):
        return value if key in skip else change(value)
    if isinstance(value, list):
        return [mapped(item, change, skip, key) for item in value]
    if isinstance(value, dict):
        names = [change(name) if key == "inputs" else name for name in value]
        return {name: mapped(item, change, skip, old) for name, (old, item) in zip(names, value.items(), strict=True)}
    return copy.copy(value)


ENUMERATIONS = frozenset(
    {"status", "severity", "answer", "part", "task", "fold_kind", "outcome", "family", "kind", "rows_unit", "role"}
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every place in the facts; of a list only its last item is visited."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list) and value:
        yield from places(value[-1], (*path, len(value) - 1))


def replaced(facts: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    whole = copy.deepcopy(facts)
    holder: Any = whole
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return whole


def removed(facts: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    whole = copy.deepcopy(facts)
    holder: Any = whole
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return whole
