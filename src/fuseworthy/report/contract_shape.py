"""Filling facts to a shape: a dict of keys, a list of such dicts, or a plain value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def shaped(shape: Mapping[str, Any], given: object) -> dict[str, Any]:
    """Every key of the shape, from ``given`` where it has it; what is missing is None or empty.

    Examples
    --------
    >>> shaped({"a": None, "rows": [{"b": None}], "c": {"d": None}}, {"a": 1, "rows": [{}]})
    {'a': 1, 'rows': [{'b': None}], 'c': {'d': None}}
    """
    known = given if isinstance(given, Mapping) else {}
    return {key: _filled(inner, known.get(key)) for key, inner in shape.items()}


def listed(shape: Mapping[str, Any], given: object) -> list[dict[str, Any]]:
    """The dicts of a list, each shaped; anything else in it is left out."""
    return [shaped(shape, row) for row in given if isinstance(row, Mapping)] if isinstance(given, list) else []


def _filled(inner: Any, given: object) -> Any:
    if isinstance(inner, Mapping):
        return shaped(inner, given)
    if isinstance(inner, list):
        return listed(inner[0], given)
    return given
