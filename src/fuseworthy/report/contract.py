"""The shape of the facts: every key a template may read, with the value it has when nothing is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fuseworthy.errors import FuseworthyError
from fuseworthy.report.explained import explanation
from fuseworthy.report.inert import inert

Facts = dict[str, Any]


def _unknown(names: str) -> Facts:
    return dict.fromkeys(names.split())


_WHOLE = _unknown("version best_single best_fusion deploy harm_case why_tried")
_LINES = ("notices", "history")
_PARTS = {
    "question": _unknown(
        "source target task classes rows clusters group time loss metric margin confidence folds repeats fold_kind "
        "seed data_hash fold_hash command"
    ),
    "verdict": _unknown("outcome sentence gain low high margin se rows_needed rows_unit guard_p would_change")
    | {"reasons": [], "flags": []},
}
_OPTIONAL = {
    "rescue": _unknown("against fusion kind both_right rescued harmed both_wrong p_value rescue_rate harm_rate"),
    "headline": _unknown("metric single fusion gain low high"),
}
_ROWS = {
    "modalities": _unknown("name kind reason rows_present share_present") | {"columns": []},
    "patterns": _unknown("pattern rows share"),
    "left_out": _unknown("column reason"),
    "strategies": _unknown(
        "name title family modality rank loss metric gain low high slope slope_low slope_high slope_before loss_before "
        "fit_seconds predict_seconds parameters"
    ),
    "calibration": _unknown("name role slope slope_low slope_high intercept") | {"bins": []},
    "labels": _unknown("label rows rate outcome reason gain low high p_holm best_single best_fusion"),
    "guard": _unknown("modality gain low high p"),
    "controls": _unknown("name title gain low high holds"),
    "per_class": _unknown("class rows rescued harmed"),
    "examples": _unknown("row truth single fusion") | {"inputs": {}},
}


def _filled(empty: Facts, given: object) -> Facts:
    known = given if isinstance(given, Mapping) else {}
    return {**empty, **{key: item for key, item in known.items() if item is not None}}


def _rows(kind: str, given: object) -> list[Facts]:
    return [_filled(_ROWS[kind], row) for row in given if isinstance(row, Mapping)] if isinstance(given, list) else []


def _optional(kind: str, given: object) -> Facts | None:
    return _filled(_OPTIONAL[kind], given) if isinstance(given, Mapping) else None


def complete(facts: Mapping[str, Any]) -> Facts:
    """Copy the facts with inert strings and with every key of the contract present.

    Parameters
    ----------
    facts : Mapping
        The facts of a study; keys may be missing or None.

    Returns
    -------
    dict
        Missing values are None, missing lists are empty.

    Raises
    ------
    FuseworthyError
        The facts are not a mapping with a verdict.
    """
    if not isinstance(facts, Mapping) or not isinstance(facts.get("verdict"), Mapping):
        raise FuseworthyError("facts must be a mapping with a 'verdict', but there is none. Pass the facts of a study.")
    given = inert(facts)
    whole = _filled(_WHOLE, given)
    whole |= {key: _filled(empty, given.get(key)) for key, empty in _PARTS.items()}
    whole |= {key: given.get(key) or [] for key in _LINES}
    for key in ("modalities", "patterns", "left_out", "strategies", "calibration"):
        whole[key] = _rows(key, given.get(key))
    verdict = whole["verdict"]
    verdict["headline"] = _optional("headline", verdict.get("headline"))
    verdict |= {key: _rows(key, verdict.get(key)) for key in ("guard", "controls", "labels")}
    rescue = whole["rescue"] = _optional("rescue", given.get("rescue"))
    if rescue is not None:
        rescue["per_class"] = _rows("per_class", rescue.get("per_class"))
    whole |= explanation(given)
    cases = given.get("examples") or {}
    whole["examples"] = {key: _rows("examples", cases.get(key)) for key in ("rescued", "harmed")}
    return whole
