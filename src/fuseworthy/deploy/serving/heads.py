"""What a request of the Open Inference Protocol says of its tensors: names, types, shapes, and which outputs it asks for.

A client says the same of every request that brings as many rows, so heads whose tensors follow as bytes are remembered.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from fuseworthy.deploy.serving.plain import MOST_ROWS
from fuseworthy.deploy.serving.problem import Problem, came, pointer
from fuseworthy.deploy.serving.reading import read_json
from fuseworthy.deploy.serving.served import Served
from fuseworthy.inputs.limits import MOST_TOKENS

DATATYPES = {
    "BOOL": np.dtype(bool),
    "FP32": np.dtype(np.float32),
    "FP64": np.dtype(np.float64),
    "INT64": np.dtype(np.int64),
}
MOST_REMEMBERED, LONGEST_REMEMBERED = 64, 4096
"""Heads of a graph, and bytes of one."""


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor that comes.

    Parameters
    ----------
    name : the graph's input
    kind, wanted : type in which it comes, and that of the input
    shape : of whole numbers; the first is that of rows
    holes : whether NaN, or null, may be in it for a cell that is missing
    data : its numbers where they come in JSON; None where they follow as bytes
    at : JSON pointer to it
    """

    name: str
    kind: np.dtype[Any]
    wanted: np.dtype[Any]
    shape: tuple[int, ...]
    holes: bool
    data: list[Any] | None
    at: str

    @property
    def count(self) -> int:
        """Numbers in it."""
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Head:
    """What a request says.

    Parameters
    ----------
    rows : their number
    tensors : those that come
    unsaid : inputs that say which rows have a modality, where the request leaves them out, and what follows for all rows
    zeros : inputs that do not come, with the shapes that they are filled up with
    hidden : modality -> input that says which rows have it, where it must say none as nothing else of it comes
    outputs : those asked for, and whether as bytes
    id : what the response repeats
    """

    rows: int
    tensors: tuple[Tensor, ...]
    unsaid: Mapping[str, bool]
    zeros: Mapping[str, tuple[int, ...]]
    hidden: Mapping[str, str]
    outputs: Mapping[str, bool]
    id: str | None


_REMEMBERED: WeakKeyDictionary[Served, dict[bytes, Head]] = WeakKeyDictionary()


def head_of(served: Served, content: bytes) -> Head:
    """A request's head from its JSON; see `read_head`."""
    if len(content) > LONGEST_REMEMBERED:
        return read_head(served, read_json(content))
    known = _REMEMBERED.setdefault(served, {})
    found = known.get(content)
    if found is None:
        found = read_head(served, read_json(content))
        if all(own.data is None for own in found.tensors):
            if len(known) == MOST_REMEMBERED:
                known.clear()
            known[content] = found
    return found


def read_head(served: Served, request: Any) -> Head:
    """A request's head.

    A modality whose values do not come is absent; one whose values come is present unless ``MODALITY:present`` says
    otherwise, row by row.

    Raises
    ------
    Problem
        422, with a pointer to the place.
    """
    if not isinstance(request, dict) or not isinstance(request.get("inputs"), list) or not request["inputs"]:
        raise Problem(422, "a request must have inputs, but has none.", "/inputs")
    tensors: dict[str, Tensor] = {}
    for i, given in enumerate(request["inputs"]):
        own = _tensor(served, given, pointer("inputs", i))
        if own.name in tensors:
            raise Problem(422, f"an input must come once, but {own.name!r} came twice.", own.at)
        tensors[own.name] = own
    counts = {own.shape[0] for own in tensors.values()}
    if len(counts) != 1:
        raise Problem(422, f"inputs must have the same number of rows, but have {sorted(counts)}.", "/inputs")
    rows = counts.pop()
    absent = {m for m in served.present if _is_absent(served, m, tensors)}
    zeros = {
        own["name"]: (rows, *(size if isinstance(size, int) else 2 for size in own["shape"][1:]))
        for m in sorted(absent)
        for own in served.values[m]
    }
    shapes = zeros | {name: own.shape for name, own in tensors.items()}
    for values in served.values.values():
        _require_one_length(values, shapes)
    said = request.get("id")
    return Head(
        rows,
        tuple(tensors.values()),
        {name: m not in absent for m, name in served.present.items() if name not in tensors},
        zeros,
        {m: name for m, name in served.present.items() if m in absent and name in tensors},
        _outputs(served, request),
        said[:200] if isinstance(said, str) else None,
    )


def _tensor(served: Served, tensor: Any, at: str) -> Tensor:
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
    shape = _shape(tensor.get("shape"), own["shape"], at)
    size, data = _parameters(tensor).get("binary_data_size"), tensor.get("data")
    if size is None and not isinstance(data, list):
        raise Problem(422, "data must be a list, but is not.", f"{at}/data")
    if size is not None and (type(size) is not int or size != math.prod(shape) * kind.itemsize):
        raise Problem(422, "binary_data_size must be that of shape and datatype, but is not.", at)
    return Tensor(tensor["name"], kind, wanted, shape, own["view"] == "cells", data if size is None else None, at)


def _shape(shape: Any, wanted: list[Any], at: str) -> tuple[int, ...]:
    sound = isinstance(shape, list) and len(shape) == len(wanted) and all(type(size) is int for size in shape)
    if not sound or not 1 <= shape[0] <= MOST_ROWS:
        raise Problem(
            422,
            f"shape must have {len(wanted)} sizes, of 1 to {MOST_ROWS} rows, but {came(shape)} came.",
            f"{at}/shape",
        )
    for size, own in zip(shape[1:], wanted[1:], strict=True):
        if (isinstance(own, int) and size != own) or not 1 <= size <= max(
            MOST_TOKENS, own if isinstance(own, int) else 0
        ):
            said = ", ".join(map(str, wanted))
            raise Problem(422, f"shape must be [{said}] for n rows, but {shape} came.", f"{at}/shape")
    return tuple(shape)


def _is_absent(served: Served, m: str, tensors: Mapping[str, Tensor]) -> bool:
    """Whether nothing of a modality comes; it must come with all of its values, or with none."""
    lacking = [own["name"] for own in served.values[m] if own["name"] not in tensors]
    if 0 < len(lacking) < len(served.values[m]):
        raise Problem(422, f"{m!r} must come with all of its inputs, but lacks {lacking[0]!r}.", "/inputs")
    return bool(lacking)


def _require_one_length(inputs: list[Mapping[str, Any]], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Values, mask and times of a view have as many steps, and two at least."""
    steps: dict[str, dict[str, int]] = {}
    for own in inputs:
        if len(own["shape"]) > 1 and isinstance(own["shape"][1], str):
            steps.setdefault(own["shape"][1], {})[own["name"]] = shapes[own["name"]][1]
    for lengths in steps.values():
        if len(set(lengths.values())) > 1 or min(lengths.values()) < 2:
            raise Problem(
                422,
                f"{' and '.join(lengths)} must have as many steps, and two at least (pad and mask them), but have "
                f"{', '.join(map(str, lengths.values()))}.",
                "/inputs",
            )


def _outputs(served: Served, request: Mapping[str, Any]) -> dict[str, bool]:
    outputs, binary = request.get("outputs"), bool(_parameters(request).get("binary_data_output", False))
    if outputs is None or outputs == []:
        return dict.fromkeys(served.outputs, binary)
    if not isinstance(outputs, list) or not all(isinstance(own, dict) for own in outputs):
        raise Problem(422, "outputs must be a list of objects with names, but is not.", "/outputs")
    names = [str(own.get("name")) for own in outputs]
    if strange := [name for name in names if name not in served.outputs]:
        raise Problem(
            422, f"an output must be one of {', '.join(served.outputs)}, but {strange[0][:80]!r} came.", "/outputs"
        )
    return {name: bool(_parameters(own).get("binary_data", binary)) for name, own in zip(names, outputs, strict=True)}


def _parameters(data: Mapping[str, Any]) -> Mapping[str, Any]:
    found = data.get("parameters")
    return found if isinstance(found, dict) else {}
