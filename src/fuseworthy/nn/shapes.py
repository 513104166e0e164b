"""What must hold of a fusion's inputs. Only shapes are looked at, so every check survives tracing and vmap."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from torch import Tensor


def check_sizes(inputs: Mapping[str, int], outputs: int, width: int) -> None:
    """Raise ValueError unless a fusion can be built of these sizes."""
    if not inputs:
        raise ValueError("inputs must name at least one modality, but it is empty. Pass {name: number of features}.")
    for name, size in inputs.items():
        if size < 1:
            raise ValueError(f"every modality must have a feature, but {name!r} has {size}. Leave it out of inputs.")
    for what, size in (("outputs", outputs), ("width", width)):
        if size < 1:
            raise ValueError(f"{what} must be at least 1, but {size} was given. Pass {what}=1 or more.")


def check_heads(width: int, heads: int) -> None:
    """Raise ValueError unless the heads divide the width."""
    if width % heads:
        raise ValueError(
            f"width must be a multiple of heads, but width={width} and heads={heads}. Pass width={heads} or a multiple."
        )


def check_inputs(
    sizes: Mapping[str, int],
    inputs: Mapping[str, Tensor],
    present: Mapping[str, Tensor],
    mask: Mapping[str, Tensor],
    times: Mapping[str, Tensor],
) -> int:
    """Raise ValueError unless all shapes fit ``sizes``; return the number of rows."""
    for what, given in (("inputs", inputs), ("present", present), ("mask", mask), ("times", times)):
        for name in given:
            if name not in sizes:
                raise ValueError(_unknown(what, name, sizes))
    if not inputs:
        raise ValueError("inputs must hold at least one modality, but it is empty. Mark absent rows by present=.")
    first = next(iter(inputs))
    rows = inputs[first].shape[0]
    for name, value in inputs.items():
        if value.ndim not in (2, 3) or value.shape[-1] != sizes[name]:
            raise ValueError(
                f"modality {name!r} must be (n, {sizes[name]}) or (n, t, {sizes[name]}), but it is "
                f"{tuple(value.shape)}. Pass it so, or build the fusion with its number of features."
            )
        if value.shape[0] != rows:
            raise ValueError(
                f"all modalities must have the same rows, but {first!r} has {rows} and {name!r} has "
                f"{value.shape[0]}. Fill rows without it and mark them by present=."
            )
        steps = value.shape[1] if value.ndim == 3 else 1
        for what, given, shape in (("present", present, (rows,)), ("mask", mask, (rows, steps))):
            _check_shape(what, name, given, shape)
        _check_shape("times", name, times, (rows, steps))
    return rows


def _check_shape(what: str, name: str, given: Mapping[str, Tensor], shape: tuple[int, ...]) -> None:
    if name in given and given[name].shape != shape:
        raise ValueError(
            f"{what}[{name!r}] must have the shape {shape}, but it is {tuple(given[name].shape)}. "
            f"Give one entry a {'row' if what == 'present' else 'token'}."
        )


def _unknown(what: str, name: str, sizes: Mapping[str, int]) -> str:
    near = get_close_matches(name, sizes, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "Build the fusion with it, or leave it out."
    return f"{what} must hold only modalities of this fusion ({', '.join(sizes)}), but {name!r} came. {hint}"


def check_classes(what: str, outputs: int) -> None:
    """Raise ValueError unless there are classes to choose between."""
    if outputs < 2:
        raise ValueError(
            f"{what} must have at least 2 outputs, as it classifies, but outputs={outputs}. "
            f"Pass outputs=2 for two classes, or use another fusion for a regression."
        )
