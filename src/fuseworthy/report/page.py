"""The report page: one HTML file, no script, no request, readable in ten years."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fuseworthy.report import displays, reliability, scatter
from fuseworthy.report.axes import Axis, gain_axis
from fuseworthy.report.contract import Facts
from fuseworthy.report.numerals import finite
from fuseworthy.report.reading import Reading, read
from fuseworthy.report.rendering import html_environment

MOST_EXAMPLES = 12
WORTH = ("alone", "shapley", "left_out", "reliance")


def render_page(facts: Mapping[str, Any]) -> str:
    """Write the report page.

    Parameters
    ----------
    facts : Mapping
        The facts of a study.

    Returns
    -------
    str
        A whole HTML document that needs nothing outside itself.
    """
    reading = read(facts)
    return (
        html_environment().get_template("page.html.j2").render(reading=reading, most=MOST_EXAMPLES, **_plots(reading))
    )


def _plots(reading: Reading) -> Facts:
    facts, verdict = reading.facts, reading.facts["verdict"]
    singles = [row["metric"] for row in reading.singles]
    probabilities = facts["question"]["task"] != "regression"
    forest = _forest_axis(reading)
    checks = [*verdict["guard"], *verdict["controls"]]
    classes = (facts["rescue"] or {}).get("per_class") or []
    return {
        "displays": displays,
        "verdict_axis": gain_axis(_bounds([verdict])),
        "forest_axis": forest,
        "beyond": any(not forest.low <= bound <= forest.high for bound in _bounds(facts["strategies"])),
        "check_axis": gain_axis(_bounds([verdict]), _bounds(checks)),
        "score_axis": displays.score_axis(facts["question"]["metric"], singles),
        "curves": [
            (curve, reliability.reliability_display(curve, axis))
            for axis in [reliability.common_axis(facts["calibration"], probabilities)]
            for curve in facts["calibration"]
        ],
        "share_axis": Axis(0.0, 1.0),
        "scatter": scatter,
        "most_by_modality": max(
            (finite(m.get(k)) or 0.0 for m in facts["rescue_by_modality"] for k in ("rescued", "harmed")), default=1.0
        ),
        **_explanation_axes(facts),
        "most_changed": max((finite(c.get(k)) or 0.0 for c in classes for k in ("rescued", "harmed")), default=1.0),
    }


def _explanation_axes(facts: Facts) -> dict[str, Axis]:
    """One axis for each plot of the explanation."""
    probes = facts["headroom"] or {"rows": [], "interaction": {}}
    worth = [row[kind] for row in (facts["attribution"] or {"rows": []})["rows"] for kind in WORTH]
    slices = facts["slices"] or {"asked": [], "found": [], "suggested": []}
    verdict = facts["verdict"]
    return {
        "headroom_axis": gain_axis(_bounds([*probes["rows"], probes["interaction"], {"margin": verdict["margin"]}])),
        "value_axis": gain_axis(_bounds(worth)),
        "slice_axis": gain_axis(_bounds([row for key in ("asked", "found", "suggested") for row in slices[key]])),
        "label_axis": gain_axis(_bounds([*verdict["labels"], {"margin": verdict["margin"]}])),
    }


def _forest_axis(reading: Reading) -> Axis:
    """The best fusion and the verdict are surely on the axis; hopeless strategies may end in an arrow."""
    best = reading.named(reading.facts["best_fusion"])
    core = _bounds([reading.facts["verdict"], *([best] if best else [])])
    return gain_axis(core, _bounds(reading.facts["strategies"]))


def _bounds(rows: list[Facts]) -> list[float]:
    """All gains and interval ends of some rows, and both edges of the margin where they have one."""
    numbers = [(key, finite(row.get(key))) for row in rows for key in ("gain", "low", "high", "margin")]
    known = [(key, number) for key, number in numbers if number is not None]
    return [number for _, number in known] + [-number for key, number in known if key == "margin"]
