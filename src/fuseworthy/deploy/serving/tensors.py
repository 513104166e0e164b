"""The Open Inference Protocol v2: encoded rows as named tensors, in JSON or as bytes after it.

https://github.com/kserve/open-inference-protocol, and its binary tensor data extension.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from fuseworthy.deploy.serving.answering import Part
from fuseworthy.deploy.serving.problem import Problem, pointer
from fuseworthy.deploy.serving.reading import MOST_ROWS, read_json
from fuseworthy.deploy.serving.served import Feeds, Served
from fuseworthy.inputs.limits import LARGEST, MOST_TOKENS

DATATYPES = {
    "BOOL": np.dtype(bool),
    "FP32": np.dtype(np.float32),
    "FP64": np.dtype(np.float64),
    "INT64": np.dtype(np.int64),
}
NAMES = {kind: name for name, kind in DATATYPES.items()}
HEADER = "inference-header-content-length"


def read_tensors(served: Served, body: bytes, header: str | None) -> tuple[Feeds, dict[str, Any]]:
    """The graph's inputs, and the request without its tensors.

    A modality whose values are not given is absent; one whose values are given is present unless ``MODALITY:present``
    says otherwise, row by row.

    Parameters
    ----------
    header : bytes of JSON before the tensors' bytes, as the request's header says; None if all is JSON

    Raises
    ------
    Problem
    """
    size = _header_size(header, len(body))
    request = read_json(body[:size])
    if not isinstance(request, dict) or not isinstance(request.get("inputs"), list) or not request["inputs"]:
        raise Problem(422, "a request must have inputs, but has none.", "/inputs")
    given: Feeds = {}
    rest = memoryview(body)[size:]
    for i, tensor in enumerate(request["inputs"]):
        name, array, rest = _tensor(served, tensor, rest, f"/inputs/{i}")
        if name in given:
            raise Problem(422, f"an input must come once, but {name!r} came twice.", pointer("inputs", i))
        given[name] = array
    if rest.nbytes:
        raise Problem(400, f"the tensors must be all of the body, but {rest.nbytes:,} bytes are left over.")
    return _completed(served, given), request


def written(found: Part, request: Mapping[str, Any]) -> tuple[bytes, str | None]:
    """The response's body, and the size of its JSON where tensors follow as bytes."""
    served = found.served
    names = _asked_outputs(served, request)
    binary = bool(_parameters(request).get("binary_data_output", False))
    tensors, blobs = [], []
    for name in names:
        array = np.ascontiguousarray(found.whole.said[name][found.rows])
        own: dict[str, Any] = {"name": name, "shape": list(array.shape), "datatype": NAMES[array.dtype]}
        if binary:
            blobs.append(array.tobytes())
            own["parameters"] = {"binary_data_size": len(blobs[-1])}
        else:
            own["data"] = array.ravel().tolist()
        tensors.append(own)
    head: dict[str, Any] = {"model_name": served.name, "model_version": served.version, "outputs": tensors}
    if isinstance(request.get("id"), str):
        head["id"] = request["id"][:200]
    written = orjson.dumps(head)
    return written + b"".join(blobs), str(len(written)) if binary else None


def metadata(served: Served) -> dict[str, Any]:
    """What the model takes and gives, as the protocol tells it."""
    kinds = {own["name"]: np.dtype(own["dtype"]) for own in served.inputs.values()}
    width = served.task.width
    shapes = {served.description["outputs"]["route"]: [-1]}
    return {
        "name": served.name,
        "versions": [served.version],
        "platform": "onnx_onnxv1",
        "inputs": [
            {
                "name": name,
                "datatype": NAMES[kinds[name]],
                "shape": [size if isinstance(size, int) else -1 for size in own["shape"]],
            }
            for name, own in served.inputs.items()
        ],
        "outputs": [
            {"name": name, "datatype": "INT64" if name in shapes else "FP64", "shape": shapes.get(name, [-1, width])}
            for name in served.outputs
        ],
    }


def _header_size(header: str | None, most: int) -> int:
    if header is None:
        return most
    if not header.isascii() or not header.isdigit() or len(header) > 12 or int(header) > most:
        raise Problem(400, f"{HEADER} must be the bytes of JSON in the body, but is not.")
    return int(header)


def _tensor(served: Served, tensor: Any, rest: memoryview, at: str) -> tuple[str, NDArray[Any], memoryview]:
    """One input's name and values, and the bytes after it."""
    if not isinstance(tensor, dict) or not isinstance(tensor.get("name"), str):
        raise Problem(422, "an input must be an object with a name, but is not.", at)
    own = served.inputs.get(tensor["name"])
    if own is None:
        raise Problem(422, f"an input must be one of {', '.join(served.inputs)}, but is not.", f"{at}/name")
    kind = DATATYPES.get(tensor["datatype"]) if isinstance(tensor.get("datatype"), str) else None
    wanted = np.dtype(own["dtype"])
    if kind is None or kind.kind != wanted.kind:
        raise Problem(
            422, f"datatype must be {'FP32 or FP64' if wanted.kind == 'f' else 'BOOL'}, but is not.", f"{at}/datatype"
        )
    shape, holes = _shape(tensor.get("shape"), own["shape"], at), own["view"] == "cells"
    count, size = math.prod(shape), _parameters(tensor).get("binary_data_size")
    if size is None:
        array = _from_list(tensor.get("data"), count, kind, holes, at)
    else:
        if type(size) is not int or size != count * kind.itemsize or size > rest.nbytes:
            raise Problem(422, "binary_data_size must be that of shape and datatype, and be sent, but is not.", at)
        array, rest = np.frombuffer(rest[:size], dtype=np.uint8 if kind == np.bool_ else kind), rest[size:]
        array = array != 0 if kind == np.bool_ else array
    if wanted.kind == "f" and not np.vdot(array, array) <= LARGEST**2 and not _is_within(array, holes):
        raise Problem(422, f"numbers of {tensor['name']!r} must be finite and within {LARGEST:g}, but one is not.", at)
    return tensor["name"], array.reshape(shape).astype(wanted, copy=False), rest


def _is_within(array: NDArray[Any], holes: bool) -> bool:
    """Whether all numbers are finite and not too large; NaN may be among them where cells may be missing."""
    with np.errstate(invalid="ignore"):
        small = np.abs(array) <= LARGEST
    return bool((small | np.isnan(array) if holes else small).all())


def _shape(shape: Any, wanted: list[Any], at: str) -> list[int]:
    sound = isinstance(shape, list) and len(shape) == len(wanted) and all(type(size) is int for size in shape)
    if not sound or not 1 <= shape[0] <= MOST_ROWS:
        raise Problem(
            422, f"shape must have {len(wanted)} sizes, of 1 to {MOST_ROWS} rows, but has not.", f"{at}/shape"
        )
    for size, own in zip(shape[1:], wanted[1:], strict=True):
        if (isinstance(own, int) and size != own) or not 1 <= size <= max(
            MOST_TOKENS, own if isinstance(own, int) else 0
        ):
            raise Problem(422, f"shape must be {wanted}, but is not.", f"{at}/shape")
    return list(shape)


def _from_list(data: Any, count: int, kind: Any, holes: bool, at: str) -> NDArray[Any]:
    if not isinstance(data, list):
        raise Problem(422, "data must be a list, but is not.", f"{at}/data")
    if data and isinstance(data[0], list):
        data = _flat(data, 0)
    allowed: set[type] = {bool} if kind == np.bool_ else {int, float} | ({type(None)} if holes else set())
    if data is None or len(data) != count or not allowed.issuperset(map(type, data)):
        raise Problem(
            422,
            f"data must be {count:,} of {'true and false' if kind == np.bool_ else 'numbers'}, but is not.",
            f"{at}/data",
        )
    try:
        return np.array(data, dtype=kind)
    except OverflowError:
        raise Problem(422, "data must be of numbers that fit the datatype, but is not.", f"{at}/data") from None


def _flat(data: list[Any], depth: int) -> list[Any] | None:
    if depth > 3 or not all(isinstance(own, list) for own in data):
        return None
    if data and data[0] and isinstance(data[0][0], list):
        inner = [_flat(own, depth + 1) for own in data]
        return None if any(own is None for own in inner) else [x for own in inner for x in own or ()]
    return [x for own in data for x in own]


def _completed(served: Served, given: Feeds) -> Feeds:
    """All inputs: what is not given is absent, or follows from what is."""
    counts = {len(array) for array in given.values()}
    if len(counts) != 1:
        raise Problem(422, f"inputs must have the same number of rows, but have {sorted(counts)}.", "/inputs")
    n, found = counts.pop(), dict(given)
    for m, name in served.present.items():
        values = served.values[m]
        lacking = [own for own in values if own["name"] not in given]
        if lacking and (len(lacking) < len(values) or (name in given and given[name].any())):
            raise Problem(422, f"{m!r} must come with all of its inputs, but lacks {lacking[0]['name']!r}.", "/inputs")
        if name not in given:
            found[name] = np.array([not lacking] * n)
        for own in lacking:
            shape = [n, *(size if isinstance(size, int) else 2 for size in own["shape"][1:])]
            found[own["name"]] = np.zeros(shape, dtype=own["dtype"])
        _require_one_length(values, found)
    if 0 in served.numbers(found):
        raise Problem(422, "a row must have at least one modality, but one has none.", "/inputs")
    return found


def _require_one_length(inputs: list[Mapping[str, Any]], found: Feeds) -> None:
    """Values, mask and times of a view have as many steps, and two at least."""
    steps: dict[str, dict[str, int]] = {}
    for own in inputs:
        if len(own["shape"]) > 1 and isinstance(own["shape"][1], str):
            steps.setdefault(own["shape"][1], {})[own["name"]] = found[own["name"]].shape[1]
    for lengths in steps.values():
        if len(set(lengths.values())) > 1 or min(lengths.values()) < 2:
            raise Problem(
                422,
                f"{' and '.join(lengths)} must have as many steps, and two at least (pad and mask them), but have "
                f"{', '.join(map(str, lengths.values()))}.",
                "/inputs",
            )


def _asked_outputs(served: Served, request: Mapping[str, Any]) -> list[str]:
    outputs = request.get("outputs")
    if outputs is None:
        return served.outputs
    if not isinstance(outputs, list) or not all(isinstance(own, dict) for own in outputs):
        raise Problem(422, "outputs must be a list of objects with names, but is not.", "/outputs")
    names = [str(own.get("name")) for own in outputs]
    if strange := [name for name in names if name not in served.outputs]:
        raise Problem(
            422, f"an output must be one of {', '.join(served.outputs)}, but {strange[0][:80]!r} came.", "/outputs"
        )
    return list(dict.fromkeys(names)) or served.outputs


def _parameters(data: Mapping[str, Any]) -> Mapping[str, Any]:
    found = data.get("parameters")
    return found if isinstance(found, dict) else {}
