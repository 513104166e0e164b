"""A form with files to the rows of a request: one row, a field a modality, or ``MODALITY.COLUMN``."""

from __future__ import annotations

import logging
from typing import Any

import orjson
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from fuseworthy.deploy.serving.problem import Problem
from fuseworthy.deploy.serving.served import Served
from fuseworthy.deploy.serving.wanted import Field, Wanted

MOST_PARTS = 200
logging.getLogger("python_multipart").setLevel(logging.ERROR)  # what is wrong with a form is told to its sender


async def read_form(served: Served, media_type: str, body: bytes) -> dict[str, Any]:
    """What a form asks, in the shape of a JSON body.

    Parameters
    ----------
    media_type : the header, with its boundary

    Raises
    ------
    Problem
        400: it is no form; 422: a field is of no modality, comes twice, or is a file where none is read.
    """
    form, opened = await _parsed(media_type, body)
    try:
        return await _read(served, form, body)
    finally:
        for file in opened:
            file.close()


async def _read(served: Served, form: FormData, body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {"rows": [{}]}
    row: dict[str, Any] = found["rows"][0]
    for name, value in form.multi_items():
        if isinstance(value, str) and value.encode(errors="surrogatepass") not in body:
            raise Problem(422, f"a field must be UTF-8, but {name[:80]!r} is not.")
        if name in ("explain", "strict"):
            found[name] = _flag(name, value)
            continue
        wanted, field = _place(served, name)
        content = await _content(field, value, name)
        if wanted.is_single:
            _put(row, wanted.name, content, name)
        else:
            _put(row.setdefault(wanted.name, {}), field.column, content, name)
    return found


async def _parsed(media_type: str, body: bytes) -> tuple[FormData, list[Any]]:
    """A form, and the files that were opened for it."""

    async def stream() -> Any:
        yield body
        yield b""

    parser, opened = None, []
    try:
        boundary = parse_options_header(media_type)[1][b"boundary"]
        if not body.rstrip(b"\r\n").endswith(b"--" + boundary + b"--"):
            raise MultiPartException("its last boundary is missing")
        headers = Headers({"content-type": media_type})
        most = len(body) + 1
        parser = MultiPartParser(headers, stream(), max_files=MOST_PARTS, max_fields=MOST_PARTS, max_part_size=most)
        parser.spool_max_size = most  # nothing of a request is written to disk
        opened = parser._files_to_close_on_error
        return await parser.parse(), opened
    except (MultiPartException, HTTPException, KeyError, ValueError, AssertionError) as error:
        for file in opened:
            file.close()
        said = getattr(error, "message", None) or getattr(error, "detail", None) or type(error).__name__
        raise Problem(400, f"the body must be a whole form, but: {str(said)[:200]}.") from None


def _place(served: Served, name: str) -> tuple[Wanted, Field]:
    """Which column of which modality a field is."""
    own = served.wanted.get(name)
    if own is not None and own.is_single:
        return own, own.fields[0]
    for wanted in served.wanted.values():
        for field in wanted.fields:
            if not wanted.is_single and name == f"{wanted.name}.{field.column}":
                return wanted, field
    known = [w.name if w.is_single else f"{w.name}.{f.column}" for w in served.wanted.values() for f in w.fields]
    raise Problem(422, f"a field must be one of {', '.join(known[:20])}, but {name[:80]!r} came.")


async def _content(field: Field, value: Any, name: str) -> Any:
    """A field's value as JSON would give it; bytes of a file."""
    if isinstance(value, UploadFile):
        if field.holds not in ("file", "series"):
            raise Problem(422, f"{name[:80]!r} must be a value, but a file came.")
        content = await value.read()
        if not content and not value.filename:
            return None  # a form's file field that was left empty
        return content
    if field.holds == "file":
        raise Problem(422, f"{name[:80]!r} must be an uploaded file, but a value came.")
    if field.holds in ("text", "category", "date"):
        return value or None if field.holds != "text" else value
    try:
        return orjson.loads(value) if value.strip() else None
    except orjson.JSONDecodeError:
        raise Problem(422, f"{name[:80]!r} must be JSON (a number, or a list of them), but is not.") from None


def _put(place: dict[str, Any], key: str, content: Any, name: str) -> None:
    if key in place:
        raise Problem(422, f"a field must come once, but {name[:80]!r} came twice.")
    place[key] = content


def _flag(name: str, value: Any) -> bool:
    if value not in ("true", "false"):
        raise Problem(422, f"{name} must be true or false, but is not.")
    return bool(value == "true")
