"""The Open Inference Protocol v2: encoded rows as named tensors, in JSON or as bytes after it.

https://github.com/kserve/open-inference-protocol, and its binary tensor data extension.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from fuseworthy.deploy.serving.answering import Part
from fuseworthy.deploy.serving.heads import DATATYPES, Head, Tensor, head_of
from fuseworthy.deploy.serving.plain import surely_within
from fuseworthy.deploy.serving.problem import Problem
from fuseworthy.deploy.serving.served import Feeds, Served
from fuseworthy.inputs.limits import LARGEST

NAMES = {kind: name for name, kind in DATATYPES.items()}
HEADER = "inference-header-content-length"


def read_tensors(served: Served, body: bytes, header: str | None) -> tuple[Feeds, Head]:
    """The graph's inputs, and what the request says.

    Parameters
    ----------
    header : bytes of JSON before the tensors' bytes, as the request's header says; None if all is JSON

    Raises
    ------
    Problem
    """
    start = _header_size(header, len(body))
    head = head_of(served, body[:start])
    sent = sum(own.count * own.kind.itemsize for own in head.tensors if own.data is None)
    if start + sent != len(body):
        raise Problem(400, f"the tensors must have {sent:,} bytes as the head says, but {len(body) - start:,} came.")
    given: Feeds = {}
    for tensor in head.tensors:
        if tensor.data is None:
            array = _from_bytes(tensor, body, start)
            start += array.nbytes
        else:
            array = _from_list(tensor, tensor.data)
        _require_within(tensor, array)
        given[tensor.name] = array.reshape(tensor.shape).astype(tensor.wanted, copy=False)
    return _completed(served, given, head), head


def written(found: Part, head: Head) -> tuple[bytes, str | None]:
    """The response's body, and the size of its JSON where tensors follow as bytes."""
    served = found.served
    tensors, blobs = [], []
    for name, is_binary in head.outputs.items():
        array = np.ascontiguousarray(found.whole.said[name][found.rows])
        own: dict[str, Any] = {"name": name, "shape": array.shape, "datatype": NAMES[array.dtype]}
        if is_binary:
            blobs.append(array.tobytes())
            own["parameters"] = {"binary_data_size": len(blobs[-1])}
        else:
            own["data"] = array.ravel().tolist()
        tensors.append(own)
    said: dict[str, Any] = {"model_name": served.name, "model_version": served.version, "outputs": tensors}
    if head.id is not None:
        said["id"] = head.id
    start = orjson.dumps(said)
    return start + b"".join(blobs), str(len(start)) if blobs else None


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


def _from_bytes(tensor: Tensor, body: bytes, start: int) -> NDArray[Any]:
    flags = tensor.kind == np.bool_
    found: NDArray[Any] = np.frombuffer(body, np.uint8 if flags else tensor.kind, tensor.count, start)
    return found != 0 if flags else found


def _from_list(tensor: Tensor, data: list[Any]) -> NDArray[Any]:
    flat = _flat(data, 0) if data and isinstance(data[0], list) else data
    allowed: set[type] = {bool} if tensor.kind == np.bool_ else {int, float}
    if tensor.holes:
        allowed.add(type(None))
    if flat is None or len(flat) != tensor.count or not allowed.issuperset(map(type, flat)):
        raise Problem(
            422,
            f"data must be {tensor.count:,} of {'true and false' if tensor.kind == np.bool_ else 'numbers'}, but is not.",
            f"{tensor.at}/data",
        )
    try:
        return np.array(flat, dtype=tensor.kind)
    except OverflowError:
        raise Problem(422, "data must be of numbers that fit the datatype, but is not.", f"{tensor.at}/data") from None


def _flat(data: list[Any], depth: int) -> list[Any] | None:
    if depth > 3 or not all(isinstance(own, list) for own in data):
        return None
    if data and data[0] and isinstance(data[0][0], list):
        inner = [_flat(own, depth + 1) for own in data]
        return None if any(own is None for own in inner) else [x for own in inner for x in own or ()]
    return [x for own in data for x in own]


def _require_within(tensor: Tensor, array: NDArray[Any]) -> None:
    """All numbers are finite and not too large; NaN may be among them where cells may be missing."""
    if tensor.kind.kind != "f" or surely_within(array):
        return
    with np.errstate(invalid="ignore"):
        small = np.abs(array) <= LARGEST
    if not (small | np.isnan(array) if tensor.holes else small).all():
        raise Problem(
            422, f"numbers of {tensor.name!r} must be finite and within {LARGEST:g}, but one is not.", tensor.at
        )


def _completed(served: Served, given: Feeds, head: Head) -> Feeds:
    """All inputs: what does not come is absent, or follows from what does."""
    for m, name in head.hidden.items():
        if given[name].any():
            raise Problem(422, f"{m!r} must come with its values where rows have it, but lacks them.", "/inputs")
    for name, here in head.unsaid.items():
        given[name] = np.array([here] * head.rows)
    for name, shape in head.zeros.items():
        given[name] = np.zeros(shape, dtype=served.inputs[name]["dtype"])
    if not any(head.unsaid.values()) and 0 in served.numbers(given):
        raise Problem(422, "a row must have at least one modality, but one has none.", "/inputs")
    return given
