"""Readable conditions on columns: what a slice is made of."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
MOST_LEVELS = 20


@dataclass(frozen=True)
class Condition:
    """One readable condition on a column, or two joined by "and"."""

    text: str
    columns: frozenset[str]
    mask: Mask


def conditions_of(name: str, values: NDArray[Any], *, levels: bool = False) -> list[Condition]:
    """Conditions on one column: each common value, or below and above quartiles; and missing.

    ``levels`` gives four ranges instead, which do not overlap.
    """
    if values.dtype.kind in "fiub" and len(np.unique(values[np.isfinite(values.astype(float))])) > 5:
        numbers = values.astype(float)
        cuts = np.unique(np.nanquantile(numbers, (0.25, 0.5, 0.75)))
        if levels:
            ranges = pairwise([-np.inf, *cuts.tolist(), np.inf])
            found = [(_range(name, low, high), (numbers > low) & (numbers <= high)) for low, high in ranges]
        else:
            found = [(f"{name} ≤ {cut:.4g}", numbers <= cut) for cut in cuts]
            found += [(f"{name} > {cut:.4g}", numbers > cut) for cut in cuts]
        missing = ~np.isfinite(numbers)
    else:
        texts = np.array([_text(v) for v in values.tolist()], dtype=object)
        known, counts = np.unique(texts.astype(str), return_counts=True)
        common = [known[i] for i in np.argsort(-counts, kind="stable")[:MOST_LEVELS] if known[i]]
        found = [(f"{name} = {level}", texts == level) for level in common]
        missing = texts == ""
    found.append((f"{name} is missing", missing))
    return [
        Condition(text, frozenset([name]), np.asarray(mask)) for text, mask in found if 0 < mask.sum() < len(values)
    ]


def _range(name: str, low: float, high: float) -> str:
    if np.isinf(low):
        return f"{name} ≤ {high:.4g}"
    return f"{name} > {low:.4g}" if np.isinf(high) else f"{low:.4g} < {name} ≤ {high:.4g}"


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
