"""Whether the parts of a model that a manifest names belong together, and are of a size that can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fuseworthy.errors import InputError
from fuseworthy.inputs.encode import Encodings
from fuseworthy.inputs.modality import Modality, is_name

MOST_NUMBERS = 1_000_000
"""Numbers that a row of all encodings may have, words and cells aside: a manifest names those one by one."""


def require_agreeing(manifest: Mapping[str, Any], modalities: Mapping[str, Modality], encodings: Encodings) -> None:
    """Refuse names that lead nowhere, and encodings wider than any.

    Raises
    ------
    InputError
    """
    names, singles = set(modalities), manifest["singles"]
    _require(all(map(is_name, names)), "modalities by names that can be theirs")
    _require(set(encodings) == names and all(encodings.values()), "an encoding of each modality")
    for m, views in encodings.items():
        for view, own in views.items():
            _require((own.modality, own.view) == (m, view), f"encodings of {m!r} under their own names")
            _require(tuple(own.columns) == tuple(modalities[m].columns), f"the columns of {m!r} alike everywhere")
            _require(all(isinstance(c, str) for c in own.columns), f"names of the columns of {m!r}")
    width = sum(getattr(own, "width", 0) for views in encodings.values() for own in views.values())
    narrow = all(getattr(own, "width", 0) >= 0 for views in encodings.values() for own in views.values())
    _require(narrow and width <= MOST_NUMBERS, f"encodings of at most {MOST_NUMBERS:,} numbers a row")
    _require(sorted(s.split("/")[0] for s in singles) == sorted(names), "one single of each modality")
    _require(sorted(manifest["router"]["order"]) == sorted(singles), "an order of its singles")
    for pattern, own in manifest["router"]["choices"].items():
        _require(set(pattern.split("+")) <= names, "choices for patterns of its modalities")
        _require(own.get("single") in singles, "choices among its singles")
        asked = own.get("asked")
        _require(isinstance(asked, list) and len(asked) > 0 and set(asked) <= names, "choices that ask its modalities")


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise InputError(f"a model must name {what}, but does not. Save or fetch it again.")
