"""Where networks look: the share of gates or attention that each modality gets, beside what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def weight_facts(
    shares: Mapping[str, Mapping[str, float]], attribution: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Share of weight of each modality in each network, with its Shapley value where that was measured.

    Weights are no values: a network can look at what it does not use, and a modality can be used through others
    (Jain & Wallace 2019). So both stand side by side.

    Parameters
    ----------
    shares : network -> modality -> share, mean over folds
    attribution : facts of `fuseworthy.evidence.attribution`, or None

    Returns
    -------
    dict, or None where no network has weights
    """
    if not shares:
        return None
    values = {row["modality"]: row["shapley"] for row in (attribution or {"rows": []})["rows"]}
    names = list(shares)
    modalities = sorted({m for own in shares.values() for m in own})
    rows = [
        {
            "modality": m,
            "shapley": values.get(m),
            "shares": [{"name": name, "share": shares[name].get(m)} for name in names],
        }
        for m in modalities
    ]
    return {"names": names, "rows": rows, "sentence": _sentence(shares, values)}


def _sentence(shares: Mapping[str, Mapping[str, float]], values: Mapping[str, Mapping[str, Any]]) -> str:
    text = "Weight is where a network looks; it is not what a modality is worth."
    if not values:
        return text
    worth = max(values, key=lambda m: values[m]["gain"])
    others = [name for name, own in shares.items() if max(own, key=lambda m: own[m]) != worth]
    if not others:
        return f"{text} Here both agree: {worth} is worth most and gets the largest share."
    return f"{text} Here {worth} is worth most, but {' and '.join(others)} {'looks' if len(others) == 1 else 'look'} more at another modality."
