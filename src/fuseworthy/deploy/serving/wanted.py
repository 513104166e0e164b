"""What a model wants of a request, modality by modality: read from the description of its graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fuseworthy.inputs.limits import LARGEST, LONGEST_TEXT, MOST_TOKENS

MOST_SAMPLES = 1_000_000
"""Numbers in a series."""


@dataclass(frozen=True)
class Field:
    """One column of a modality.

    Parameters
    ----------
    column : its name in the table that was learned from
    holds : "text", "number", "category", "date", "vector", "vectors", "times", "file" or "series"
    width : dimensions of a vector
    levels : categories that were seen
    zoned : whether moments have a time zone
    """

    column: str
    holds: str
    width: int = 0
    levels: tuple[str, ...] = ()
    zoned: bool = False

    @property
    def is_flag(self) -> bool:
        """Whether its categories are those of yes and no."""
        return self.holds == "category" and set(self.levels) <= {"true", "false"}

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema of its values; null where the cell is missing."""
        number = {"type": "number", "minimum": -LARGEST, "maximum": LARGEST}
        vector = {"type": "array", "items": number, "minItems": self.width, "maxItems": self.width}
        schemas: dict[str, dict[str, Any]] = {
            "text": {"type": "string", "maxLength": LONGEST_TEXT},
            "number": number,
            "category": {"type": ["string", "boolean"], "maxLength": LONGEST_TEXT, "examples": list(self.levels[:20])},
            "date": {"type": "string", "format": "date-time" if self.zoned else "date", "maxLength": 40},
            "vector": vector,
            "vectors": {"type": "array", "items": vector, "minItems": 1, "maxItems": MOST_TOKENS},
            "times": {"type": "array", "items": number, "minItems": 1, "maxItems": MOST_TOKENS},
            "file": _FILE,
            "series": {"anyOf": [_FILE, {"type": "array", "items": number, "minItems": 1, "maxItems": MOST_SAMPLES}]},
        }
        return schemas[self.holds]


@dataclass(frozen=True)
class Wanted:
    """One modality: its kind and columns. A request gives its one column's value, or an object of several."""

    name: str
    kind: str
    fields: tuple[Field, ...]
    options: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def is_single(self) -> bool:
        """Whether a request gives the value itself and no object of columns."""
        return len(self.fields) == 1 and self.kind != "tabular"

    @property
    def is_vector(self) -> bool:
        """Whether it is one ready vector, which needs no encoder."""
        return self.is_single and self.fields[0].holds == "vector"

    @property
    def schema(self) -> dict[str, Any]:
        if self.is_single:
            return {"anyOf": [self.fields[0].schema, {"type": "null"}]}
        return {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {f.column: {"anyOf": [f.schema, {"type": "null"}]} for f in self.fields},
                    "additionalProperties": False,
                },
                {"type": "null"},
            ]
        }

    def to_dict(self) -> dict[str, Any]:
        """For the page: everything that an editor for it needs."""
        return {
            "name": self.name,
            "kind": self.kind,
            "single": self.is_single,
            "fields": [
                {"column": f.column, "holds": f.holds, "width": f.width, "levels": list(f.levels), "zoned": f.zoned}
                for f in self.fields
            ],
        }


_FILE: dict[str, Any] = {
    "type": "object",
    "properties": {"base64": {"type": "string", "contentEncoding": "base64"}},
    "required": ["base64"],
    "additionalProperties": False,
}


def wanted_of(description: Mapping[str, Any]) -> dict[str, Wanted]:
    """Modality -> what it wants, from ``export.json``."""
    encodings: dict[str, list[Mapping[str, Any]]] = {}
    for own in description["inputs"]:
        if own["role"] == "values":
            encodings.setdefault(own["modality"], []).append(own["encoding"])
    return {
        name: Wanted(name, data["kind"], _fields(data, encodings[name][0]))
        for name, data in sorted(description["modalities"].items())
    }


def _fields(modality: Mapping[str, Any], encoding: Mapping[str, Any]) -> tuple[Field, ...]:
    kind, columns = modality["kind"], modality["columns"]
    if kind == "text":
        return tuple(Field(column, "text") for column in columns)
    if kind == "tabular":
        return tuple(_cell(own) for own in encoding["cells"])
    if kind == "embedding":
        return _embedding(columns, modality, encoding)
    files = [column for column in columns if column != modality.get("sha256")]
    return tuple(Field(column, "series" if kind == "series" else "file") for column in files)


def _cell(own: Mapping[str, Any]) -> Field:
    if own["role"] == "category":
        return Field(own["name"], "category", levels=tuple(own["levels"]))
    return Field(own["name"], own["role"], zoned=own.get("zone") is not None)


def _embedding(columns: list[str], modality: Mapping[str, Any], encoding: Mapping[str, Any]) -> tuple[Field, ...]:
    width, times = int(encoding["width"]), modality.get("times")
    if encoding["view"] == "tokens":
        kinds = {times: Field(times, "times")} if times else {}
        return tuple(kinds.get(column, Field(column, "vectors", width)) for column in columns)
    if len(columns) > 1:
        return tuple(Field(column, "number") for column in columns)
    return (Field(columns[0], "vector", width),)
