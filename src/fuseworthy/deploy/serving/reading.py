"""The rows of a request: strict JSON to values that are of the right type, place by place."""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from fuseworthy.deploy.serving.plain import MOST_ROWS, may_hold_flags, plain_rows, surely_within
from fuseworthy.deploy.serving.problem import Problem, came, pointer
from fuseworthy.deploy.serving.served import Feeds, Served
from fuseworthy.deploy.serving.wanted import MOST_SAMPLES, Field, Wanted
from fuseworthy.errors import nearest
from fuseworthy.inputs.limits import LARGEST, LONGEST_TEXT, MOST_TOKENS

NUMBERS = frozenset((int, float))
DEEPEST = 8
"""Levels of JSON within each other."""
OPTIONS = {"rows", "explain", "strict"}


@dataclass(frozen=True)
class Asked:
    """A request that was read.

    Parameters
    ----------
    served : the graph that it was read for
    rows : a mapping a row, modality -> value; a modality that it lacks is not there
    explain : whether contributions are wanted
    ignored : names that the model does not know, of a request that is not strict
    """

    served: Served
    rows: list[dict[str, Any]]
    explain: bool = False
    ignored: list[str] = field(default_factory=list)


def read_json(body: bytes) -> Any:
    """JSON of a request.

    Raises
    ------
    Problem
        400: it is no JSON, not UTF-8, nested too deep, or has a key twice.
    """
    found = _parsed(body)
    _require_sound(found, body, body.count(b":"))
    return found


def read_body(served: Served, body: bytes) -> Asked:
    """The rows of a JSON body; see `read_json` and `read_rows`."""
    found = _parsed(body)
    colons = body.count(b":")
    if (rows := plain_rows(served, found, colons)) is not None:
        return Asked(served, rows)
    _require_sound(found, body, colons)
    return read_rows(served, found)


def read_rows(served: Served, body: Any) -> Asked:
    """The rows of ``{"rows": [{modality: value, …}, …], "explain": false, "strict": true}``.

    Raises
    ------
    Problem
        422, with a pointer to the place.
    """
    if not isinstance(body, dict):
        raise Problem(422, f"the body must be an object with rows, but {came(body)} came.", "")
    if not body.keys() <= OPTIONS:
        unknown = min(body.keys() - OPTIONS)
        raise Problem(
            422, f"the body may have {', '.join(sorted(OPTIONS))} and nothing else, but has {unknown[:80]!r}.", ""
        )
    explain, strict = _flag(body, "explain", usual=False), _flag(body, "strict", usual=True)
    given = body.get("rows")
    if not isinstance(given, list) or not given:
        raise Problem(422, f"rows must be a list of one row or more, but {came(given)} came.", "/rows")
    if len(given) > MOST_ROWS:
        raise Problem(
            422, f"a request must have at most {MOST_ROWS} rows, but has {len(given):,}. Send several.", "/rows"
        )
    ignored: set[str] = set()
    rows = [_row(served, own, i, strict, ignored) for i, own in enumerate(given)]
    return Asked(served, rows, explain, sorted(ignored))


def fed_vectors(served: Served, rows: list[dict[str, Any]]) -> Feeds:
    """The graph's inputs from rows of ready vectors."""
    found: Feeds = {}
    for name, own in served.inputs.items():
        m = own["modality"]
        if own["role"] == "present":
            found[name] = np.array([m in row for row in rows])
        else:
            values = found[name] = np.zeros((len(rows), own["shape"][-1]), dtype=own["dtype"])
            for i, row in enumerate(rows):
                if m in row:
                    values[i] = row[m]
    return found


def _row(served: Served, given: Any, i: int, strict: bool, ignored: set[str]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise Problem(422, f"a row must be an object of modalities, but {came(given)} came.", pointer("rows", i))
    found = {}
    for name, value in given.items():
        wanted = served.wanted.get(name)
        if wanted is None:
            if strict:
                raise Problem(
                    422,
                    f"a row must have modalities of the model, but {name[:80]!r} is none: {nearest(name[:80], served.wanted)}. "
                    'Or pass "strict": false to have it ignored.',
                    pointer("rows", i, name[:80]),
                )
            ignored.add(name[:80])
        elif value is not None and (read := _modality(wanted, value, i)) is not None:
            found[name] = read
    if not found:
        raise Problem(
            422,
            f"a row must have at least one modality ({', '.join(served.wanted)}), but has none.",
            pointer("rows", i),
        )
    return found


def _modality(wanted: Wanted, value: Any, i: int) -> Any:
    """A modality's value, or {column: value}; None if all its cells are missing."""
    at = ("rows", i, wanted.name)
    if wanted.is_single:
        return read_value(wanted.fields[0], value, at)
    if not isinstance(value, dict):
        raise Problem(422, f"{wanted.name!r} must be an object of its columns, but {came(value)} came.", pointer(*at))
    columns = {f.column: f for f in wanted.fields}
    if unknown := sorted(set(value) - set(columns)):
        raise Problem(
            422,
            f"{wanted.name!r} must have columns of the model, but {unknown[0][:80]!r} is none: "
            f"{nearest(unknown[0][:80], columns)}.",
            pointer(*at, unknown[0][:80]),
        )
    found = {c: read_value(columns[c], own, (*at, c)) for c, own in value.items() if own is not None}
    return found or None


def read_value(field: Field, value: Any, at: tuple[str | int, ...]) -> Any:
    """One value, as its encoder is given it: text, number, moment, array or bytes.

    Raises
    ------
    Problem
        422, with a pointer to it.
    """
    if field.holds == "vector":
        return _vector(value, field.width, at)
    return _READERS[field.holds](field, value, at)


def _vector(value: Any, width: int, at: tuple[str | int, ...]) -> NDArray[np.float64]:
    if type(value) is not list or len(value) != width:
        came = f"{len(value):,}" if isinstance(value, list) else "something else"
        raise Problem(422, f"a vector must be a list of {width:,} numbers, but {came} came.", pointer(*at))
    try:
        found = np.frombuffer(struct.pack(f"{width}d", *value))
    except (struct.error, OverflowError):
        found = None
    if found is None or (may_hold_flags(found) and not NUMBERS.issuperset(map(type, value))):
        place = next((i for i, own in enumerate(value) if type(own) not in NUMBERS), 0)
        raise Problem(422, "a vector must hold numbers of 64 bits and nothing else, but does not.", pointer(*at, place))
    if not (surely_within(found) or np.abs(found).max() <= LARGEST):
        raise Problem(422, f"numbers of a vector must be within {LARGEST:g}, but one is not.", pointer(*at))
    return found


def _vectors(field: Field, value: Any, at: tuple[str | int, ...]) -> Any:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_TOKENS:
        raise Problem(
            422, f"a sequence must be a list of 1 to {MOST_TOKENS} vectors, but {came(value)} came.", pointer(*at)
        )
    return [_vector(own, field.width, (*at, j)).tolist() for j, own in enumerate(value)]


def _times(field: Field, value: Any, at: tuple[str | int, ...]) -> Any:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_TOKENS:
        raise Problem(422, f"times must be a list of 1 to {MOST_TOKENS} numbers, but {came(value)} came.", pointer(*at))
    return _vector(value, len(value), at).tolist()


def _text(field: Field, value: Any, at: tuple[str | int, ...]) -> str:
    return _words(field, value, at, "a string")


def _words(field: Field, value: Any, at: tuple[str | int, ...], what: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise Problem(
            422,
            f"{field.column!r} must be {what} of at most {LONGEST_TEXT:,} characters, but {came(value)} came.",
            pointer(*at),
        )
    return value


def _number(field: Field, value: Any, at: tuple[str | int, ...]) -> float:
    if type(value) not in NUMBERS or not abs(value) <= LARGEST:
        raise Problem(
            422, f"{field.column!r} must be a number within {LARGEST:g}, but {came(value)} came.", pointer(*at)
        )
    return float(value)


def _category(field: Field, value: Any, at: tuple[str | int, ...]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _words(field, value, at, "true, false or a string")


def _date(field: Field, value: Any, at: tuple[str | int, ...]) -> str:
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        if not 1678 <= moment.year <= 2261:  # what nanoseconds can count
            raise ValueError
    except ValueError:
        raise Problem(
            422,
            f"{field.column!r} must be a moment of 1678 to 2261 as ISO 8601, but {came(value)} came.",
            pointer(*at),
        ) from None
    if (moment.tzinfo is not None) != field.zoned:
        raise Problem(
            422,
            f"{field.column!r} must be a moment {'with' if field.zoned else 'without'} a time zone, but {came(value)} came.",
            pointer(*at),
        )
    return moment.isoformat()


def _file(field: Field, value: Any, at: tuple[str | int, ...]) -> bytes:
    if isinstance(value, bytes):  # of an upload
        return value
    if not isinstance(value, dict) or set(value) != {"base64"} or not isinstance(value["base64"], str):
        raise Problem(422, 'a file must be given as {"base64": "…"}, or uploaded; a path is never read.', pointer(*at))
    try:
        return base64.b64decode(value["base64"], validate=True)
    except (binascii.Error, ValueError):
        raise Problem(422, "a file's base64 must be whole, but is not.", pointer(*at, "base64")) from None


def _series(field: Field, value: Any, at: tuple[str | int, ...]) -> Any:
    if not isinstance(value, list):
        return _file(field, value, at)
    if not 1 <= len(value) <= MOST_SAMPLES:
        raise Problem(422, f"a series must have 1 to {MOST_SAMPLES:,} numbers, but has {len(value):,}.", pointer(*at))
    if isinstance(value[0], list):
        wide = len(value[0])
        if not 1 <= wide <= 1000 or len(value) * wide > MOST_SAMPLES:
            raise Problem(422, f"a series must have at most {MOST_SAMPLES:,} numbers, but has more.", pointer(*at))
        return [_vector(own, wide, (*at, j)).tolist() for j, own in enumerate(value)]
    return _vector(value, len(value), at).tolist()


_READERS = {
    "text": _text,
    "number": _number,
    "category": _category,
    "date": _date,
    "vectors": _vectors,
    "times": _times,
    "file": _file,
    "series": _series,
}


def _flag(body: Mapping[str, Any], name: str, *, usual: bool) -> bool:
    value = body.get(name, usual)
    if not isinstance(value, bool):
        raise Problem(422, f"{name} must be true or false, but {came(value)} came.", pointer(name))
    return value


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(400, f"the body must be JSON, but: {str(error)[:200]}.") from None


def _require_sound(found: Any, body: bytes, colons: int) -> None:
    """Raise for JSON that is nested too deep, or has a key twice, which leaves its colon behind."""
    if _colons(found) != colons or (b"\\" in body and b"\\u003" in body):
        _require_unique(body)


def _colons(value: Any, depth: int = 1) -> int:
    """Colons that the JSON of a value has, if no key comes twice; lists of numbers are not looked through."""
    if depth > DEEPEST:
        raise Problem(400, f"the body must be nested at most {DEEPEST} levels deep, but is deeper.")
    kind = type(value)
    if kind is str:
        return value.count(":")  # type: ignore[no-any-return]
    if kind is dict:
        found = len(value) + "".join(value).count(":")
        return found + sum([_colons(own, depth + 1) for own in value.values()])
    if kind is not list or not value or type(value[0]) in NUMBERS:
        return 0
    return sum([_colons(own, depth + 1) for own in value])


def _require_unique(body: bytes) -> None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            raise Problem(400, f"a key must come once, but {max(keys, key=keys.count)[:80]!r} came twice.")
        return found

    try:
        json.loads(body, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"the body must be JSON, but: {str(error)[:200]}.") from None
