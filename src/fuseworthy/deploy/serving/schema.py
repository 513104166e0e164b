"""The OpenAPI description of requests and answers, made from what a model wants."""

from __future__ import annotations

from typing import Any

from fuseworthy.deploy.serving.plain import MOST_ROWS
from fuseworthy.deploy.serving.problem import MEDIA_TYPE
from fuseworthy.deploy.serving.served import Served
from fuseworthy.inputs.limits import LARGEST

PROBLEM = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "pointer": {"type": "string"},
        "error": {"type": "string"},
    },
    "required": ["title", "status", "detail"],
}


def problems(*statuses: int) -> dict[int | str, Any]:
    """Responses that are problems."""
    return {
        str(status): {"description": "Problem details", "content": {MEDIA_TYPE: {"schema": PROBLEM}}}
        for status in statuses
    }


def predict_schema(served: Served) -> dict[str, Any]:
    """The operation of the plain endpoint."""
    row = {
        "type": "object",
        "properties": {name: own.schema for name, own in served.wanted.items()},
        "additionalProperties": False,
        "minProperties": 1,
    }
    request = {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "items": row, "minItems": 1, "maxItems": MOST_ROWS},
            "explain": {"type": "boolean", "default": False},
            "strict": {"type": "boolean", "default": True},
        },
        "required": ["rows"],
        "additionalProperties": False,
    }
    form = {"type": "object", "properties": {**_form(served), "explain": {"type": "string", "enum": ["true", "false"]}}}
    return {
        "summary": "Answer rows",
        "operationId": "predict",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": request}, "multipart/form-data": {"schema": form}},
        },
        "responses": {"200": {"description": "Answers", "content": {"application/json": {"schema": _answers(served)}}}}
        | problems(400, 401, 408, 413, 415, 422, 500, 503),
    }


def infer_schema(served: Served) -> dict[str, Any]:
    """The operation of the Open Inference Protocol's endpoint."""
    tensor = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "enum": list(served.inputs)},
            "shape": {"type": "array", "items": {"type": "integer"}},
            "datatype": {"type": "string", "enum": ["BOOL", "FP32", "FP64"]},
            "parameters": {"type": "object"},
            "data": {"type": "array"},
        },
        "required": ["name", "shape", "datatype"],
    }
    wanted = {
        "type": "object",
        "properties": {"name": {"enum": served.outputs}, "parameters": {"type": "object"}},
        "required": ["name"],
    }
    request = {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "inputs": {"type": "array", "items": tensor, "minItems": 1},
            "outputs": {"type": "array", "items": wanted},
            "parameters": {"type": "object"},
        },
        "required": ["inputs"],
    }
    answer = {
        "type": "object",
        "properties": {
            "model_name": {"type": "string"},
            "model_version": {"type": "string"},
            "outputs": {"type": "array"},
        },
        "required": ["model_name", "model_version", "outputs"],
    }
    return {
        "summary": "Open Inference Protocol: answer encoded rows",
        "operationId": "infer",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": request},
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            },
        },
        "responses": {"200": {"description": "Tensors", "content": {"application/json": {"schema": answer}}}}
        | problems(400, 401, 404, 408, 413, 415, 422, 500, 503),
    }


def _form(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for wanted in served.wanted.values():
        for field in wanted.fields:
            name = wanted.name if wanted.is_single else f"{wanted.name}.{field.column}"
            binary = field.holds in ("file", "series")
            found[name] = {"type": "string", "format": "binary"} if binary else {"type": "string"}
    return found


def _answers(served: Served) -> dict[str, Any]:
    number = {"type": "number", "minimum": -LARGEST, "maximum": LARGEST}
    classes = served.task.classes
    said: dict[str, Any] = number
    if classes:
        said = {"type": "object", "properties": {c: {"type": "number"} for c in classes}, "required": list(classes)}
    maybe = {"anyOf": [said, {"type": "null"}]}
    answer: dict[str, Any] = {
        "prediction": {"type": "string", "enum": list(classes)} if classes else {"type": "number"},
        **({"probabilities": said} if classes else {}),
        "route": {"type": "string"},
        "why": {"type": "string"},
        "pattern": {"type": "string"},
        "modalities_used": {"type": "array", "items": {"type": "string"}},
        "abstained": {"type": "boolean"},
        "fusion": maybe,
        "alone": {"type": "object", "additionalProperties": maybe},
    }
    required = list(answer)
    answer["contributions"] = {"type": "object", "additionalProperties": {"type": ["number", "null"]}}
    return {
        "type": "object",
        "properties": {
            "model": {"type": "string"},
            "version": {"type": "string"},
            "request": {"type": "string"},
            "answers": {"type": "array", "items": {"type": "object", "properties": answer, "required": required}},
            "ignored": {"type": "array", "items": {"type": "string"}},
            "cut": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["model", "version", "request", "answers"],
    }
