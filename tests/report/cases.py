"""Hand-made facts: a binary FUSE, three modalities that are not worth it, a harmful regression, a bare judge, a whole study."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Facts = dict[str, Any]

FACTS = Path(__file__).parent / "facts"


def binary_fuse() -> Facts:
    return _loaded("binary_fuse")


def multiclass_not_worth() -> Facts:
    return _loaded("multiclass_not_worth")


def regression_harmful() -> Facts:
    return _loaded("regression_harmful")


def judged_bare() -> Facts:
    """What `judge` knows of one held-out set: no costs, no modalities, no examples."""
    return _loaded("judged_bare")


def explained() -> Facts:
    """A whole study with everything that explains its verdict, three modalities and two labels."""
    return _loaded("explained")


def _loaded(name: str) -> Facts:
    facts: Facts = json.loads((FACTS / f"{name}.json").read_text(encoding="utf-8"))
    return facts


ALL = {
    "fuse": binary_fuse,
    "not worth": multiclass_not_worth,
    "harmful": regression_harmful,
    "bare": judged_bare,
    "explained": explained,
}
