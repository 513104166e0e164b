"""Fusion networks as numbers and a design: which class of `fuseworthy.nn`, of what size."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fuseworthy.errors import InputError, first_line

if TYPE_CHECKING:
    from fuseworthy.nn import Fusion

MOST_HEADER = 8 << 20
"""Bytes of a safetensors header."""
MOST_NETWORKS, MOST_INPUTS, MOST_WIDTH = 100, 50, 65_536


def design_of(module: Any) -> dict[str, Any]:
    """What is needed to make a network of the same shape.

    Raises
    ------
    InputError
        It is no network of `fuseworthy.nn`.

    Examples
    --------
    >>> from fuseworthy.nn import GatedFusion
    >>> design_of(GatedFusion(inputs={"a": 3, "b": 2}, outputs=2, width=8))
    {'kind': 'gated', 'inputs': {'a': 3, 'b': 2}, 'outputs': 2, 'width': 8}
    """
    from fuseworthy.nn import FUSIONS, Hybrid

    kinds: dict[type, str] = {own: name for name, own in FUSIONS.items()}
    if type(module) not in kinds and not isinstance(module, Hybrid):
        raise InputError(
            f"a network must be one of fuseworthy.nn to be kept, but {type(module).__name__} came: reading it back would "
            "run its code. Export it to ONNX by yourself, or deploy another strategy."
        )
    sizes = {"inputs": dict(module.sizes), "outputs": module.outputs, "width": module.width}
    if not isinstance(module, Hybrid):
        return {"kind": kinds[type(module)]} | sizes
    inner = {kinds[type(node.fusion)] for node in module.root.below.values()}
    (first,) = inner or {"gated"}
    return {
        "kind": "hybrid",
        "spec": _spec(module.root),
        "inner": first,
        "outer": kinds[type(module.root.fusion)],
    } | sizes


def networks_from(designs: Any, weights: bytes, name: str) -> list[Fusion]:
    """Networks of these designs with their weights.

    Raises
    ------
    InputError
        A design that is none, or weights that do not fit it, are not numbers, or say more than they are.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load

    if not isinstance(designs, list) or not 0 < len(designs) <= MOST_NETWORKS:
        raise InputError(f"{name} must hold up to {MOST_NETWORKS} designs of networks, but does not.")
    if len(weights) < 8 or struct.unpack("<Q", weights[:8])[0] > min(MOST_HEADER, len(weights)):
        raise InputError(f"{name} must be a whole safetensors file, but its header is longer than it may be.")
    try:
        tensors = load(weights)
    except (SafetensorError, ValueError, KeyError) as error:
        raise InputError(f"{name} must be a whole safetensors file, but is damaged: {first_line(error)}.") from error
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise InputError(f"{name} must hold numbers, but some weights are none.")
    found = []
    for i, design in enumerate(designs):
        own = {key.partition(".")[2]: value for key, value in tensors.items() if key.partition(".")[0] == str(i)}
        found.append(_network(design, own, len(weights), name))
    return found


def _network(design: Any, weights: Mapping[str, Any], most: int, name: str) -> Fusion:
    import torch

    try:
        with torch.device("meta"):  # shapes only: a design may say anything
            module = _made(design)
        shapes = {key: value.shape for key, value in module.state_dict().items()}
        if shapes != {key: value.shape for key, value in weights.items()}:
            raise InputError(f"{name} must hold the weights of its design, but their shapes differ.")
        module.load_state_dict(weights, assign=True)
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name} must hold the design of a network, but: {first_line(error)}.") from error
    return module.eval()


def _made(design: Mapping[str, Any]) -> Fusion:
    from fuseworthy.nn import FUSIONS, Hybrid

    if len(design["inputs"]) > MOST_INPUTS:
        raise ValueError(f"a network must have at most {MOST_INPUTS} inputs, but {len(design['inputs'])} came")
    sizes = {str(m): _whole(size) for m, size in design["inputs"].items()}
    shape: dict[str, Any] = {"inputs": sizes, "outputs": _whole(design["outputs"]), "width": _whole(design["width"])}
    if design["kind"] == "hybrid":
        return Hybrid(spec=design["spec"], inner=FUSIONS[design["inner"]], outer=FUSIONS[design["outer"]], **shape)
    return FUSIONS[design["kind"]](**shape)


def _whole(number: Any) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number <= MOST_WIDTH:
        raise ValueError(f"a size must be a whole number up to {MOST_WIDTH:,}, but {number!r} came")
    return number


def _spec(node: Any) -> dict[str, str | Sequence[str] | dict[str, Any]]:
    """The tree of a hybrid, as it was given."""
    below = {name: _spec(node.below[place]) for name, place in node.places.items() if place in node.below}
    return dict(node.leaves) | below
