"""The page on which a model is tried: files that a browser is given as they are, and what it may do with them."""

from __future__ import annotations

from importlib.resources import files

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data: blob:; media-src blob:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Its Content-Security-Policy: nothing inline runs, nothing goes elsewhere, and no text becomes markup."""
FILES = {
    "/": ("index.html", "text/html"),
    "/page/page.css": ("page.css", "text/css"),
    "/page/page.js": ("page.js", "text/javascript"),
    "/page/asking.js": ("asking.js", "text/javascript"),
    "/page/cards.js": ("cards.js", "text/javascript"),
    "/page/editors.js": ("editors.js", "text/javascript"),
    "/page/media.js": ("media.js", "text/javascript"),
    "/page/numbers.js": ("numbers.js", "text/javascript"),
    "/page/answer.js": ("answer.js", "text/javascript"),
    "/page/call.js": ("call.js", "text/javascript"),
    "/page/plots.js": ("plots.js", "text/javascript"),
    "/page/elements.js": ("elements.js", "text/javascript"),
}
"""Path -> file and its media type."""


def content_of(path: str) -> tuple[bytes, str]:
    """The bytes of one of `FILES`, and their media type."""
    name, kind = FILES[path]
    return (files(__name__) / name).read_bytes(), f"{kind}; charset=utf-8"
