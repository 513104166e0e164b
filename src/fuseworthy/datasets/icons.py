"""icons: the picture, the name and the search words of an icon; which category is it in?"""

from __future__ import annotations

import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..errors import require
from .packages import Package, fetch
from .row_ids import opaque_id

_ROOT = "fontawesomefree/static/fontawesomefree"
_FONT = "Font Awesome 6 Free-Solid-900.otf"
_SIDE, _GLYPH, _FEWEST = 64, 48, 15

PACKAGE = Package(
    name="fontawesomefree",
    version="6.6.0",
    sha256="599b574431c9bd92ed5fc054d1045a07c42335da36c17884f2b934755eef9089",
    members=(f"{_ROOT}/metadata/icons.json", f"{_ROOT}/metadata/categories.yml", f"{_ROOT}/otfs/{_FONT}"),
)


def load_icons() -> pa.Table:
    """Load the solid icons of categories that have at least 15: 1 173 icons in 33 categories.

    An icon may be in several categories; ``category`` is the first in the order of the file, which is by name, and only
    the icons so counted decide which categories are kept. ``categories`` lists all of them: it holds the answer, and
    is for a study of several labels.

    Returns
    -------
    pyarrow.Table
        ``id``, ``glyph`` (path of the picture below the unpacked folder), ``label``, ``terms`` (search words, null if
        there are none), ``categories`` (list of str), ``category``; sorted by ``id``.

    Raises
    ------
    DatasetError
        The files cannot be had.
    """
    rows = [
        {
            "id": row["id"],
            "glyph": f"images/{row['id']}.png",
            "label": row["label"],
            "terms": row["terms"],
            "categories": row["categories"],
            "category": row["categories"][0],
        }
        for row in _icons(fetch(PACKAGE))
    ]
    return pa.Table.from_pylist(rows)


def icon_files() -> Iterator[tuple[str, bytes]]:
    """Path and content of every icon, white on black, drawn from the font (needs Pillow)."""
    drawing = require("PIL.ImageDraw", extra="image")
    image, fonts = require("PIL.Image", extra="image"), require("PIL.ImageFont", extra="image")
    folder = fetch(PACKAGE)
    font = fonts.truetype(str(folder / _FONT), _GLYPH)
    for row in _icons(folder):
        picture = image.new("L", (_SIDE, _SIDE), 0)
        drawing.Draw(picture).text((_SIDE / 2, _SIDE / 2), row["sign"], font=font, fill=255, anchor="mm")
        content = io.BytesIO()
        picture.save(content, "PNG")
        yield f"images/{row['id']}.png", content.getvalue()


def _icons(folder: Path) -> list[dict[str, Any]]:
    icons = json.loads((folder / "icons.json").read_bytes())
    within: dict[str, list[str]] = defaultdict(list)
    for category, names in _categories((folder / "categories.yml").read_text()).items():
        for name in names:
            if "solid" in icons[name]["free"]:
                within[name].append(category)
    often = Counter(categories[0] for categories in within.values())
    rows = [
        {
            "id": opaque_id("icons", name),
            "label": icons[name]["label"],
            "terms": " ".join(icons[name]["search"]["terms"]) or None,
            "categories": categories,
            "sign": chr(int(icons[name]["unicode"], 16)),
        }
        for name, categories in within.items()
        if often[categories[0]] >= _FEWEST
    ]
    return sorted(rows, key=lambda row: str(row["id"]))


def _categories(text: str) -> dict[str, list[str]]:
    """Category -> names of its icons. The file is a plain two-level list, for which no YAML reader is needed."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if head := re.fullmatch(r"([\w-]+):", line):
            names = found.setdefault(head[1], [])
        elif item := re.fullmatch(r" +- '?([\w-]+)'?", line):
            names.append(item[1])
    return found
