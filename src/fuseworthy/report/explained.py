"""The shape of the explanation facts: headroom, value, slices, calibration, abstention, costs, checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fuseworthy.report.contract_shape import listed, shaped

INTERVAL = dict.fromkeys(("gain", "low", "high", "p"))
_SLICE = dict.fromkeys(("slice", "kind", "rows", "clusters", "gain", "low", "high", "outside"))
_CHANGE = {"miscalibration": INTERVAL, "discrimination": INTERVAL, "gain": None}
_CURVE = dict.fromkeys(("name", "role", "area", "overall")) | {
    "points": [dict.fromkeys(("coverage", "error"))],
    "abstain": dict.fromkeys(("threshold", "coverage", "kept_error", "error", "sureness")),
}
_COST = dict.fromkeys(
    ("name", "family", "modality", "loss", "gain", "low", "high", "predict_seconds", "fit_seconds", "parameters")
)

SHAPES: dict[str, Any] = {
    "encoders": [dict.fromkeys(("modality", "encoder", "single", "loss", "won", "gain", "low", "high"))],
    "headroom": {
        "rows": [dict.fromkeys(("name", "title", "loss", "gap", "gain", "low", "high"))],
        "interaction": INTERVAL | {"needed": None},
        "prices": [dict.fromkeys(("modality", "features", "price", "rough"))],
        "margin": None,
        "most": None,
        "unlikely": None,
        "sentence": None,
    },
    "attribution": {
        "rows": [
            {"modality": None, "alone": INTERVAL, "shapley": INTERVAL, "left_out": INTERVAL, "reliance": INTERVAL}
        ],
        "total": INTERVAL,
        "exact": None,
        "subsets": None,
        "interaction": {"task": INTERVAL, "model": INTERVAL},
        "sentence": None,
    },
    "weights": {
        "names": None,
        "rows": [{"modality": None, "shapley": INTERVAL, "shares": [dict.fromkeys(("name", "share"))]}],
        "sentence": None,
    },
    "dominance": {
        "joint": INTERVAL,
        "under_trained": None,
        "encoders": [dict.fromkeys(("modality", "inside", "alone", "ratio", "under_trained"))],
        "remedies": [dict.fromkeys(("name", "outcome", "recommended", "gain", "low", "high"))],
        "sentence": None,
    },
    "missing": {
        "fusion": None,
        "margin": None,
        "rows": None,
        "patterns": [
            dict.fromkeys(("pattern", "route", "single", "asked", "why", "observed", "rows", "basis"))
            | dict.fromkeys(("loss_single", "loss_fusion", "not_inferior"))
            | INTERVAL
            | {"routed": INTERVAL}
        ],
        "curves": [{"missing": None, "area": None, "rates": [dict.fromkeys(("rate", "single", "fusion")) | INTERVAL]}],
        "limits": [dict.fromkeys(("missing", "rate"))],
        "bursts": [dict.fromkeys(("modality", "rate", "length", "one_by_one", "in_runs"))],
        "mask_only": INTERVAL,
        "sentence": None,
    },
    "decomposition": {
        "estimable": None,
        "cells": None,
        "parts": [dict.fromkeys(("part", "title", "nats", "low", "high"))],
        "sentence": None,
    },
    "confidence_set": [dict.fromkeys(("name", "p", "inside"))],
    "rescue_by_modality": [dict.fromkeys(("modality", "against", "rescued", "harmed", "p_value"))],
    "slices": {"asked": [_SLICE], "found": [_SLICE], "suggested": [_SLICE], "tested": None, "sentence": None},
    "scales": {
        "rows": [dict.fromkeys(("modality", "name", "slope", "slope_low", "slope_high", "intercept"))],
        "comparable": None,
        "silent": None,
    },
    "pools": [
        dict.fromkeys(("name", "answer", "slope_before", "slope_after", "temperature"))
        | {"before": _CHANGE, "after": _CHANGE}
    ],
    "abstention": {"stated": None, "curves": [_CURVE]},
    "costs": {"rows": [_COST | {"pareto": None}], "extra": dict.fromkeys(("milliseconds", "fit_ratio", "parameters"))},
    "checks": [dict.fromkeys(("code", "title", "severity", "status", "sentence", "advice", "link"))],
}


def explanation(given: Mapping[str, Any]) -> dict[str, Any]:
    """The explanation facts with every key present; a part that was not measured is None or empty."""
    return {
        key: listed(shape[0], given.get(key))
        if isinstance(shape, list)
        else shaped(shape, given.get(key))
        if isinstance(given.get(key), Mapping)
        else None
        for key, shape in SHAPES.items()
    }
